"""The broker is restarted while people work: what is submitted is answered as ever, and no work is lost."""

import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import amqp
import pytest

from cases.models import Case, ImportBatch
from registry import access
from registry.access import Role
from registry.models import Center, Membership, Setback, Slot
from tests.cases.bulk import BULK, NDJSON, lines, plain
from tests.clients import issue
from tests.network import same_database, send
from tests.registry.processes import SCHEDULER, WORKER, programs, until
from tests.registry.test_restarts import load, web

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not SERVER.exists(), reason="RabbitMQ is not installed (apt-get install rabbitmq-server)"
    ),
]
RESTARTS = int(os.environ.get("BROKER_RESTARTS", "1"))  # long form: 50
DOWN_S = (0.5, 3)  # how long it is away, besides the seconds in which it starts
GONE_S = 300  # within which all that waited is done
HEALTHY_S = 90  # the worker looks for the broker ever more seldom, twice a minute in the end
CENTERS = 8  # that import, so that what waits for the next minute's bell holds nobody up
# what an import may be answered: the status, and whether it is said that too many wait
ACCEPTED, TOLD_TO_WAIT = (202, False), (429, True)


class Broker:
    """A RabbitMQ of our own: its node, port and folder are no other's, and it is ended by its own handle."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.process = folder, None
        folder.mkdir(mode=0o755)
        config = folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.local = 127.0.0.1:{self.port}\n")
        (folder / "plugins").write_text("[].\n")
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, "rabbitmq", "rabbitmq")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._other_port()),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(config.with_suffix("")),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    @staticmethod
    def _other_port():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self):
        who = {"user": "rabbitmq", "group": "rabbitmq", "extra_groups": []} if os.geteuid() == 0 else {}
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                [SERVER],
                cwd="/",
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **who,
            )
        assert until(self.answers), (self.folder / "output").read_text()

    def stop(self, how):
        os.killpg(self.process.pid, how)
        self.process.wait(60)
        assert until(lambda: not self.answers(), 10)

    def answers(self):
        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=2):
                return True
        except (OSError, amqp.AMQPError):
            return False


@pytest.fixture
def broker(tmp_path_factory):
    folder = (
        Path("/tmp") / f"registry-broker-{os.getpid()}"
    )  # other accounts cannot enter the folders of a test
    found = Broker(folder)
    found.start()
    yield found
    if found.process.poll() is None:
        found.stop(signal.SIGKILL)
    shutil.rmtree(folder)


@pytest.fixture
def keys(alice, north):
    """One key for each center that imports."""
    same = {"country": "PL", "timezone": "UTC", "data_agreement_signed_on": north.data_agreement_signed_on}
    centers = [
        Center.objects.create(code=f"C{number}", name=f"C{number}", **same) for number in range(CENTERS)
    ]
    for center in centers:
        Membership.objects.create(user=alice, role=Role.COORDINATOR, center=center)
    return [issue(center, alice, "record", "read", "import_cases")[1] for center in centers]


@contextmanager
def imports(port, keys):
    """Send an import a second, to be saved in the background; yields what was answered, and the numbers accepted.

    Where a center is told to wait (429: ten of it wait already), the next one sends the same.
    """
    heard, sent, over = [], [], threading.Event()

    def submit():
        while not over.wait(1):
            key = keys[len(heard) % len(keys)]
            headers = {"Authorization": f"Bearer {key}", "Content-Type": NDJSON, "Prefer": "respond-async"}
            numbers = [f"B-{len(sent) + place}" for place in (1, 2)]
            answer = send(port, "POST", BULK, lines(*map(plain, numbers)), headers)
            heard.append(answer and (answer[0], b"too_many_imports" in answer[2]))
            if heard[-1] == ACCEPTED:
                sent.extend(numbers)

    client = threading.Thread(target=submit)
    client.start()
    try:
        yield heard, sent
    finally:
        over.set()
        client.join()


def imported():
    with access.everywhere():
        return ImportBatch.objects.filter(state="done").count()


def waiting():
    with access.everywhere():
        return ImportBatch.objects.exclude(state="done").count()


@pytest.mark.parametrize("reconciled", [True, False], ids=["rung again", "control"])
def test_restarts_of_the_broker_under_load_lose_nothing(broker, tmp_path, north, alice, keys, reconciled):
    _, key = issue(north, alice, "record", "read")
    told = {
        "QUEUE": f"test_{os.urandom(4).hex()}",
        "CELERY_BROKER_URL": broker.url,
        "REGISTRY_PROCESS": "worker",
        "VAR_FOLDER": str(tmp_path),
        "API_REQUESTS_PER_KEY": "1000000",
    }
    chance, downs, restarts = random.Random(3), 0, RESTARTS if reconciled else 1
    with programs(os.environ | same_database() | told, tmp_path / "log") as running:
        running.start(*WORKER)
        if reconciled:
            running.start(*SCHEDULER)
        process, port = web(running)
        with load(port, key) as heard, imports(port, keys) as (posted, sent):
            assert until(lambda: len(posted) > 3 and not waiting()), "it was healthy before"
            for restart in range(restarts):
                saved = imported()
                assert until(lambda saved=saved: imported() > saved, HEALTHY_S), "it was healthy before"
                broker.stop(signal.SIGKILL if restart % 2 else signal.SIGTERM)
                before = len(posted), len(heard)
                time.sleep(chance.uniform(*DOWN_S))
                assert until(lambda before=before: len(posted) > before[0] and len(heard) > before[1], 20)
                downs += 1
                broker.start()
        ended = time.monotonic()
        is_gone = until(lambda: not waiting(), GONE_S if reconciled else 10)
        print(  # noqa: T201 - what the long form measures
            f"{downs} restarts, {len(heard)} cases, {len(sent) // 2} imports, "
            f"{posted.count(TOLD_TO_WAIT)} times told to wait, "
            f"backlog gone after {time.monotonic() - ended:.0f} s"
        )
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        said = running.said()

    assert downs == restarts
    assert Counter(status for _, status in heard) == {201: len(heard)}
    assert set(posted) <= {ACCEPTED, TOLD_TO_WAIT}
    assert is_gone == reconciled, said[-5000:]
    if not reconciled:
        return
    with access.everywhere():
        stored = sorted(Case.objects.values_list("case_number", flat=True))
    assert sorted([*sent, *(number for number, _ in heard)]) == stored
    assert not Setback.objects.filter(state="set_aside").exists()
    assert not Slot.objects.filter(state="failed").exists()
