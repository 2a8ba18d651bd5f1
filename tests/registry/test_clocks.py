"""Programs on machines whose clocks are a day wrong decide nothing wrongly: the clock of the database decides.

The programs are the real ones, under libfaketime; the database and the test have the right time.
"""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from django.apps import apps
from django.conf import settings
from django.db.models import DateTimeField

from cases.models import Case
from registry import access, clock, jobs, slots
from registry.accounts import links, mails
from registry.models import AccountMail, AnsweredRequest, ApiKey, Session, SignIn, SignInAttempts, Slot
from registry.signin import FAILURES, PAUSE
from reports.models import Delivery
from tests.cases.bulk import plain
from tests.clients import browser, issue
from tests.network import ROOT
from tests.nightly import NIGHTLY, at_night
from tests.registry import bell
from tests.registry.processes import QUIET, SCHEDULER, WORKER, programs, until
from tests.registry.test_restarts import environment, web  # noqa: F401 - a fixture
from tests.rows import a_mail, a_report

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
BEHIND, AHEAD = "-26h", "+26h"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
IDLE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
needs_faketime = pytest.mark.skipif(
    FAKETIME is None, reason="no clock can be set wrong: apt-get install faketime"
)


# Python sleeps until a moment, which libfaketime 0.9.10 refuses where it leaves alone how long something takes.
SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""


def wrong(by):
    """The variables with which the clock of a program is wrong, while how long something takes is told rightly."""
    told = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": by}
    return told | {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


@pytest.fixture
def running(environment, tmp_path):  # noqa: F811 - the fixture
    (tmp_path / "sitecustomize.py").write_text(SLEEP)
    told = {"PYTHONPATH": str(tmp_path), "MAIL_FOLDER": str(tmp_path / "mail")}
    told |= {"SECRET_KEY": settings.SECRET_KEY, "KEEP_ANSWERS_DAYS": "1"}
    with programs(environment | told, tmp_path / "log") as found:
        yield found


def at_work(running, by):
    return running.start(*WORKER, *QUIET, "--concurrency", "1", "--include", bell.__name__, **wrong(by))


def slot(minute, **fields):
    return Slot.objects.create(task=bell.note.name, due_at=clock.now() - minute * MINUTE - DAY, **fields)


def ring_for(row):
    """Let a worker try to take what the scheduler knows to be taken."""
    jobs.KINDS[Slot].ring(Slot.objects.filter(pk=row.pk))


def state(row):
    row.refresh_from_db()
    return row.state, row.attempts


@pytest.fixture
def work(north, lena):
    """Work that is free, that somebody has, and that somebody left behind; by the right time."""
    now = clock.now()
    with access.everywhere():
        due = a_mail(a_report(north), lena)
        Delivery.objects.filter(pk=due.pk).update(next_try_at=now)
        later = a_mail(a_report(north), lena)
        AnsweredRequest.objects.create(center=north, user=lena, key="k", digest=b"", status=200)
        Delivery.objects.filter(pk=later.pk).update(next_try_at=now + HOUR)
    return SimpleNamespace(
        free=[slot(minute) for minute in range(10)],
        taken=slot(20, state="running", attempts=1, leased_until=now + 10 * MINUTE),
        left_behind=slot(21, state="running", attempts=1, leased_until=now - MINUTE),
        due=due,
        later=later,
        about_account=AccountMail.objects.create(kind=mails.Kind.PASSWORD_CHANGED, user=lena),
    )


@needs_faketime
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("worker", [AHEAD, *at_night(BEHIND)])
def test_work_goes_by_the_clock_of_the_database(running, environment, work, worker):  # noqa: F811
    begun, scheduler = clock.now(), BEHIND if worker == AHEAD else AHEAD
    ring_for(work.taken)
    at_work(running, worker)
    running.start(*SCHEDULER, **wrong(scheduler))
    if NIGHTLY:
        running.start(*SCHEDULER, **wrong(worker))
    planned = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    def is_done():
        with access.everywhere():
            are_sent = Delivery.objects.filter(state="handed").exists()
        done = set(Slot.objects.filter(state="done").values_list("task", flat=True))
        return are_sent and state(work.left_behind)[0] == "done" and set(planned) <= done

    is_in_time = until(is_done, 30)
    ended = clock.now()
    with access.everywhere():
        are_kept = AnsweredRequest.objects.exists()
        sent = set(Delivery.objects.filter(state="handed").values_list("pk", flat=True))

    assert is_in_time, running.said()
    assert {state(row) for row in work.free} == {("done", 1)}
    assert state(work.left_behind) == ("done", 2)
    assert state(work.taken) == ("running", 1), "work that somebody has was taken"
    assert Path(environment["NOTES"]).read_text().count("done") == 11
    assert sent == {work.due.pk}, "a mail left before its time, or not at its time"
    assert AccountMail.objects.get().state == "sent"
    assert are_kept, "the answer of a request was let go too early"
    times = Slot.objects.filter(task__in=planned).values_list("task", "due_at")
    assert set(Counter(times).values()) == {1}
    assert {at for _, at in times if at > ended} == set(), "a time that has not come"
    assert {(task, at) for task, at in times if at < slots.last_due(planned[task], begun)} == set()


@needs_faketime
@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_by_its_own_clock_a_worker_would_take_what_somebody_has(running, environment, work):  # noqa: F811
    Path(environment["NOTES"] + ".own_clock").touch()
    at_work(running, AHEAD)
    ring_for(work.taken)

    assert until(lambda: state(work.taken) == ("done", 2), 30), running.said()


@needs_faketime
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", [BEHIND, *at_night(AHEAD)])
def test_what_ends_does_so_by_the_clock_of_the_database(running, north, lena, by):
    """Keys, sessions, links, pauses, answers that are kept, and the stamps of rows and of the audit trail."""
    begun = clock.now()
    lena.set_password("correct horse battery")
    lena.save()
    _, soon = issue(north, lena, "record", "read", expires_at=begun + HOUR)
    row, over = issue(north, lena, "record", "read")
    ApiKey.objects.filter(pk=row.pk).update(expires_at=begun - HOUR)
    goes_on, is_over = browser(lena).cookies, browser(lena).cookies
    Session.objects.filter(session_key=is_over[settings.SESSION_COOKIE_NAME].value).update(
        expire_date=begun - HOUR
    )
    link = path_of(links.make(lena, links.RESET))
    with time_machine.travel(begun - 2 * HOUR):
        old_link = path_of(links.make(lena, links.RESET))

    _, port = web(running, **wrong(by))
    here = f"http://127.0.0.1:{port}"

    def post(key, number):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": number}
        return requests.post(f"{here}/api/v1/cases/", json=plain(number), headers=headers, timeout=20)

    def get(path, cookies=None):
        kept = {name: morsel.value for name, morsel in (cookies or {}).items()}
        return requests.get(here + path, cookies=kept, allow_redirects=False, timeout=20).status_code

    answers = [post(soon, "W-1"), post(soon, "W-1"), post(over, "W-2")]
    opened = get("/admin/account/", goes_on), get("/admin/account/", is_over)
    by_link = get(link), get(old_link)
    with requests.Session() as someone:
        for _ in range(FAILURES):
            someone.get(f"{here}/admin/login/", timeout=20)
            token = someone.cookies[settings.CSRF_COOKIE_NAME]
            typed = {"username": "mallory", "password": "x", "csrfmiddlewaretoken": token}
            assert someone.post(f"{here}/admin/login/", data=typed, timeout=20).status_code == 200
    ended = clock.now()

    assert [answer.status_code for answer in answers] == [201, 201, 401], running.said()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert opened == (200, 302)
    assert by_link == (302, 200), (
        "302 leads to the page of the password, 200 says that the link works no longer"
    )
    pause = SignInAttempts.objects.get(blocked_until__isnull=False).blocked_until
    assert begun + PAUSE < pause <= ended + PAUSE
    assert (
        Session.objects.get(session_key=goes_on[settings.SESSION_COOKIE_NAME].value).expire_date
        <= ended + IDLE
    )
    with access.everywhere():
        stamps = [AnsweredRequest.objects.get().created_at, *SignIn.objects.values_list("at", flat=True)]
        stamps += Case.objects.values_list("created_at", "updated_at").get()
        times = list(Case.pgh_event_model.objects.order_by("pk").values_list("pgh_created_at", flat=True))
    assert {moment for moment in stamps + times if not begun <= moment <= ended} == set()
    assert times == sorted(times)


def path_of(address):
    return urlsplit(address).path


# --- all of the program ------------------------------------------------------------------------------------------

# What stays in the process, is shown to people or names a file; and days of care, which "lie in the future" by the
# server's own clock where no row is compared.
OWN_CLOCK = {
    "cases/admin/audit.py": "name of a file",
    "cases/admin/case_list.py": "name of a file",
    "cases/admin/findings.py": "days that are shown",
    "cases/admin/privacy.py": "the day that a form offers",
    "cases/admin/summary.py": "printed on the page",
    "cases/admin/versions.py": "the day that a form offers",
    "cases/management/commands/vault.py": "name of a key",
    "registry/admin/cards.py": "which keys are shown as ending soon",
    "registry/admin/review.py": "name of a file",
    "registry/backup/making.py": "name of a file",
    "registry/contact.py": "until when the world may keep a page",
    "registry/models.py": "when a password was set, which is shown; Django asks also for names that nobody has",
    "registry/slots.py": "seconds to sleep",
    "reports/cohorts.py": "no data cut lies in the future",
}
ASKS = re.compile(
    r"\btimezone\.(now|localdate|localtime)\(|\b(datetime|date)\.(now|today|utcnow)\(|\btime\.time\("
)


def test_nothing_that_is_shared_goes_by_the_clock_of_a_process():
    found = {
        str(path.relative_to(ROOT))
        for place in ("registry", "cases", "reports")
        for path in (ROOT / place).rglob("*.py")
        if "migrations" not in path.parts and ASKS.search(path.read_text())
    }

    assert found == set(OWN_CLOCK)


def test_rows_stamp_themselves_by_the_clock_of_the_database():
    ours = [
        model for name in ("registry", "cases", "reports") for model in apps.get_app_config(name).get_models()
    ]
    fields = [field for model in ours for field in model._meta.fields if isinstance(field, DateTimeField)]
    own = {str(field) for field in fields if field.auto_now or field.auto_now_add or field.has_default()}

    # Django's and pghistory's own; the triggers that write events say now() themselves
    assert {name for name in own if not name.endswith("pgh_created_at")} == {
        "registry.User.date_joined",
        "registry.UserEvent.date_joined",
    }
