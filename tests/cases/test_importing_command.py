"""`manage.py import_cases` and its template: what a person at the shell sees, and the exit codes scripts rely on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from cases import flat
from cases.models import Case
from registry import access
from tests.cases.examples import resected
from tests.cases.files import flattened, table

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path):
    """Write a file: `file(content)`."""

    def write(content, name="cases.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def cases():
    with access.everywhere():
        return Case.objects.count()


@pytest.mark.django_db
def test_good_rows_end_with_a_count(file, north, capsys):
    call_command("import_cases", file(flattened([resected("A-1")])), center="NORTH")

    assert capsys.readouterr().out.splitlines()[-1] == "1 row: 1 new, 0 changed, 0 unchanged, 0 rejected."
    assert cases() == 1


@pytest.mark.django_db
def test_rejected_rows_end_with_one(file, north, capsys):
    content = table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "x"))

    with pytest.raises(CommandError) as ended:
        call_command("import_cases", file(content), center="NORTH")

    assert ended.value.returncode == 1
    assert str(ended.value) == "1 row was rejected. The others are saved."
    assert (
        "rejected: row 3, column patient.sex: Sex (patient.sex) must be one of: female"
        in capsys.readouterr().out
    )


@pytest.mark.django_db
def test_all_or_nothing_ends_with_one_and_saves_nothing(file, north):
    content = table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "x"))

    with pytest.raises(CommandError) as ended:
        call_command("import_cases", file(content), center="NORTH", atomic=True)

    assert ended.value.returncode == 1
    assert str(ended.value) == "1 row was rejected. Nothing was saved."
    assert cases() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", {}, "The file is empty"),
        (b"case_number,x\nA-1,\n", {}, "'x' is not a column"),
        (
            b"case_number\nA-1\n",
            {"center": "EAST"},
            "There is no center with the code EAST. The registry has: NORTH",
        ),
        (b"case_number\nA-1\n", {"by": "zoe"}, "There is no person with the user name zoe"),
        (b"case_number\nA-1\n", {"by": "ines"}, "You may not import cases in this center"),
        (b"case_number\nA-1\n", {"center": None}, "no column 'center'"),
    ],
)
def test_what_cannot_be_used_ends_with_two_and_changes_nothing(
    file, north, south, ines, content, options, said
):
    with pytest.raises(CommandError) as ended:
        call_command("import_cases", file(content), **{"center": "NORTH", **options})

    assert ended.value.returncode == 2
    assert said in str(ended.value)
    assert cases() == 0


def test_a_file_that_is_not_there_ends_with_two(tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file") as ended:
        call_command("import_cases", str(tmp_path / "none.csv"), center="NORTH")

    assert ended.value.returncode == 2


@pytest.mark.django_db
def test_the_answer_is_told_as_json(file, north, capsys):
    content = table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "x"))

    with pytest.raises(CommandError):
        call_command("import_cases", file(content), center="NORTH", json=True)

    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"] == {"new": 1, "changed": 0, "unchanged": 0, "rejected": 1}
    assert answer["verdicts"][1]["row"] == 3
    (problem,) = answer["verdicts"][1]["problems"]
    assert (problem["column"], problem["code"], problem["severity"]) == (
        "patient.sex",
        "unknown_code",
        "error",
    )


@pytest.mark.django_db
def test_a_dry_run_shows_old_and_new(file, north, capsys):
    call_command("import_cases", file(flattened([resected("A-1")])), center="NORTH")

    changed = table(("case_number", "operations.1.approach"), ("A-1", "median_laparotomy|sternotomy"))
    call_command("import_cases", file(changed), center="NORTH", dry_run=True)

    told = capsys.readouterr().out
    assert "change: row 2, column operations.1.approach: chevron -> median_laparotomy|sternotomy" in told
    assert told.splitlines()[-1].endswith("0 rejected. Nothing was saved.")


def test_without_a_database_the_command_names_the_setting(file):
    nowhere = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "import_cases", file(b"case_number\nA-1\n"), "--center", "NORTH"]

    ended = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True)

    assert ended.returncode == 2
    assert "DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["cases.xlsx", "cases.csv"])
def test_the_template_is_written_and_is_an_import_file(tmp_path, name):
    call_command("import_template", str(tmp_path / name))

    assert flat.read((tmp_path / name).read_bytes()).total == 0


def test_a_template_never_takes_the_place_of_a_file(tmp_path):
    mine = tmp_path / "cases.csv"
    mine.write_text("case_number\nA-1\n")

    with pytest.raises(CommandError, match="is there already, and stays as it is") as ended:
        call_command("import_template", str(mine))

    assert ended.value.returncode == 2
    assert mine.read_text() == "case_number\nA-1\n"


def test_a_template_of_another_kind_ends_with_two(tmp_path):
    with pytest.raises(CommandError, match=r"must end in \.xlsx or \.csv") as ended:
        call_command("import_template", str(tmp_path / "cases.ods"))

    assert ended.value.returncode == 2
