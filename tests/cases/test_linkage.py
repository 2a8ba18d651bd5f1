"""A register of deaths is asked: who goes out is noted one by one, what comes back is news, and refused by the line."""

import csv
import errno
import stat
from datetime import date

import pyrage
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from pyrage import x25519

from cases import intake, linkage
from cases.document import load
from cases.intake import Submission
from cases.models import Case
from registry import access
from registry.models import Reading
from tests.cases.examples import resected
from tests.cases.linkage import AGREED, ANNA, agreeing, identified

LEARNED = date(2026, 11, 20)
EWA = {"family_name": "Nowak", "given_name": "Ewa", "born_on": "1960-05-01"}
DEAD = {"died_on": "2017-01", "cause_category": "disease"}


@pytest.fixture
def anna(vault, north, alice):
    return identified(north, alice, "N-1", **ANNA)


def take_in(by, *rows):
    lines = ["pseudonym,died_on", *(f"{name},{day}" for name, day in rows)]
    return list(linkage.take_in(lines, learned_on=LEARNED, by=by))


def document(case):
    with access.everywhere():
        return load([case.pk])[0].document


# --- out -------------------------------------------------------------------------------------------------------------


def test_those_go_out_who_agreed_and_are_not_known_dead(anna, north, south, alice, bob, dana):
    ewa = identified(south, bob, "S-1", **EWA)
    identified(north, alice, "N-2", {"death": DEAD}, national_number="12345678")
    visit = {"visit_on": "2016-05-01", "vital_status": "dead"}
    identified(north, alice, "N-3", {"follow_ups": [visit]}, national_number="22345678")
    ended = identified(north, alice, "N-4", national_number="32345678")
    with access.scope([north.pk]):
        smaller = resected("N-4", consent={**AGREED, "scopes": ["registry"]})
        intake.save_case(Submission(document=smaller), center=north, by=alice, source="admin", reason="form")
    agreeing(north, alice, "N-5")

    rows = linkage.take_out(purpose="deaths until 2026, national register", by=dana)

    assert [row["pseudonym"] for row in rows] == [anna.patient.registry_id, ewa.patient.registry_id]
    assert {**ANNA, "pseudonym": anna.patient.registry_id} == rows[0]
    assert rows[1]["national_number"] == rows[1]["country"] == ""
    with access.everywhere():
        noted = Reading.objects.filter(what="identity").order_by("id")
        assert [(row.case_id, row.by, row.note) for row in noted] == [
            (case.pk, dana, "deaths until 2026, national register") for case in (anna, ewa)
        ]
        assert Case.objects.filter(pk=ended.pk).exists()


@pytest.mark.parametrize("who", ["alice", "lena", "rita", "ada", "otto"])
def test_nobody_but_the_data_manager_takes_them_out_or_in(anna, who, request):
    by = request.getfixturevalue(who)

    with pytest.raises(PermissionDenied):
        linkage.take_out(purpose="x", by=by)
    with pytest.raises(PermissionDenied):
        take_in(by, (anna.patient.registry_id, "2020"))


def test_one_that_does_not_open_stops_all_and_leaves_no_reading(anna, south, bob, dana, vault):
    vault.VAULT_KEYS = {"2027a": b"b" * 32}
    identified(south, bob, "S-1", **EWA)

    with pytest.raises(ValidationError, match=f"case #{anna.pk} does not open; nothing was taken out"):
        linkage.take_out(purpose="x", by=dana)

    with access.everywhere():
        assert not Reading.objects.filter(what="identity").exists()


def test_the_file_is_closed_to_others_or_to_all_but_the_register(anna, dana, tmp_path, capsys):
    secret, told = x25519.Identity.generate(), {"by": "dana", "purpose": "deaths"}
    plain, closed = tmp_path / "plain.csv", tmp_path / "closed.age"

    call_command("linkage", "export", out=plain, **told)
    call_command("linkage", "export", out=closed, key=str(secret.to_public()), **told)

    assert "1 patients; each reading is in the audit trail." in capsys.readouterr().out
    assert {stat.S_IMODE(path.stat().st_mode) for path in (plain, closed)} == {0o600}
    (row,) = csv.DictReader(plain.read_text().splitlines())
    assert row == {"pseudonym": anna.patient.registry_id, **ANNA}
    assert pyrage.decrypt(closed.read_bytes(), [secret]) == plain.read_bytes()
    assert "Wiśniewska".encode() not in closed.read_bytes()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"by": "nobody"}, "There is no account nobody"),
        ({"by": "alice"}, "You may not link patients"),
        ({"purpose": " "}, "Say what for"),
        ({"key": "age1x"}, "public key of age"),
    ],
)
def test_what_cannot_be_leaves_no_file(anna, alice, dana, tmp_path, given, told):
    out = tmp_path / "out.csv"

    with pytest.raises(CommandError, match=told) as refused:
        call_command("linkage", "export", **{"by": "dana", "purpose": "deaths", "out": out, **given})

    assert refused.value.returncode == 2
    assert not out.exists()


def test_no_file_is_written_over(anna, dana, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("mine")

    with pytest.raises(CommandError, match="File exists"):
        call_command("linkage", "export", by="dana", purpose="deaths", out=out)

    assert out.read_text() == "mine"


# --- back ------------------------------------------------------------------------------------------------------------


def test_a_death_comes_in_as_news_by_linkage(anna, dana):
    (line,) = take_in(dana, (anna.patient.registry_id, "2021-06-03"))

    assert (line.number, line.verdict, line.reasons) == (2, "recorded", [])
    found = document(anna)
    assert (str(found.death.died_on), found.death.source) == ("2021-06-03", "linkage")
    visit = found.follow_ups[-1]
    assert (str(visit.visit_on), visit.vital_status, visit.contact_type) == (
        "2026-11-20", "dead", "registry_linkage",
    )  # fmt: skip
    with access.everywhere():
        event = Case.pgh_event_model.objects.filter(pgh_obj=anna.pk).order_by("-pgh_id").first()
    assert (event.pgh_context["door"], event.pgh_context["user"]) == ("command", dana.pk)
    assert [one.verdict for one in take_in(dana, (anna.patient.registry_id, "2021-06-03"))] == ["known"]


def test_what_cannot_be_is_refused_by_the_line_and_the_others_come_in(anna, north, alice, dana):
    died = identified(north, alice, "N-2", {"death": DEAD}, national_number="12345678")
    locked = identified(north, alice, "N-3", national_number="22345678")
    silent = agreeing(north, alice, "N-4", consent={**AGREED, "scopes": ["registry"]})
    with access.everywhere():
        Case.objects.filter(pk=locked.pk).update(status="locked")
    name = {case: case.patient.registry_id for case in (anna, died, locked, silent)}
    others = [died, locked, silent]
    before = [document(case) for case in others]

    lines = take_in(
        dana,
        ("ABCDEFGH0", "2020"),
        (name[died], "2018-05"),
        (name[locked], "2020"),
        (name[silent], "2020"),
        (name[anna], "yesterday"),
        (name[anna], "2014-01-01"),
        (name[anna], "2027-01-01"),
        (name[anna], "2021"),
    )

    assert [line.verdict for line in lines] == ["refused"] * 7 + ["recorded"]
    assert all(line.reasons for line in lines[:7])
    assert "has a death form already" in lines[1].reasons[0]
    assert "does not cover linkage" in lines[3].reasons[0]
    assert [document(case) for case in others] == before
    assert str(document(anna).death.died_on) == "2021"


def test_other_columns_are_refused_before_anything_is_done(anna, dana):
    with pytest.raises(ValidationError, match="pseudonym,died_on"):
        list(linkage.take_in(["name,died_on", "x,2020"], learned_on=LEARNED, by=dana))


def test_the_command_tells_refused_lines_by_number_and_no_value(anna, dana, tmp_path, capsys):
    file = tmp_path / "back.csv"
    file.write_text(f"pseudonym,died_on\n{anna.patient.registry_id},2021\nABCDEFGH0,1999\n")

    with pytest.raises(SystemExit) as ended:
        call_command("linkage", "import", str(file), by="dana", learned_on=LEARNED)

    out = capsys.readouterr().out
    assert ended.value.code == 1
    assert "line 3: This is no pseudonym of the registry.\n1 recorded, 0 known, 1 refused" in out
    assert "ABCDEFGH0" not in out


def test_lines_are_counted_as_an_editor_counts_them(anna, dana, tmp_path, capsys):
    file = tmp_path / "back.csv"
    file.write_text(f"pseudonym,died_on\n\n{anna.patient.registry_id},2021\n\nABCDEFGH0,1999\n")

    with pytest.raises(SystemExit):
        call_command("linkage", "import", str(file), by="dana", learned_on=LEARNED)

    assert "line 5: This is no pseudonym" in capsys.readouterr().out


def test_a_file_in_another_encoding_is_refused_in_a_sentence(anna, dana, tmp_path):
    file = tmp_path / "back.csv"
    file.write_bytes("pseudonym,died_on\nпомер,2020\n".encode("cp1251"))

    with pytest.raises(CommandError, match="CSV in UTF-8") as refused:
        call_command("linkage", "import", str(file), by="dana", learned_on=LEARNED)

    assert refused.value.returncode == 2


def test_a_disk_that_is_full_leaves_no_file(anna, dana, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("csv.DictWriter.writeheader", full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("linkage", "export", by="dana", purpose="deaths", out=out)

    assert not out.exists()
