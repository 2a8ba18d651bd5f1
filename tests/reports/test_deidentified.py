"""What is handed out for research: an attacker who knows age, sex, hospital, year and operation finds nobody."""

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import observations, synthesis
from cases.derived import completed_years
from reports import deidentified
from reports.deidentified import (
    ANY,
    MERGED,
    QUASI,
    RARE,
    STEPS,
    UNKNOWN,
    K,
    age_band,
    center_names,
    pseudonym,
)

CATEGORIES = ("growth_pattern", "margin", "material", "grade")


def registry(seed, size, centers):
    """Rows of a made-up registry, as `research.rows` reads them."""
    chance = random.Random(seed)
    found = []
    for number, document in enumerate(synthesis.documents(size, seed=seed, until=date(2026, 1, 1))):
        seen = observations.row(document, case_id=number, center_id=1, source="synthetic")
        if not seen["in_main_curve"]:
            continue
        born = document.patient.born_on
        found.append(
            {
                "patient": str(number),
                "center": f"C{min(int(chance.expovariate(0.4)), centers - 1):02}",
                "age_band": age_band(completed_years(born.imputed(), seen["origin_on"]) if born else None),
                "sex": seen["sex"] or UNKNOWN,
                "year": str(seen["origin_on"].year),
                "procedure": f"{seen['resection_type'] or UNKNOWN} + {seen['ivc_method'] or UNKNOWN}",
                **{name: seen[name] or None for name in CATEGORIES},
            }
        )
    return found


def covers(shown, known):
    """Whether a published row can be the patient of whom somebody knows this, whatever steps it went through."""
    for name in QUASI:
        told, wanted = {known[name]}, shown[name]
        for column, _, coarser in STEPS:
            if column == name:
                told |= {coarser(value) for value in told}
        if name == "center":
            told.add(MERGED)
        if wanted not in told:
            return False
    return True


def singled_out(known, shown):
    """Among how few published rows the attacker looks for the patient who is easiest to find."""
    here = {row["patient"] for row in shown}
    return min(
        (sum(covers(row, one) for row in shown) for one in known if one["patient"] in here), default=K
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("size", "centers"), [(40, 2), (150, 5), (600, 12)])
def test_in_every_registry_each_patient_is_among_five(seed, size, centers):
    known = registry(seed, size, centers)

    found = deidentified.deidentified(known, categories=CATEGORIES)

    assert len(found.rows) + found.dropped == len(known)
    assert not found.rows or deidentified.smallest_group(found.rows) >= K
    assert singled_out(known, found.rows) >= K


def test_the_attacker_finds_patients_where_nothing_is_generalized():
    """The control."""
    known = registry(1, 150, 5)

    assert singled_out(known, known) == 1
    assert deidentified.smallest_group(known) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "age_band": st.sampled_from(["20-24", "55-59", "60-64", "90+", UNKNOWN]),
                "sex": st.sampled_from(["female", "male"]),
                "center": st.sampled_from(["C01", "C02", "C03", "C04"]),
                "year": st.sampled_from(["1999", "2010", "2014", "2015"]),
                "procedure": st.sampled_from(["circumferential + tube_graft", "circumferential + patch", "none + a"]),
                "margin": st.sampled_from(["R0", "R1", "RX", None]),
            }
        ),
        max_size=60,
    ),
    st.integers(2, 7),
)  # fmt: skip
def test_whatever_the_rows_no_group_and_no_category_is_smaller_than_k(rows, k):
    given_rows = [{**row, "patient": str(number)} for number, row in enumerate(rows)]

    found = deidentified.deidentified(given_rows, categories=["margin"], k=k)

    assert not found.rows or deidentified.smallest_group(found.rows) >= k
    assert len(found.rows) + found.dropped == len(rows)
    counts = [
        sum(row["margin"] == code for row in found.rows)
        for code in {r["margin"] for r in found.rows} - {None}
    ]
    recorded = sum(row["margin"] is not None for row in found.rows)
    assert all(n >= min(k, recorded) for n in counts)
    assert given_rows == [{**row, "patient": str(number)} for number, row in enumerate(rows)], "inputs stay"


def test_the_center_goes_before_anything_else_and_a_large_group_stays_as_it_is():
    alike = {
        "age_band": "55-59",
        "sex": "female",
        "year": "2015",
        "procedure": "circumferential + tube_graft",
    }
    rows = [{**alike, "center": "C01"} for _ in range(5)]
    rows += [{**alike, "center": center} for center in ("C02", "C02", "C03", "C03", "C04")]

    found = deidentified.deidentified(rows, categories=())

    assert [row["center"] for row in found.rows] == ["C01"] * 5 + [MERGED] * 5
    assert [touched for _, touched in found.steps] == [5, 0, 0, 0, 0, 0, 0]
    assert found.dropped == 0


def test_with_two_centers_no_center_is_told():
    alike = {"age_band": "55-59", "sex": "female", "year": "2015", "procedure": "none + unknown"}
    rows = [{**alike, "center": f"C0{number % 2}"} for number in range(20)]

    assert {row["center"] for row in deidentified.deidentified(rows, categories=()).rows} == {MERGED}


def test_whom_nobody_is_like_is_dropped_after_every_step():
    alike = {"age_band": "55-59", "sex": "female", "center": "C01", "year": "2015", "procedure": "a + b"}
    odd = {**alike, "sex": "male"}

    found = deidentified.deidentified([*[dict(alike) for _ in range(6)], odd], categories=())

    assert (len(found.rows), found.dropped) == (6, 1)
    assert [touched for _, touched in found.steps] == [1] * len(STEPS)


def test_rare_categories_are_merged_until_they_are_not_rare():
    rows = [
        {"age_band": ANY, "sex": "female", "center": MERGED, "year": ANY, "procedure": ANY, "margin": code}
        for code, n in (("R0", 20), ("R1", 7), ("R2", 2), ("RX", 1), (None, 3))
        for _ in range(n)
    ]

    shown = [row["margin"] for row in deidentified.deidentified(rows, categories=["margin"]).rows]

    assert {code: shown.count(code) for code in set(shown)} == {"R0": 20, RARE: 10, None: 3}


@pytest.mark.parametrize(
    ("years", "told"),
    [(0, "0-4"), (59, "55-59"), (60, "60-64"), (89, "85-89"), (90, "90+"), (99, "90+"), (None, UNKNOWN)],
)
def test_ages_are_bands(years, told):
    assert age_band(years) == told


def test_two_exports_share_no_pseudonym():
    ids = [f"P{number:08}" for number in range(500)]
    one, other = ([pseudonym(key, name) for name in ids] for key in (b"one key", b"another"))

    assert len(set(one)) == len(set(other)) == 500
    assert not set(one) & set(other)
    assert all(len(name) == 16 for name in one)


def test_names_of_centers_say_nothing_of_their_order():
    codes = [f"CENTER{number}" for number in range(9)]
    named = [center_names(bytes([key]), codes) for key in range(40)]

    assert all(sorted(names.values()) == [f"C{n:02}" for n in range(1, 10)] for names in named)
    assert len({names["CENTER0"] for names in named}) > 4
