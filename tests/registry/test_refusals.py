"""What a command cannot start with is said in one sentence, with exit code 2 and no traceback."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

NOBODY_LISTENS = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.mark.parametrize(
    ("command", "variables", "said"),
    [
        (["assess", "--all"], {"DATABASE_URL": NOBODY_LISTENS}, "Set DATABASE_URL"),
        (["serve"], {"DATABASE_URL": NOBODY_LISTENS}, "Set DATABASE_URL"),
        (["report"], {"EMAIL_PORT": "abc"}, "EMAIL_PORT must be a whole number"),
        (["send_due"], {"VAR_FOLDER": "/proc/nope"}, "VAR_FOLDER"),
    ],
)
def test_a_command_says_what_to_set(command, variables, said):
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_database_asks_for_its_tables(tmp_path):
    from registry.refusals import NO_TABLES

    done = subprocess.run(
        [sys.executable, "manage.py", "assess", "--all"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "VAR_FOLDER": str(tmp_path / "var"), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, NO_TABLES in done.stderr) == (2, True)
