"""Exported counts add up to the pooled analysis, to the last bit, and only where they answer one question."""

import json
from dataclasses import replace
from datetime import date
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from cases.models import SurvivalObservation
from registry import access
from reports import cohorts, lifetable_file, survival
from reports.cohorts import Cut
from reports.endpoints import ENDPOINTS
from reports.lifetable import LifeTable, LifeTableError
from reports.lifetable_file import LifeTableFile
from tests.reports.cohort import add_case
from tests.reports.r_reference import columns

AS_OF = date(2026, 11, 22)


def a_file(table, *centers, **changes):
    asked = {
        "endpoint": "graft_patency",
        "definition": ENDPOINTS["graft_patency"].digest,
        "stratum": "margin",
    }
    return LifeTableFile(
        **{**asked, "source": "clinical", "era": "", "as_of": AS_OF, **changes},
        centers=centers,
        groups=lifetable_file.counts_of(table),
    )


def same(one, other):
    """Whether two tables are equal in every cell, and so is all that is estimated from them."""
    names = ("offsets", "time", "events", "censored", "entered")
    assert one.groups == other.groups
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for estimate in (survival.kaplan_meier, survival.cumulative_incidence):
        for name in ("estimate", "std_err", "lower", "upper"):
            np.testing.assert_array_equal(getattr(estimate(one), name), getattr(estimate(other), name))


PATIENT = st.tuples(st.integers(0, 400), st.integers(0, 2), st.sampled_from(["R0", "R1", ""]))


@given(st.lists(st.lists(PATIENT, min_size=1, max_size=30), min_size=1, max_size=4), st.randoms())
def test_the_sum_of_files_is_the_pooled_table(sites, random):
    def table(patients):
        days, event, group = zip(*patients, strict=True)
        return LifeTable.from_arrays(days, event, group=group, causes=2)

    files = [a_file(table(patients), f"C{i}") for i, patients in enumerate(sites)]
    random.shuffle(files)
    written = [lifetable_file.from_json(lifetable_file.to_json(file)) for file in files]

    merged = lifetable_file.merge(written)

    same(lifetable_file.life_table(merged), table([one for patients in sites for one in patients]))
    assert merged.centers == tuple(sorted(f"C{i}" for i in range(len(sites))))


def test_late_entries_travel():
    whole = LifeTable.from_arrays([5, 9, 9, 12], [1, 0, 1, 1], entry=[np.nan, 3, np.nan, 4])
    parts = (
        LifeTable.from_arrays([5, 9], [1, 0], entry=[np.nan, 3]),
        LifeTable.from_arrays([9, 12], [1, 1], entry=[np.nan, 4]),
    )

    merged = lifetable_file.merge([a_file(part, f"C{i}") for i, part in enumerate(parts)])

    same(lifetable_file.life_table(merged), whole)


def test_a_place_without_patients_adds_nothing():
    nobody, whole = a_file(LifeTable.from_arrays([], []), "A"), a_file(ONE, "B")

    assert lifetable_file.merge([nobody, whole]) == replace(whole, centers=("A", "B"))
    assert lifetable_file.life_table(lifetable_file.merge([nobody])).size.sum() == 0


ONE = LifeTable.from_arrays([10, 20], [1, 2], causes=2)


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "local_recurrence"},
        {"definition": "0" * 64},
        {"stratum": ""},
        {"source": "synthetic"},
        {"era": "2010s"},
        {"as_of": date(2026, 1, 1)},
        {"grid_days": 7},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_different_questions_are_refused(changes):
    with pytest.raises(ValueError, match=f"different {next(iter(changes))}"):
        lifetable_file.merge([a_file(ONE, "A"), a_file(ONE, "B", **changes)])


def test_no_center_twice():
    with pytest.raises(ValueError, match="several files hold A"):
        lifetable_file.merge([a_file(ONE, "A"), a_file(ONE, "A", "B")])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "the file"),
        ("[]", "the file"),
        (lifetable_file.to_json(a_file(ONE, "A")).replace('"1.1"', '"2.0"'), "schema_version"),
        (lifetable_file.to_json(a_file(ONE, "A")).replace('"as_of"', '"cut"'), "as_of"),
    ],
)
def test_another_file_is_refused_with_its_place(text, place):
    with pytest.raises(ValueError, match=place):
        lifetable_file.from_json(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"censored": (-1, 0)},
        {"events": ((1, 0),) * 3},
        {"events": ((1,), (1,))},
        {"censored": (1,)},
        {"entered": (9, 9)},
    ],
)
def test_impossible_counts_are_refused(changes):
    whole = a_file(LifeTable.from_arrays([10, 20, 10], [1, 2, 1], group=list("aab"), causes=2), "A")
    broken = replace(whole, groups=(replace(whole.groups[0], **changes), *whole.groups[1:]))

    with pytest.raises(LifeTableError):
        lifetable_file.life_table(broken)


# --- changed files, and weeks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"), [('"censored":', '"censored" :'), ("20\n", "21\n"), ('"A"', '"B"'), ('"margin"', '"sex"')]
)
def test_a_file_that_was_changed_is_refused(old, new):
    text = lifetable_file.to_json(a_file(ONE, "A"))
    assert old in text
    changed = text.replace(old, new, 1)

    if json.loads(changed) == json.loads(text):
        assert lifetable_file.from_json(changed) == lifetable_file.from_json(text), "spaces say nothing"
        return
    with pytest.raises(ValueError, match="changed after it was written"):
        lifetable_file.from_json(changed)


LATE = st.tuples(st.integers(1, 400), st.integers(0, 2), st.sampled_from("ab"), st.integers(0, 399))


@given(st.lists(LATE, min_size=1, max_size=40))
def test_weeks_hold_the_same_patients(patients):
    days, event, group, entry = (np.array(column) for column in zip(*patients, strict=True))
    entry = np.where(entry < days, entry.astype(float), np.nan)
    table = LifeTable.from_arrays(days, event, group=group, entry=entry, causes=2)

    found = lifetable_file.weekly(table)

    as_if = LifeTable.from_arrays(
        np.ceil(days / 7) * 7, event, group=group, entry=np.floor(entry / 7) * 7, causes=2
    )
    same(found, as_if)
    assert set(found.time % 7) == {0}
    same(lifetable_file.weekly(found), found)


def test_weeks_move_survival_little():
    """Of `lung` (227 patients, 164 deaths): 0.0014 at most, as in the design's measurement."""
    patients = columns("lung")
    table = LifeTable.from_arrays(patients["time"], patients["status"])

    ends = np.arange(0, 1022, 7)
    exact, coarse = (
        survival.kaplan_meier(one).at(ends).estimate[0] for one in (table, lifetable_file.weekly(table))
    )

    known = ~np.isnan(exact)
    assert 0 < np.abs(exact - coarse)[known].max() < 0.0025


# --- the command -------------------------------------------------------------------------------------------------


def run(*arguments):
    out = StringIO()
    call_command("lifetable", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def centers(north, south):
    with access.everywhere():
        for i in range(24):
            case = add_case((north, south)[i % 2], i, days=50 * i, died=i % 3 == 0, margin=("R0", "R1")[i % 5 % 2],
                            ivc_method="tube_graft")  # fmt: skip
            found = {"graft_occlusion_days": 20 * i} if i % 4 == 1 else {}
            SurvivalObservation.objects.filter(pk=case.pk).update(days_from_diagnosis=i % 6, **found)
    return north, south


@pytest.mark.django_db
@pytest.mark.parametrize("endpoint", ["overall_survival", "overall_survival_from_diagnosis", "graft_patency"])
def test_files_of_centers_add_up_to_the_registry(centers, tmp_path, endpoint):
    asked = ("--endpoint", endpoint, "--stratum", "margin", "--as-of", AS_OF, "--least", 1)
    files = []
    for center in centers:
        files.append(tmp_path / f"{center.code}.json")
        files[-1].write_text(run("export", "--center", center.code, *asked))

    merged = run("merge", *files)

    assert merged == run("export", *asked)
    with access.everywhere():
        pooled = cohorts.life_table(Cut(as_of=AS_OF), endpoint=ENDPOINTS[endpoint], stratum="margin")
    same(lifetable_file.life_table(lifetable_file.from_json(merged)), pooled)
    summary = json.loads(run("merge", "--estimate", *files))
    assert (summary["n"], summary["events"]) == (int(pooled.size.sum()), int(pooled.failed.sum()))
    assert [group["group"] for group in summary["groups"]] == ["R0", "R1"]


@pytest.mark.django_db
def test_the_file_holds_counts_and_what_they_are_of(centers):
    file = json.loads(run("export", "--as-of", AS_OF, "--stratum", "center"))

    assert file.pop("groups")[0]["group"] == "NORTH"
    assert len(file.pop("digest")) == 64
    assert file == {
        "schema_version": "1.1",
        "endpoint": "overall_survival",
        "definition": ENDPOINTS["overall_survival"].digest,
        "stratum": "center",
        "source": "clinical",
        "era": "",
        "as_of": "2026-11-22",
        "grid_days": 1,
        "least_patients": 5,
        "centers": ["NORTH", "SOUTH"],
    }


@pytest.mark.django_db
def test_weeks_of_centers_add_up_to_those_of_the_registry(centers, tmp_path):
    asked = ("--weekly", "--stratum", "margin", "--as-of", AS_OF, "--least", 1)
    files = [tmp_path / f"{center.code}.json" for center in centers]
    for center, path in zip(centers, files, strict=True):
        path.write_text(run("export", "--center", center.code, *asked))

    merged = run("merge", *files)

    assert merged == run("export", *asked)
    assert {day % 7 for group in json.loads(merged)["groups"] for day in group["time_days"]} == {0}


@pytest.mark.django_db
def test_it_says_what_the_file_tells(centers):
    err = StringIO()
    call_command(
        "lifetable", "export", "--stratum", "margin", "--as-of", str(AS_OF), stdout=StringIO(), stderr=err
    )

    said = " ".join(err.getvalue().split())
    assert "of 24 patients of 2 centers in 2 groups by margin, on which day" in said
    assert "24 of 24 counts are of one patient" in said
    assert "The smallest group has 10 patients." in said


@pytest.mark.django_db
def test_a_small_group_is_not_exported(centers):
    asked = ("export", "--stratum", "margin", "--as-of", AS_OF)
    with pytest.raises(CommandError, match="fewer than 11 patients in R1") as caught:
        run(*asked, "--least", "11")
    assert caught.value.returncode == 2
    assert json.loads(run(*asked, "--least", "10"))["least_patients"] == 10


@pytest.mark.django_db
def test_what_cannot_be_used_ends_with_2(centers, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    for arguments, said in (
        (("export", "--center", "NOWHERE"), "no center NOWHERE"),
        (("merge", broken), "broken.json: endpoint"),
        (("merge", tmp_path / "missing.json"), "cannot be read"),
    ):
        with pytest.raises(CommandError, match=said) as caught:
            run(*arguments)
        assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="decade as 2010s"):
        run("export", "--era", "2010")
    with pytest.raises(CommandError, match="data cut lies in the future"):
        run("export", "--as-of", "2999-12-31")
