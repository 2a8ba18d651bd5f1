"""Settings: every variable is documented, and what is malformed stops the start and names itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from registry import environment

ROOT = Path(settings.BASE_DIR)
INTERNAL = {"REGISTRY_PROCESS"}  # set by the programs themselves


def test_the_example_lists_the_variables_that_are_read_and_no_others():
    source = (ROOT / "registry/settings.py").read_text()
    read = set(re.findall(r'environment\.\w+\(\s*"(\w+)"', source))
    listed = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read - INTERNAL == listed


# compose.yaml gives only the migrations the owner's login; folders are volumes; nobody debugs in public.
NOT_PASSED_ON = {"DATABASE_OWNER_URL", "VAR_FOLDER", "MAIL_FOLDER", "DEBUG"}


@pytest.mark.parametrize("name", ["web", "worker", "sender", "scheduler", "migrate"])
def test_containers_are_given_every_variable(name):
    listed = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"][name]

    given = set(service["environment"])
    assert given == listed - NOT_PASSED_ON | ({"DATABASE_OWNER_URL"} if name == "migrate" else set())


def test_what_must_outlive_containers_lies_in_volumes():
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())
    ours = [one for one in found["services"].values() if one.get("image") == "ivc-registry"]
    kept = {
        place
        for service in ours
        for volume, place in (one.split(":") for one in service["volumes"])
        if volume in found["volumes"]
    }

    assert str(Path(found["services"]["web"]["environment"]["ERASURE_LOG"]).parent) in kept
    assert "var/kept" in (ROOT / "Dockerfile").read_text(), "made by the image, for its own user"


def start(tmp_path, **variables):
    """Import the settings in a process of their own, as production does."""
    code = "import django, json; django.setup(); from django.conf import settings as s; print(s.SECRET_KEY)"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "", "DJANGO_SETTINGS_MODULE": "registry.settings", "VAR_FOLDER": str(tmp_path)}
        | variables,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("EMAIL_PORT", "smtp"),
        ("EMAIL_PORT", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("PUBLIC_URL", "registry.example.org"),
        ("DATABASE_URL", "127.0.0.1"),
        ("REGISTRY_PROCESS", "robot"),
        ("SECRET_KEY_FILE", "/nowhere"),
        ("SECURITY_CONTACT", "security@example.org"),
        ("ADMIN_PATH", "/work/"),
        ("ADMIN_PATH", "api/"),
        ("OIDC_ISSUER", "http://idp.example.org"),
        ("OIDC_SIGN_ALGO", "HS256"),
    ],
)
def test_a_malformed_variable_stops_the_start_and_names_itself(tmp_path, name, value):
    result = start(tmp_path, **{name: value})

    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert name in result.stderr


def test_a_secret_is_made_once_and_kept_from_others(tmp_path):
    first, second = start(tmp_path), start(tmp_path)

    assert len(first.stdout.strip()) > 50
    assert first.stdout == second.stdout
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_a_secret_of_the_environment_wins(tmp_path):
    assert start(tmp_path, SECRET_KEY="given").stdout.strip() == "given"


def test_a_value_may_stand_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))

    assert environment.text("SOME_SECRET") == "from the file"


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text('# comment\nFIRST=file\nSECOND="quoted"\n')
    monkeypatch.setenv("FIRST", "environment")
    monkeypatch.setenv("SECOND", "")
    monkeypatch.delenv("SECOND")

    environment.load(tmp_path / ".env")

    assert (environment.text("FIRST"), environment.text("SECOND")) == ("environment", "quoted")


@pytest.mark.parametrize("value", ["-1", "1.5", "٣", "1e3"])
def test_numbers_are_plain_digits(monkeypatch, value):
    monkeypatch.setenv("SOME_NUMBER", value)

    with pytest.raises(ImproperlyConfigured, match="SOME_NUMBER"):
        environment.number("SOME_NUMBER", 1)
