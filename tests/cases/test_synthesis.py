"""Synthetic cases: the same for the same seed, valid, as varied as a registry, and never taken for patients."""

import math
import random
from collections import Counter
from datetime import date
from itertools import islice

import numpy as np
import pytest
from django.core.management import call_command

from cases import synthesis
from cases.document import dump, parse
from cases.endpoints import observe
from cases.models import Case, DataQuery
from cases.rulebook import completeness, engine
from cases.rulebook.validity import VALIDITY
from cases.synthesis import course, writing
from cases.synthesis.writer import Writer
from registry import access
from reports.lifetable import LifeTable
from reports.survival import kaplan_meier

MADE = 3000


@pytest.fixture(scope="module")
def made():
    return list(synthesis.documents(MADE))


def test_the_same_seed_gives_the_same_cases(made):
    assert list(synthesis.documents(50)) == made[:50]
    assert list(synthesis.documents(50, seed=synthesis.SEED + 1)) != made[:50]
    assert list(synthesis.documents(50, stream=1)) != made[:50]


def test_every_case_is_one_that_the_parser_takes(made):
    assert all(parse(dump(document)) == document for document in made[:500])


def test_no_case_is_impossible_and_some_are_implausible(made):
    readings = [engine.read(VALIDITY, document, synthesis.UNTIL) for document in made[:1000]]

    assert [finding for reading in readings for finding in reading.errors] == []
    assert 20 < sum(bool(reading.queries) for reading in readings) < 250


def test_some_are_complete_and_some_are_drafts(made):
    complete = sum(not completeness.missing_answers(document) for document in made[:1000])

    assert 500 < complete < 700


def values_and_rows(value):
    """Answers (reasons included) and rows of forms."""
    if isinstance(value, dict):
        below = [values_and_rows(part) for part in value.values()]
        return sum(v for v, _ in below), sum(r for _, r in below) + any(
            not isinstance(p, dict) for p in value.values()
        )
    if isinstance(value, list) and value and isinstance(value[0], dict):
        below = [values_and_rows(part) for part in value]
        return sum(v for v, _ in below), sum(r for _, r in below)
    return 1, 0


def test_drafts_have_about_sixty_values_and_all_have_six_rows_and_more():
    drafts = [values_and_rows(dump(document)) for document in synthesis.documents(300, thorough=0)]
    complete = [values_and_rows(dump(document)) for document in synthesis.documents(300, thorough=1)]

    assert 55 < np.mean([values for values, _ in drafts]) < 70
    assert np.mean([values for values, _ in complete]) > 100
    assert min(rows for _, rows in [*drafts, *complete]) >= 6


def test_who_they_are_is_near_published_series(made):
    """Wachtel 2015: 76% women of 377. VLFDC 2020: R0 in 78% of 90; median age in the literature 55 to 60."""
    sexes = Counter(document.patient.sex for document in made)
    margins = Counter(document.pathology[0].margin for document in made)
    ages = [document.age_at_resection_years for document in made]

    assert abs(sexes["female"] / MADE - 0.76) < 0.03
    assert abs(margins["R0"] / MADE - 0.76) < 0.04
    assert 55 <= np.median(ages) <= 60


def test_five_year_survival_is_near_published_series(made):
    """Wachtel 2015: 55%; Bertrand 2024: 50%; Mingoli 1996 after radical resection: 49.4%."""
    seen = [observe(document) for document in made]
    times = np.array([o.followed_days if o.death_days is None else o.death_days for o in seen], float)
    events = np.array([o.death_days is not None for o in seen], int)

    survival = kaplan_meier(LifeTable.from_arrays(times, events)).at([5 * 365.25])

    assert 0.45 < float(survival.estimate[0, 0]) < 0.60


def test_cases_stream(made):
    endless = synthesis.documents(10**9)

    assert [document.case_number for document in islice(endless, 3)] == [d.case_number for d in made[:3]]


def test_shares_add_up_and_differ():
    shares = synthesis.shares(1000, list("abcde"))

    assert sum(share.count for share in shares) == 1000
    assert [share.count for share in shares] == sorted((share.count for share in shares), reverse=True)


@pytest.mark.django_db
def test_the_command_fills_centers_once(capsys):
    for _ in range(2):
        call_command("synthesize", "60", centers=2)

    assert capsys.readouterr().out.splitlines() == [
        "60 new synthetic cases in 2 centers; 0 were there.",
        "0 new synthetic cases in 2 centers; 60 were there.",
    ]
    with access.everywhere():
        assert Counter(Case.objects.values_list("source", "center__code")) == {
            ("synthetic", "SYN001"): 40,
            ("synthetic", "SYN002"): 20,
        }
        assert set(Case.objects.values_list("status", flat=True)) == {"draft", "complete"}
        assert DataQuery.objects.exists()


def test_the_world_ends_when_it_is_told():
    ends = date(2010, 12, 31)

    for document in synthesis.documents(300, until=ends):
        assert document.index.operated_on.latest <= ends
        assert all(visit.visit_on.earliest <= ends for visit in document.follow_ups)


class Extreme(random.Random):
    """Luck at the far end of every distribution."""

    def lognormvariate(self, mu, sigma):
        return math.exp(mu + 12 * sigma)

    def gauss(self, mu=0.0, sigma=1.0):
        return mu + 12 * sigma


def test_no_luck_leads_out_of_what_is_possible():
    for number in range(200):
        rng = Extreme(number)
        writer = Writer(course.draw(rng, synthesis.UNTIL.toordinal()), rng, thorough=True)

        parse(dump(writing.document(writer, f"X-{number}")))
