"""`manage.py survival`: the JSON contract, the table, and files that cannot be right."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.reports import r_reference

ROOT = Path(__file__).parents[2]
FOLDER = r_reference.FOLDER / "survival-3.8-6"


def ask(file, *options, time="time", event="status"):
    out, err = StringIO(), StringIO()
    call_command("survival", str(file), "--time", time, "--event", event, *options, stdout=out, stderr=err)
    ask.notes = err.getvalue()
    return out.getvalue()


def ask_json(file, *options, **columns):
    return json.loads(ask(file, "--json", *options, **columns))


@pytest.fixture
def write(tmp_path):
    def write_rows(text, encoding="utf-8"):
        path = tmp_path / "patients.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write_rows


# --- what it says -----------------------------------------------------------------------------------------------


def test_command_line_needs_no_database():
    environment = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"}
    command = [sys.executable, "manage.py", "survival", FOLDER / "ovarian.input.csv"]

    done = subprocess.run(
        [*command, "--time", "time", "--event", "status", "--group", "rx", "--json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    said = json.loads(done.stdout)
    reference = r_reference.load("ovarian", "rx")
    assert (said["n"], said["events"]) == (26, 12)
    assert said["log_rank"]["chi2"] == pytest.approx(reference.results["logrank"]["chisq"], rel=1e-12)


def test_command_line_exits_2_on_a_bad_file():
    done = subprocess.run(
        [sys.executable, "manage.py", "survival", FOLDER / "ovarian.input.csv", "--time", "days", "--event", "status"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert 'no column "days"' in done.stderr
    assert "Traceback" not in done.stderr


def test_json_has_every_figure_of_r():
    said = ask_json(
        FOLDER / "bmt_cr.input.csv", "--group", "group", "--strata", "z10", "--cause-codes", "1,2",
        "--at", "365.25", "3000", "--tau", "730.5", "--conditional", "100:365.25", event="cause",
    )  # fmt: skip

    r = r_reference.load("bmt_cr", "group")
    one = said["groups"][0]
    first = r.km["group"] == "1"
    assert [group["group"] for group in said["groups"]] == ["1", "2", "3"]
    assert (one["n"], one["events"]) == (38, 24)
    for name, theirs in (
        ("time", "time"),
        ("n_risk", "n_risk"),
        ("survival", "surv"),
        ("lower", "lower_loglog"),
    ):
        assert one["curve"][name] == pytest.approx(r.km[theirs][first].tolist(), rel=1e-12)
    at = r.results["at"]["log-log"]
    assert one["at"][0]["survival"] == pytest.approx(at["surv"][0][at["times"].index(365.25)], rel=1e-12)
    assert one["at"][1] == {
        "time": 3000, "n_risk": 0, "survival": None, "std_err": None, "lower": None, "upper": None
    }  # fmt: skip
    assert one["rmst"][0]["value"] == pytest.approx(r.results["rmst"][0]["rmst"][0], rel=1e-12)
    assert [q["p"] for q in one["quantiles"]] == [0.25, 0.5, 0.75]
    assert one["quantiles"][2]["value"] is None
    assert one["follow_up"]["median"] == r.results["reverse_km_median"]["value"][0]
    assert one["conditional"][0]["s"] == 100
    second_cause = said["groups"][2]["cumulative_incidence"][1]
    theirs = (r.cif["group"] == "3") & (r.cif["cause"] == 2)
    assert second_cause["estimate"] == pytest.approx(r.cif["cif"][theirs].tolist(), rel=1e-12)
    assert second_cause["std_err"] == pytest.approx(r.cif["std_err"][theirs].tolist(), rel=1e-12)
    assert [gray["chi2"] for gray in said["gray"]] == pytest.approx(
        r.results["gray_stratified"]["chisq"], rel=1e-12
    )
    assert said["log_rank"]["df"] == 2


def test_without_groups_there_is_one_named_all_and_no_test():
    said = ask_json(FOLDER / "veteran.input.csv")

    assert [group["group"] for group in said["groups"]] == ["all"]
    assert "log_rank" not in said
    assert "cumulative_incidence" not in said["groups"][0]
    assert set(said["groups"][0]["curve"]) == {
        "time", "n_risk", "n_event", "n_censor", "survival", "std_err", "lower", "upper"
    }  # fmt: skip


def test_strata_change_the_test_and_not_the_curves():
    plain = ask_json(FOLDER / "veteran.input.csv", "--group", "trt")
    stratified = ask_json(FOLDER / "veteran.input.csv", "--group", "trt", "--strata", "celltype")

    r = r_reference.load("veteran", "trt")
    assert stratified["groups"] == plain["groups"]
    assert plain["log_rank"]["chi2"] == pytest.approx(r.results["logrank"]["chisq"], rel=1e-12)
    assert stratified["log_rank"]["chi2"] == pytest.approx(
        r.results["logrank_stratified"]["chisq"], rel=1e-12
    )


def test_groups_of_numbers_are_in_order_of_size(write):
    said = ask_json(write("time,status,stage\n1,1,10\n2,0,9\n3,1,2\n"), "--group", "stage")

    assert [group["group"] for group in said["groups"]] == ["2", "9", "10"]


def test_late_entries(write):
    said = ask_json(
        write("time,status,entry\n5,1,0\n9,2,5\n12,0,3\n"), "--entry", "entry", "--cause-codes", "1,2"
    )

    assert said["groups"][0]["curve"]["time"] == [5, 9, 12]
    assert said["groups"][0]["curve"]["n_risk"] == [2, 2, 1]


def test_gray_is_not_estimable_with_late_entries(write):
    rows = "time,status,entry,arm\n5,1,0,a\n9,2,5,b\n12,0,3,a\n"

    said = ask_json(write(rows), "--entry", "entry", "--cause-codes", "1,2", "--group", "arm")

    assert said["gray"][0] == {"cause": 1, "chi2": None, "df": None, "p": None}


def test_early_collapse_with_late_entries_is_said(write):
    ask(write("time,status,entry\n5,1,0\n9,1,6\n"), "--entry", "entry")

    assert "survival stays 0" in ask.notes


@pytest.mark.parametrize(
    "text",
    ["\ufefftime,status\n5,1\n7,0\n", "time,status\r\n5,1\r\n7,0\r\n\r\n", ' time , "status"\n 5 ,1\n7, 0'],
)
def test_files_as_spreadsheets_write_them(write, text):
    assert ask_json(write(text.replace(' "status"', "status")))["n"] == 2


def test_table_shows_numbers_at_risk_and_a_dash_where_nothing_is_estimable():
    said = ask(FOLDER / "ovarian.input.csv", "--group", "rx", "--at", "0", "365.25", "5000")

    lines = said.splitlines()
    assert "26 patients, 12 events" in lines[0]
    assert lines[3].split()[:3] == ["time", "at", "risk"]
    assert lines[5].split() == ["365.25", "8", "0", "5", "0.615", "0.308", "to", "0.818"]
    assert lines[6].split() == ["5000", "0", "6", "7", "–", "–"]
    assert "Log-rank: chi-square 1.06, 1 df, p = 0.303" in said


def test_table_finds_round_times_of_its_own(write):
    said = ask(write("time,status\n0,1\n0,0\n"))

    assert "median" in said
    assert "1000" in ask(FOLDER / "ovarian.input.csv")


# --- what it refuses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("time,state\n5,1\n", (), 'no column "status"'),
        ("time,status,status\n5,1,1\n", (), 'Column "status" appears 2 times'),
        ("", (), 'no column "time"'),
        ("time,status\n", (), "no rows"),
        ("time,status\n5,1\n,0\n", (), 'Row 2 (line 3), column "time": the cell is empty'),
        ("time,status\n5,1\n7\n", (), "Row 2 (line 3) has 1 cells"),
        ("time,status\n5,1\n-7,0\n", (), 'Row 2 (line 3), column "time": is negative'),
        ("time,status\nNA,1\n", (), 'column "time": is not a number'),
        ("time,status\nnan,1\n", (), 'column "time": is not a number'),
        ("time,status\n1e999,1\n", (), 'column "time": is not a number'),
        ("time,status\n1_0,1\n", (), 'column "time": is not a number'),
        ("time,status\n٣,1\n", (), 'column "time": is not a number'),
        ('time,status\n"5,1\n', (), "not valid CSV"),
        ("time,status\n5,2\n", (), 'Row 1 (line 2), column "status": is not 0 (censored) or 1'),
        ("time,status\n5,3\n", ("--cause-codes", "1,2"), "is not 0 (censored) or 1, 2"),
        ("time,status\n5,0.5\n", (), 'column "status": is not 0 (censored) or 1'),
        ("time,status,g\n5,1,\n", ("--group", "g"), 'column "g": the cell is empty'),
        ("time,status,g\n5,1,\n", ("--strata", "g"), 'column "g": the cell is empty'),
        (
            "time,status,in\n5,1,2\n5,1,5\n",
            ("--entry", "in"),
            'Row 2 (line 3), column "in": is not before time',
        ),
        ("time,status,in\n5,1,-2\n", ("--entry", "in"), 'column "in": is negative'),
        ("time,status,in\n5,1,\n", ("--entry", "in"), 'column "in": the cell is empty'),
    ],
)
def test_file_that_cannot_be_right_is_refused(write, text, options, said):
    with pytest.raises(CommandError) as refusal:
        ask(write(text), *options)

    assert said in str(refusal.value)
    assert refusal.value.returncode == 2


def test_file_that_is_not_there_or_not_text_is_refused(tmp_path, write):
    for path, said in (
        (tmp_path / "none.csv", "cannot be read"),
        (tmp_path, "cannot be read"),
        (write("time,status\n5,é\n", encoding="latin-1"), "not UTF-8"),
    ):
        with pytest.raises(CommandError, match=said) as refusal:
            ask(path)
        assert refusal.value.returncode == 2


def test_refusal_never_repeats_the_cell(write):
    with pytest.raises(CommandError) as refusal:
        ask(write("time,status\nKowalska 1961,1\n"))

    assert "Kowalska" not in str(refusal.value)


@pytest.mark.parametrize(
    "options",
    [
        ("--at", "-1"), ("--at", "soon"), ("--level", "95"), ("--quantiles", "1"), ("--tau", "inf"),
        ("--conditional", "5"), ("--conditional", "9:5"), ("--cause-codes", "0,1"), ("--cause-codes", "1,1"),
        ("--conf-type", "wald"),
    ],
)  # fmt: skip
def test_option_out_of_range_is_refused(options):
    with pytest.raises(CommandError, match="argument"):
        ask(FOLDER / "ovarian.input.csv", *options)
