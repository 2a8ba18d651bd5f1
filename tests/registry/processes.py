"""Programs of an installation, started by a test and ended by it: web, worker, sender, scheduler."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil

from tests.network import ROOT, send

WORKER = ("celery", "-A", "registry", "worker", "--loglevel", "INFO")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
SCHEDULER = ("celery", "-A", "registry", "beat", "--loglevel", "INFO", "--pidfile=")


def until(condition, seconds=60, meanwhile=lambda: None, pause_s=0.1):
    """Wait until something is so; False when it was not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        meanwhile()
        time.sleep(pause_s)
    return True


class Programs:
    """What was started, by handle: whatever still runs at the end is killed."""

    def __init__(self, environment, log):
        self.environment, self.log, self.running = environment, log, []

    def start(self, *command, **variables):
        """Start a program of this environment in a group of its own."""
        with open(self.log, "a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.environment | variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def said(self):
        """All that they wrote."""
        return self.log.read_text()

    def kill_all(self):
        """End what still runs, with its children."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


@contextmanager
def programs(environment, log):
    """Start programs that end with the block."""
    found = Programs(environment, log)
    try:
        yield found
    finally:
        found.kill_all()


def children(process):
    """The processes that a program has started."""
    return {child.pid for child in psutil.Process(process.pid).children()}


def answers(port):
    """Whether a web server answers."""
    return (send(port, "GET", "/healthz") or [None])[0] == 200
