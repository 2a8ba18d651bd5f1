"""Reports while files are imported: each counts a file wholly or not at all, and all its parts count the same files.

Every file holds the same patients under other numbers, so that each count of a report on k files is k times that of
one. `REPORTS=200 IMPORTS=50 ROWS=120 pytest tests/reports/test_one_moment.py` is the long form.
"""

import os
import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import date
from itertools import count

import pytest
from django.db import connection

from cases import importing, synthesis, tasks
from cases.document import dump, parse
from cases.importing import running
from registry import access
from reports import compose, issuing, rendering
from reports.models import Report
from tests.cases.files import flattened
from tests.clients import machine

pytestmark = pytest.mark.django_db(transaction=True)

REPORTS = int(os.environ.get("REPORTS", "3"))
IMPORTS = int(os.environ.get("IMPORTS", "2"))
ROWS = int(os.environ.get("ROWS", "40"))
AS_OF = date(2026, 1, 1)
# What is a number of patients, findings or dates; months, years and versions are not.
COUNTS = {
    *("n", "of", "recorded", "applicable", "at_risk", "died", "censored", "events", "competing", "had_event"),
    *("had_competing", "alive", "concordant", "deviation", "justified", "not_applicable", "not_assessable"),
    *("queries", "cases", "withdrawn", "imputed_dates", "rules_read"),
}
# Which times are told depends on how many are at risk then; and what publications print is no count of ours.
NOT_OURS = {"risk_table", "estimates", "means", "onward", "series"}


class Importer:
    """A worker beside the test, with a connection of its own, that imports the next file whenever it is told to."""

    def __init__(self, aside, center, by):
        self.aside, self.center, self.by = aside, center, by
        self.begun, self.done, self.under_way = 0, 0, None
        self.content = flattened(patients())

    def begin(self):
        """Have the next file imported, unless one is under way."""
        if self.begun == self.done:
            self.begun += 1
            self.under_way = self.aside.submit(self._import, str(self.begun).encode())

    def end(self):
        """Wait until what was begun is there."""
        self.under_way.result()

    def _import(self, number):
        with access.scope([self.center.pk]):
            batch = importing.receive(
                self.content.replace(b"@", number), file_name="cases.csv", center=self.center, by=self.by
            )
        tasks.import_batch(batch.pk)
        self.done += 1


@pytest.fixture
def importer(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", ROWS // 3)  # several a file
    with ThreadPoolExecutor(1) as aside:
        importer = Importer(aside, north, alice)
        importer.begin()
        importer.end()
        yield importer
        aside.submit(lambda: connection.close())  # of that thread, not of this


def patients():
    """Patients of whom nobody would think that two are one (X-56): without a year of birth."""
    for place, made in enumerate(synthesis.documents(ROWS, until=AS_OF)):
        of_age = {"sex": made.patient.sex or "female", "age_at_resection_years": 57}
        yield parse({**dump(made), "case_number": f"@-{place}", "patient": of_age})


@pytest.fixture(autouse=True)
def _unprinted(monkeypatch):
    """A report is printed from its content alone, and that takes longer than everything here."""
    monkeypatch.setattr(rendering, "digests", lambda content: {})


@contextmanager
def before_statement(place, work):
    """Do this before one of the statements of a block."""
    numbers = count()

    def between(execute, sql, params, many, context):
        if next(numbers) == place:
            work()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(between):
        yield numbers


def issued():
    """Compose a report, as a worker does, and store it."""
    report = issuing.issue(issuing.request(as_of=AS_OF).pk)
    with access.everywhere():
        return Report.objects.select_related("report_cases").get(pk=report.pk)


def counts(value, place=()):
    """Every count of a report, by its place."""
    if isinstance(value, dict | list):
        for name, below in value.items() if isinstance(value, dict) else enumerate(value):
            if name not in NOT_OURS:
                yield from counts(below, (*place, name))
    elif type(value) is int and [name for name in place if isinstance(name, str)][-1] in COUNTS:
        yield place, value


def files(content, of_one):
    """How many files something counts: the places of its counts, by what they say."""
    told, found = dict(counts(content)), defaultdict(list)
    for place, n in counts(of_one):
        if n:
            found[told.get(place, 0) / n].append(place)
    return found


def test_reports_while_files_are_imported_count_each_wholly_or_not_at_all(importer):
    of_one, drawn = issued(), random.Random(1)
    assert len({place[0] for place, n in counts(of_one.content) if n}) > 15, (
        "counts in most parts of a report"
    )
    digests, met = defaultdict(set), 0
    for turn in count(1):
        if turn > REPORTS and importer.done > IMPORTS:
            break
        before, is_met = importer.done, drawn.random() < 0.5

        def meanwhile(turn=turn, is_met=is_met):
            if importer.begun <= IMPORTS * turn / REPORTS:
                importer.begin()
            if is_met:
                importer.end()

        with before_statement(drawn.randrange(5, 95), meanwhile):
            report = issued()
        found = files(report.content, of_one.content)
        assert len(found) == 1, sorted((n, places[:3]) for n, places in found.items())
        (n,) = found
        assert n in range(before, importer.begun + 1)
        assert len(report.report_cases.case_ids) == n * len(of_one.report_cases.case_ids)
        digests[n].add((report.content_digest, report.data_digest))
        met += n < importer.done
    importer.end()
    digests[importer.done] |= {(one.content_digest, one.data_digest) for one in (issued(), issued())}

    assert met >= IMPORTS / 4, "hardly a file came while a report was composed, so that this proves nothing"
    assert all(len(found) == 1 for found in digests.values()), "the same cases, the same report"


def test_without_one_snapshot_the_parts_of_a_report_count_different_files(importer, monkeypatch):
    of_one = issued()
    monkeypatch.setattr(compose, "snapshot", nullcontext)

    with before_statement(50, lambda: (importer.begin(), importer.end())):
        report = issued()

    assert set(files(report.content, of_one.content)) == {1, 2}


def test_what_is_answered_about_survival_counts_each_file_wholly(importer, north, alice):
    script, address = machine(north, alice, "read"), f"/api/v1/survival/?as_of={AS_OF}&stratum=sex"
    of_one = script.get(address).json()
    assert of_one["imputed_dates"]

    for place in count():
        before = importer.done
        with before_statement(place, lambda: (importer.begin(), importer.end())) as statements:
            answer = script.get(address).json()
        if next(statements) <= place:
            break
        found = files(answer, of_one)
        assert len(found) == 1, sorted((n, places[:3]) for n, places in found.items())
        assert set(found) <= {before, before + 1}
