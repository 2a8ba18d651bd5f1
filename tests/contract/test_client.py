"""A Python client made from the description by a public generator: add, read, change, meet a conflict, for real."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cases import document
from tests.cases.examples import resected
from tests.clients import issue

PACKAGE = "ivc_registry_client"
SETTINGS = f"package_name_override: {PACKAGE}\npost_hooks: []\n"
GENERATOR = Path(sys.executable).with_name("openapi-python-client")


@pytest.fixture(scope="session")
def generated(described, tmp_path_factory):
    """The client as a center would make it; what it says of the description goes with it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(described), encoding="utf-8")
    (folder / "settings.yml").write_text(SETTINGS, encoding="utf-8")
    options = ("--path", "openapi.json", "--output-path", "made", "--config", "settings.yml")
    made = subprocess.run(
        [GENERATOR, "generate", *options], cwd=folder, capture_output=True, text=True, check=True
    )
    sys.path.insert(0, str(folder / "made"))
    yield made.stdout
    sys.path.remove(str(folder / "made"))


@pytest.fixture
def client(generated, live_server, transactional_db, north, alice):
    _, key = issue(north, alice)
    with part("client").AuthenticatedClient(base_url=live_server.url, token=key) as client:
        yield client


def part(name):
    return importlib.import_module(f"{PACKAGE}.{name}")


def ask(client, operation, *args, **named):
    return part(f"api.{operation}").sync_detailed(*args, client=client, **named)


def test_the_generator_understands_every_operation(generated, described):
    assert "Endpoint will not be generated" not in generated
    assert "Unable to" not in generated


def test_a_round_trip(client):
    CaseDocument = part("models.case_document").CaseDocument
    sent = document.dump(resected("A-1"))

    added = ask(client, "cases.add_case", body=CaseDocument.from_dict(sent))
    number = added.parsed.record.id
    read = ask(client, "cases.read_case", number)
    changed = CaseDocument.from_dict({**read.parsed.document.to_dict(), "note": "reread"})
    version = read.headers["ETag"]
    corrected = ask(client, "cases.correct_case", number, body=changed, if_match=version)
    late = ask(client, "cases.correct_case", number, body=CaseDocument.from_dict(sent), if_match=version)
    other = ask(client, "cases.add_case", body=CaseDocument.from_dict({**sent, "note": "other"}))

    assert [one.status_code for one in (added, read, corrected, late, other)] == [201, 200, 200, 412, 409]
    assert read.parsed.document.to_dict() == sent
    assert corrected.parsed.document.note == "reread"
    assert corrected.parsed.record.version == 2
    assert (late.parsed.status, late.headers["ETag"]) == (412, '"2"')
    assert "PUT" in other.parsed.detail


def test_errors_come_with_their_place(client):
    wrong = part("models.case_document").CaseDocument.from_dict({"case_number": "A-1"})
    wrong.presentation = part("models.form_presentation").FormPresentation(height_cm=400)

    refused = ask(client, "cases.add_case", body=wrong)

    assert [(error.pointer, error.code) for error in refused.parsed.errors] == [
        ("/presentation/height_cm", "out_of_range")
    ]


def test_a_plan_is_judged(client):
    plan = part("models.plan_document").PlanDocument.from_dict({"tumor": {"segments": ["retrohepatic"]}})

    judged = ask(client, "algorithm.judge_plan", body=plan)

    liver = next(topic for topic in judged.parsed.topics if topic.topic == "liver")
    assert [one.rule for one in liver.expectations] == ["S-06", "S-07"]
