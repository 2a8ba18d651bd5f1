"""The lists of terms: kept by the data manager, each term once however it is written, with its history."""

import importlib

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from registry.models import ReferenceTerm
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db
LIST = "/admin/registry/referenceterm/"
TOLD = "This list has this term already."


@pytest.fixture
def term(db):
    return ReferenceTerm.objects.create(list="regimen", term="Doxorubicin")


def add(client, **given):
    return client.post(f"{LIST}add/", {"list": "regimen", "term": "", "explanation": "", **given})


def change(client, row, **changed):
    page = f"{LIST}{row.pk}/change/"
    return client.post(page, {**filled(client.get(page), "referenceterm_form"), **changed})


def test_a_term_is_added(dana):
    assert add(browser(dana), term="  Trabectedin   weekly ", explanation="Of 2026").status_code == 302

    made = ReferenceTerm.objects.get(term="Trabectedin weekly")
    assert (made.list, made.explanation, made.is_retired) == ("regimen", "Of 2026", False)


def test_a_term_is_changed_and_retired_and_its_history_tells_it(dana, term):
    client = browser(dana)

    assert change(client, term, term="Doxorubicin 75", is_retired="on").status_code == 302

    seen = text(client.get(f"{LIST}{term.pk}/history/"))
    assert "Dana" in seen
    assert "Doxorubicin 75" in seen
    assert "Is retired" in seen


@pytest.mark.parametrize("spelled", ["Doxorubicin", "doxorubicin", "DOXORUBICIN ", "Doxorubicin  "])
def test_a_term_that_the_list_has_is_refused_however_it_is_written(dana, term, spelled):
    answer = add(browser(dana), term=spelled)

    assert TOLD in text(answer)
    assert ReferenceTerm.objects.filter(list="regimen", term__iexact="doxorubicin").count() == 1


def test_a_term_is_not_changed_into_one_that_the_list_has(dana, term):
    other = ReferenceTerm.objects.create(list="regimen", term="Trabectedin")

    assert TOLD in text(change(browser(dana), other, term="doxorubicin"))


def test_a_term_may_change_its_own_capitals_and_stand_in_another_list(dana, term):
    client = browser(dana)

    assert change(client, term, term="DOXORUBICIN").status_code == 302
    assert add(client, list="graft_brand", term="Doxorubicin").status_code == 302


def test_the_database_keeps_each_term_once(term):
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferenceTerm.objects.create(list="regimen", term="DOXORUBICIN")


def test_who_adds_the_same_at_the_same_time_is_told_so(dana, term, monkeypatch):
    """The other term is there once this one is written, but was not yet when the form was looked at."""
    look, looked = ReferenceTerm.validate_constraints, []

    def late(self, exclude=None):
        looked.append(self)
        return look(self, exclude) if len(looked) > 1 else None

    monkeypatch.setattr(ReferenceTerm, "validate_constraints", late)

    answer = add(browser(dana), term="doxorubicin")

    assert (answer.status_code, len(looked)) == (200, 2)
    assert TOLD in text(answer)


def test_terms_are_for_the_data_manager(alice, term):
    assert add(browser(alice), term="x").status_code == 403
    assert browser(alice).get(f"{LIST}{term.pk}/change/").status_code == 403


def test_the_first_terms_are_taken_back_but_for_those_that_somebody_changed(term):
    first = importlib.import_module("registry.migrations.0003_reference_terms")
    first.add(apps, None)
    ReferenceTerm.objects.filter(term="Eribulin").update(explanation="Changed")
    ReferenceTerm.objects.filter(term="Ifosfamide").update(is_retired=True)

    first.remove(apps, None)

    assert set(ReferenceTerm.objects.values_list("term", flat=True)) == {
        "Doxorubicin",
        "Eribulin",
        "Ifosfamide",
    }
