"""Who is due and who is lost, by the calendar; news of a patient, written once, through intake, with its attempt."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection

from cases import document, follow_up, intake
from cases.follow_up import News, Which
from cases.intake import Submission
from cases.models import Case, ContactAttempt, SurvivalObservation
from cases.rulebook import completeness
from cases.vocabulary import AttemptOutcome, ContactType
from registry import access, audit
from registry.dates import PartialDate
from tests.cases.examples import draft, resected

pytestmark = pytest.mark.django_db

ALIVE, DEAD, UNREACHABLE = AttemptOutcome.ALIVE, AttemptOutcome.DEAD, AttemptOutcome.UNREACHABLE
TODAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


def save(doc, center, by, **options):
    return intake.save_case(Submission(document=doc), center=center, by=by, source="admin", **options)


def seen(number, on, center, by, status="alive", **forms):
    """A patient whose last visit was on a day."""
    visit = {"visit_on": on, "vital_status": status}
    receipt = save(resected(number, operated_on="2015-03-02", follow_ups=[visit], **forms), center, by)
    with access.everywhere():
        return Case.objects.select_related("center").get(pk=receipt.case_id)


def listed(which, *centers, **span):
    with access.everywhere():
        rows = follow_up.waiting(which, centers, **span).select_related("case")
        return [row.case.case_number for row in rows]


def tell(case, by, outcome=ALIVE, on="2026-03-14", way=ContactType.PHONE, if_version=None, **options):
    date = {"died_on" if outcome == DEAD else "on": PartialDate.parse(on) if on else None}
    news = News(outcome=outcome, contact_type=way, **date)
    with access.everywhere():
        version = if_version or Case.objects.get(pk=case.pk).version
        return follow_up.record(case, news, by=by, if_version=version, **options)


def stored(case):
    with access.everywhere():
        return document.load([case.pk])[0]


def attempts(**chosen):
    with access.everywhere():
        rows = ContactAttempt.objects.filter(**chosen).order_by("pk")
        return list(rows.values_list("tried_on", "outcome", "contact_type", "by__username"))


# --- the two lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_contact", "place"),
    [  # today is 15 March 2026; a year back in the calendar is 15 March 2025, 15 months back 15 December 2024
        ("2025-03-16", None),
        ("2025-03-15", Which.DUE),
        ("2025-03", None),  # a month ends on its last day
        ("2025-02", Which.DUE),
        ("2024-12-16", Which.DUE),
        ("2024-12-15", Which.DUE),
        ("2024-12-14", Which.LOST),
        ("2016", Which.LOST),
    ],
)
def test_the_calendar_decides_the_list(north, alice, last_contact, place):
    seen("A-1", last_contact, north, alice)

    assert {which for which in Which if listed(which, north)} == ({place} if place else set())


def test_the_day_is_the_centers_own(north, south, alice, bob):
    south.timezone = "Pacific/Kiritimati"  # 14 hours ahead of UTC: the 16th has begun there
    south.save()
    seen("A-1", "2025-03-16", north, alice)
    seen("B-1", "2025-03-16", south, bob)

    assert listed(Which.DUE, north, south) == ["B-1"]


def test_the_most_overdue_stand_first(north, alice):
    for number, on in (("A-1", "2025-02-01"), ("A-2", "2025-01-01"), ("A-3", "2025-03-01")):
        seen(number, on, north, alice)

    assert listed(Which.DUE, north) == ["A-2", "A-1", "A-3"]


def test_nobody_waits_for_the_dead_the_withdrawn_and_the_published(north, alice):
    seen("A-1", "2016", north, alice, death={"died_on": "2020", "cause_category": "unknown"})
    seen("A-2", "2016", north, alice, consent={"basis": "withdrawn", "withdrawn_on": "2017"})
    intake.save_case(
        Submission(document=resected("A-3", follow_ups=[{"visit_on": "2016", "vital_status": "alive"}])),
        center=north, by=alice, source="literature",
    )  # fmt: skip
    save(draft("A-4"), north, alice)  # no date at all

    assert listed(Which.DUE, north) + listed(Which.LOST, north) == []


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"least": 0, "most": 30}, ["A-1", "A-0"]),
        ({"least": 31, "most": 60}, ["A-2"]),
        ({"least": 30, "most": 31}, ["A-2", "A-1"]),
        ({"least": 32}, []),
    ],
)
def test_a_span_of_days_counts_from_a_year_after_the_contact(north, alice, span, expected):
    # due on 15 March 2026, 13 February 2026 (30 days ago) and 12 February 2026 (31 days ago)
    for place, on in enumerate(("2025-03-15", "2025-02-13", "2025-02-12")):
        seen(f"A-{place}", on, north, alice)

    assert listed(Which.DUE, north, **span) == expected
    with access.everywhere():
        every = follow_up.overdue([north], **{"least": 0, **span}).order_by("last_contact_on")
        assert sorted(every.values_list("case__case_number", flat=True)) == sorted(expected)


@pytest.mark.parametrize(
    ("last_contact", "today", "days"),
    [
        (date(2025, 3, 15), date(2026, 3, 15), 0),
        (date(2024, 2, 29), date(2025, 3, 1), 1),  # a leap day's year is over on 28 February
        (date(2024, 12, 31), date(2026, 1, 31), 31),
    ],
)
def test_days_overdue(last_contact, today, days):
    assert follow_up.days_overdue(last_contact, today) == days


# --- news ----------------------------------------------------------------------------------------------------------


def test_alive_becomes_a_visit_and_an_attempt(north, alice):
    case = seen("A-1", "2025-01-02", north, alice)

    said = tell(case, alice, ALIVE, "2026-03-14")

    visit = stored(case).document.follow_ups[-1]
    assert (said.verdict, stored(case).version) == ("recorded", 2)
    assert (str(visit.visit_on), visit.vital_status, visit.contact_type) == ("2026-03-14", "alive", "phone")
    assert visit.disease_status == "not_assessed"
    assert attempts(case=case) == [(date(2026, 3, 14), "alive", "phone", "alice")]
    assert listed(Which.DUE, north) == []
    with access.everywhere():
        assert SurvivalObservation.objects.get(pk=case.pk).last_contact_on == date(2026, 3, 14)


@pytest.mark.parametrize("died_on", ["2025-06-01", "2025-06", "2025"])
def test_dead_becomes_a_death_of_unknown_cause(north, alice, died_on):
    case = seen("A-1", "2025-01-02", north, alice)

    said = tell(case, alice, DEAD, died_on, ContactType.GP_LETTER)

    after = stored(case).document
    assert said.verdict == "recorded"
    assert (str(after.death.died_on), after.death.cause_category) == (died_on, "unknown")
    assert (str(after.follow_ups[-1].visit_on), after.follow_ups[-1].vital_status) == ("2026-03-15", "dead")
    assert attempts(case=case) == [(TODAY, "dead", "gp_letter", "alice")]
    assert listed(Which.DUE, north) == []


def test_not_reached_is_noted_and_the_case_stays(north, alice):
    case = seen("A-1", "2025-01-02", north, alice)

    said = tell(case, alice, UNREACHABLE, None)

    assert (said.verdict, stored(case).version) == ("recorded", 1)
    assert attempts(case=case) == [(TODAY, "unreachable", "phone", "alice")]
    assert listed(Which.DUE, north) == ["A-1"]


def test_a_visit_by_one_click_leaves_nothing_to_complete(north, alice):
    case = seen("A-1", "2025-01-02", north, alice)
    before = len(completeness.missing_answers(stored(case).document))

    tell(case, alice, ALIVE, "2026-03-14")
    alive = len(completeness.missing_answers(stored(case).document))
    tell(case, alice, DEAD, "2026-03-15")
    dead = len(completeness.missing_answers(stored(case).document))

    assert (alive, dead) == (before, before)


def test_the_history_says_who_why_and_through_which_door(north, alice):
    case = seen("A-1", "2025-01-02", north, alice)

    tell(case, alice)

    told = {"door": "admin", "user": alice.pk, "reason": "follow-up recorded"}
    with access.everywhere():
        attempt = ContactAttempt.objects.get()
        assert audit.history_of(case).last().pgh_context == told
        assert audit.history_of(attempt).last().pgh_context == told


@pytest.mark.parametrize(
    ("outcome", "on"),
    [(ALIVE, "2026-03-14"), (DEAD, "2025-06"), (UNREACHABLE, None), (UNREACHABLE, "2026-03-01")],
)
def test_the_same_news_twice_is_written_once(north, alice, outcome, on):
    case = seen("A-1", "2025-01-02", north, alice)

    said = [tell(case, alice, outcome, on, if_version=1).verdict for _ in range(2)]

    assert said == ["recorded", "known"]
    assert len(attempts(case=case)) == 1
    assert stored(case).version == (1 if outcome == UNREACHABLE else 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("outcome", [ALIVE, UNREACHABLE])
def test_two_clicks_at_the_same_time_write_once(north, alice, outcome):
    case = seen("A-1", "2025-01-02", north, alice)

    def click(_):
        try:
            return tell(case, alice, outcome, "2026-03-14", if_version=1).verdict
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(click, range(2)))

    assert said == ["known", "recorded"]
    assert len(attempts(case=case)) == 1


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "on", "told"),
    [
        (ALIVE, None, "Write the date of the contact."),
        (DEAD, None, "Write when the patient died: YYYY-MM-DD, YYYY-MM or YYYY."),
        (ALIVE, "2026-02", "Write the day of the contact as YYYY-MM-DD."),
        (UNREACHABLE, "2026", "Write the day of the contact as YYYY-MM-DD."),
        (ALIVE, "2026-03-16", "2026-03-16 lies in the future."),
        (DEAD, "2027", "2027 lies in the future."),
        (ALIVE, "2014-01-01", "contradicts the resection"),
        (DEAD, "2014-01-01", "lies after death"),
        (DEAD, "2024-06-01", "contradicts the resection (2015-03-02) or the death"),  # alive in January 2025
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(north, alice, outcome, on, told):
    case = seen("A-1", "2025-01-02", north, alice)

    said = tell(case, alice, outcome, on)

    assert said.verdict == "refused"
    assert told in " ".join(said.reasons)
    assert (stored(case).version, attempts()) == (1, [])


def test_a_case_that_changed_meanwhile_is_left_alone(north, alice, ines):
    case = seen("A-1", "2025-01-02", north, alice)
    seen("A-1", "2025-01-03", north, ines)

    said = tell(case, alice, if_version=1)

    assert (said.verdict, stored(case).version, attempts()) == ("refused", 2, [])
    assert said.reasons == [
        "Somebody else changed this case meanwhile. Look at it below as it is now, then repeat."
    ]


def test_a_locked_case_is_left_alone(north, alice):
    case = seen("A-1", "2025-01-02", north, alice)
    with access.everywhere():
        Case.objects.update(status="locked")

    said = tell(case, alice)

    assert (said.verdict, attempts()) == ("refused", [])
    assert "locked" in said.reasons[0]


def test_a_second_death_is_for_the_page_of_the_case(north, alice):
    case = seen("A-1", "2025-01-02", north, alice, death={"died_on": "2025-03", "cause_category": "disease"})

    assert tell(case, alice, DEAD, "2025-04").verdict == "refused"
    assert stored(case).document.death.cause_category == "disease"


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_only_who_may_record_there_records(north, alice, bob, rita, outcome):
    case = seen("A-1", "2025-01-02", north, alice)

    for stranger in (bob, rita):
        with pytest.raises(PermissionDenied):
            tell(case, stranger, outcome)
    assert attempts() == []


# --- one date for many patients --------------------------------------------------------------------------------------


@pytest.fixture
def four(north, alice):
    return [seen(f"A-{place}", "2025-01-02", north, alice) for place in range(4)]


@pytest.mark.parametrize("outcome", [ALIVE, DEAD])
def test_the_fourth_patient_with_one_date_is_asked_about(four, alice, outcome):
    said = [tell(case, alice, outcome, "2026-03-01") for case in four]

    assert [one.verdict for one in said] == ["recorded"] * 3 + ["unusual"]
    assert said[-1].others == 3
    assert (stored(four[-1]).version, attempts(case=four[-1])) == (1, [])


def test_a_date_that_is_meant_is_taken(four, alice):
    for case in four:
        tell(case, alice)

    assert tell(four[-1], alice, is_meant=True).verdict == "recorded"


def test_own_dates_other_people_and_other_days_are_not_asked_about(four, alice, ines):
    own = [tell(case, alice, on=f"2026-03-1{place}").verdict for place, case in enumerate(four)]
    shared = [tell(case, by, on="2026-03-14").verdict for case, by in zip(four, (alice, alice, ines, ines))]  # noqa: B905
    with time_machine.travel(datetime(2026, 3, 16, 1, tzinfo=UTC), tick=False):
        late = [tell(case, alice, on="2026-03-15").verdict for case in four[:3]]
    with time_machine.travel(datetime(2026, 3, 16, 14, tzinfo=UTC), tick=False):
        late.append(tell(four[3], alice, on="2026-03-15").verdict)

    assert set(own + shared + late) == {"recorded"}


def test_attempts_that_failed_today_are_not_asked_about(four, alice):
    assert {tell(case, alice, UNREACHABLE, None).verdict for case in four} == {"recorded"}
