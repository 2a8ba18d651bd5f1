"""Two versions of a case against the one that both began with: nothing is decided silently, nothing is lost."""

import copy
import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import telling
from cases.document import dump, parse
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.merging import compare
from cases.models import Patient
from tests.cases import random_documents
from tests.cases.examples import draft, resected

VISITS = [{"visit_on": f"20{year}-05", "vital_status": "alive", "ecog": 0} for year in range(16, 20)]


def visits(*rows):
    return draft(follow_ups=list(rows))


def merged(base, theirs, mine, **choices):
    return parse(compare(base, theirs, mine).merged(choices))


def the_only_difference(base, theirs, mine):
    (difference,) = compare(base, theirs, mine).differences
    return difference


# --- answers -------------------------------------------------------------------------------------------------------


def test_equal_versions_differ_in_nothing():
    assert compare(draft(), resected(), resected()).differences == []


def test_what_only_i_changed_is_preselected_as_mine():
    base, mine = resected(), resected(operation={"blood_loss_ml": 450})

    difference = the_only_difference(base, base, mine)

    assert (difference.place, difference.label) == ("Operation 1", "Blood loss")
    assert (difference.base, difference.theirs, difference.mine) == (("300 mL",), ("300 mL",), ("450 mL",))
    assert difference.preselected == "mine"
    assert merged(base, base, mine) == mine


def test_what_only_they_changed_is_preselected_as_theirs():
    base, theirs = resected(), resected(operation={"blood_loss_ml": 450})

    assert the_only_difference(base, theirs, base).preselected == "theirs"
    assert merged(base, theirs, base) == theirs


def test_what_both_changed_must_be_chosen():
    base, theirs, mine = (
        draft(patient={"sex": "female", "born_on": born}) for born in ("1960", "1961", "1962")
    )

    comparison = compare(base, theirs, mine)

    assert [one.label for one in comparison.conflicts] == ["Born"]
    assert comparison.undecided({}) == comparison.conflicts
    assert comparison.undecided({"patient-born_on": "theirs"}) == []
    assert comparison.undecided({"patient-born_on": "both"}) == comparison.conflicts
    assert merged(base, theirs, mine, **{"patient-born_on": "theirs"}) == theirs
    assert merged(base, theirs, mine, **{"patient-born_on": "mine"}) == mine


def test_both_gave_the_same_answer():
    assert compare(draft(), draft(note="same"), draft(note="same")).differences == []


def test_a_reason_for_absence_belongs_to_its_answer():
    base = draft(discharge={"icu_days": 2})
    theirs, mine = draft(discharge={"icu_days": 3}), draft(discharge={"missing": {"icu_days": "NK"}})

    difference = the_only_difference(base, theirs, mine)

    assert difference.mine == ("no answer: Not known after enquiry",)
    assert merged(base, theirs, mine, **{difference.key: "mine"}) == mine
    assert merged(base, theirs, mine, **{difference.key: "theirs"}) == theirs


def test_answers_are_told_as_people_read_them():
    base = draft()
    mine = draft(
        note="seen",
        tumor={"segments": ["interrenal", "infrarenal"], "metastasis_at_diagnosis": False},
        presentation={"height_cm": 170.5},
    )

    told = {(one.place, one.label): one.mine for one in compare(base, base, mine).differences}

    assert told == {
        ("Case", "Note"): ("seen",),
        ("Presentation and comorbidity", "Height"): ("170.5 cm",),
        ("Tumor and stage", "Segments involved"): ("Infrarenal, Interrenal",),
        ("Tumor and stage", "Metastasis at diagnosis"): ("No",),
    }
    assert {one.base for one in compare(base, base, mine).differences} == {("no answer",)}


def test_without_a_base_every_difference_is_a_choice():
    theirs, mine = visits(VISITS[0], VISITS[1]), visits({**VISITS[0], "ecog": 2}, VISITS[2], VISITS[3])

    comparison = compare(None, theirs, mine)

    assert {(one.preselected, one.base) for one in comparison.differences} == {(None, ())}
    assert not any("Removed" in one.mine + one.theirs for one in comparison.differences)
    assert all_of("mine", comparison) == mine
    assert all_of("theirs", comparison) == theirs


# --- rows ----------------------------------------------------------------------------------------------------------


def test_rows_that_both_added_are_both_kept():
    base, theirs, mine = visits(VISITS[0]), visits(VISITS[0], VISITS[1]), visits(VISITS[0], VISITS[2])

    comparison = compare(base, theirs, mine)

    assert [(one.place, one.is_row, one.preselected) for one in comparison.differences] == [
        ("Follow-up visit 2", True, "theirs"),
        ("Follow-up visit 2", True, "mine"),
    ]
    assert comparison.differences[1].mine == (
        "Visit: 2018-05",
        "Vital status: Alive",
        "ECOG performance status: 0",
    )
    assert comparison.differences[1].theirs == ("Not there",)
    assert merged(base, theirs, mine) == visits(*VISITS[:3])


def test_a_row_that_both_added_alike_is_one_row():
    assert compare(visits(), visits(VISITS[0]), visits(VISITS[0])).differences == []


def test_a_row_that_one_removed_and_nobody_changed_goes():
    base = visits(*VISITS[:2])

    difference = the_only_difference(base, base, visits(VISITS[1]))

    assert (difference.preselected, difference.mine) == ("mine", ("Removed",))
    assert merged(base, base, visits(VISITS[1])) == visits(VISITS[1])
    assert merged(base, visits(VISITS[1]), base) == visits(VISITS[1])


def test_a_row_that_one_removed_and_the_other_changed_is_a_choice():
    base, theirs, mine = visits(*VISITS[:2]), visits(VISITS[0], {**VISITS[1], "ecog": 2}), visits(VISITS[0])

    difference = the_only_difference(base, theirs, mine)

    assert (difference.preselected, difference.mine) == (None, ("Removed",))
    assert merged(base, theirs, mine, **{difference.key: "theirs"}) == theirs
    assert merged(base, theirs, mine, **{difference.key: "mine"}) == mine


def test_rows_are_known_by_what_they_say_and_not_by_their_place():
    """I took out the first visit, they corrected the third: the two changes have nothing to do with each other."""
    changed = {**VISITS[2], "ecog": 2}
    base, theirs, mine = visits(*VISITS), visits(*VISITS[:2], changed, VISITS[3]), visits(*VISITS[1:])

    comparison = compare(base, theirs, mine)

    assert [(one.place, one.label, one.preselected) for one in comparison.differences] == [
        ("Follow-up visit 1", "A row that you removed", "mine"),
        ("Follow-up visit 2", "ECOG performance status", "theirs"),
    ]
    assert merged(base, theirs, mine) == visits(VISITS[1], changed, VISITS[3])


def test_a_row_that_grew_is_the_same_row():
    base, theirs = visits({"visit_on": "2016-05"}), visits({"visit_on": "2016-05", "vital_status": "alive"})
    mine = visits({"visit_on": "2016-05", "ecog": 1, "eq5d_vas": 70})

    assert merged(base, theirs, mine) == visits(
        {"visit_on": "2016-05", "vital_status": "alive", "ecog": 1, "eq5d_vas": 70}
    )


def test_another_row_in_the_place_of_one_is_not_mixed_with_it():
    studies = {"modality": "ct", "performed_on": "2015-01"}, {"modality": "mri", "performed_on": "2016-02"}
    base = draft(imaging=[studies[0]])
    theirs, mine = draft(imaging=[{**studies[0], "contrast": True}]), draft(imaging=[studies[1]])

    differences = compare(base, theirs, mine).differences

    assert [(one.label, one.preselected) for one in differences] == [
        ("A row that you removed", None),
        ("A row that only you have", "mine"),
    ]


def test_forms_inside_an_operation_are_compared_too():
    base = resected()
    theirs = resected(operation={"reconstruction": {"ivc_method": "tube_graft", "material": "dacron"}})
    veins = [{"vein": "left_renal", "handling": "ligated"}]
    mine = resected(operation={"veins": [{"vein": "left_renal", "handling": "reimplanted_graft"}, *veins]})

    told = {(one.place, one.label): one.preselected for one in compare(base, theirs, mine).differences}

    assert told[("Reconstruction of operation 1", "Material")] == "theirs"
    assert told[("Reconstruction of operation 1", "Graft diameter")] == "theirs"
    assert {place for place, _ in told} == {"Reconstruction of operation 1", "Vein handling 2 of operation 1"}


def test_a_hundred_rows_differ_where_they_were_changed():
    rows = [{"visit_on": f"{2000 + n // 12}-{n % 12 + 1:02d}", "vital_status": "alive"} for n in range(100)]
    theirs = visits(*rows[:70], {**rows[70], "ecog": 3}, *rows[71:])
    mine = visits(*rows[:10], *rows[11:], {"visit_on": "2020", "vital_status": "dead"})

    comparison = compare(visits(*rows), theirs, mine)

    assert [(one.place, one.label) for one in comparison.differences] == [
        ("Follow-up visit 11", "A row that you removed"),
        ("Follow-up visit 70", "ECOG performance status"),
        ("Follow-up visit 100", "A row that only you have"),
    ]


# --- promises for any case -----------------------------------------------------------------------------------------

SEEDS = st.integers(0, 2**32)
OFTEN = settings(max_examples=60, deadline=None, derandomize=True)


def all_of(side, comparison):
    return parse(comparison.merged({one.key: side for one in comparison.differences}))


def without_empty_forms(doc):
    """A form that says nothing is no form; an empty row of a list stays."""
    told = dump(doc)
    for operation in told.get("operations", ()):
        if not operation.get("reconstruction", True):
            del operation["reconstruction"]
    return parse({name: value for name, value in told.items() if value != {}})


def edited(raw, rng, times=4):
    """The case after somebody worked on it: answers changed and taken away, rows added, removed, exchanged."""
    other, raw = random_documents.make(rng), copy.deepcopy(raw)
    for _ in range(rng.randint(0, times)):
        name = rng.choice([*other])
        old, new = raw.get(name), other[name]
        if name == "case_number":
            raw["note"] = rng.choice(["", "seen", "called"])
        elif isinstance(new, list):
            _edit_rows(raw.setdefault(name, []), new, rng)
        elif old:
            _edit_form(old, new, rng)
        else:
            raw[name] = new
    return raw


def _edit_rows(rows, others, rng):
    how = rng.choice(["add", "remove", "change", "turn"])
    if how == "add" or not rows:
        rows.insert(rng.randint(0, len(rows)), rng.choice(others))
    elif how == "remove":
        rows.pop(rng.randrange(len(rows)))
    elif how == "change":
        _edit_form(rng.choice(rows), rng.choice(others), rng)
    else:
        rng.shuffle(rows)


def _edit_form(form, other, rng):
    for model in OPERATION_FORMS:
        if isinstance(form.get(model.name), list) and other.get(model.name):
            _edit_rows(form[model.name], other[model.name], rng)
    names = [name for name in {**form, **other} if name not in ("missing", "veins", "reconstruction")]
    for name in rng.sample(sorted(names), min(2, len(names))):
        form.pop(name, None)
        form.get("missing", {}).pop(name, None)
        if name in other:
            form[name] = other[name]


def three_versions(seed):
    rng = Random(seed)
    raw = random_documents.make(rng)
    return tuple(parse(one) for one in (raw, edited(raw, rng), edited(raw, rng)))


@OFTEN
@given(SEEDS)
def test_all_of_one_side_is_that_side(seed):
    base, theirs, mine = three_versions(seed)
    for begun in (base, None):
        comparison = compare(begun, theirs, mine)

        assert all_of("mine", comparison) == without_empty_forms(mine)
        assert all_of("theirs", comparison) == without_empty_forms(theirs)


@OFTEN
@given(SEEDS)
def test_what_one_side_changed_alone_is_what_it_made_of_it(seed):
    base, theirs, _ = three_versions(seed)

    for comparison in (compare(base, theirs, base), compare(base, base, theirs)):
        assert comparison.conflicts == []
        assert parse(comparison.merged({})) == without_empty_forms(theirs)


@OFTEN
@given(SEEDS)
def test_changes_of_different_answers_are_both_kept_without_a_choice(seed):
    rng = Random(seed)
    raw, other = random_documents.make(rng), random_documents.make(rng)
    forms = [name for name in raw if name != "case_number"]
    theirs, mine, both = copy.deepcopy(raw), copy.deepcopy(raw), copy.deepcopy(raw)
    for name in forms:
        if name in other:
            for version in (theirs, both) if rng.random() < 0.5 else (mine, both):
                version[name] = other[name]

    comparison = compare(parse(raw), parse(theirs), parse(mine))

    assert comparison.conflicts == []
    assert parse(comparison.merged({})) == without_empty_forms(parse(both))


def said(doc):
    """Everything that a case says, line by line, without the names of rows."""
    texts = Counter(f"{name}: {text}" for name in ("citation", "note") if (text := getattr(doc, name)))
    return texts + _lines_of(doc, (Patient, *OUTER_FORMS))


def _lines_of(holder, models):
    found = Counter()
    for model in models:
        inside = getattr(holder, model.name)
        for form in inside if model.repeats else () if inside is None else (inside,):
            found.update(bare(line) for line in telling.lines(form))
    return found


def bare(line):
    return re.sub(r"^(Reconstruction|Vein handling \d+), ", "", line)


def my_lines(difference):
    if difference.is_row:
        return Counter(bare(line) for line in difference.mine)
    return Counter(
        f"{difference.label.lower() if difference.place == 'Case' else difference.label}: {line}"
        for line in difference.mine
    )


@OFTEN
@given(SEEDS)
def test_nothing_is_lost_silently(seed):
    """Whatever the merged case does not say of my version stood before me as a difference, and I chose theirs."""
    rng, (base, theirs, mine) = Random(seed), three_versions(seed)
    comparison = compare(base, theirs, mine)
    choices = {one.key: rng.choice(["mine", "theirs"]) for one in comparison.differences}

    lost = said(mine) - said(parse(comparison.merged(choices)))

    given_away = (my_lines(one) for one in comparison.differences if choices[one.key] == "theirs")
    assert lost <= sum(given_away, Counter())


@pytest.mark.parametrize("seed", range(5))
def test_a_version_compared_with_itself_has_no_differences(seed):
    (base, _, mine) = three_versions(seed)

    assert compare(base, mine, mine).differences == []
