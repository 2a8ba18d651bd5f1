"""Knows when the live server is at rest, so that no late request meets a database that is being emptied."""

import threading

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started

PATIENCE_S = 30


class Requests:
    """Counts the requests that the server is answering; those of a test client are the test's own business."""

    def __init__(self):
        self._changed, self._open = threading.Condition(), 0

    def __enter__(self):
        request_started.connect(self._began)
        request_finished.connect(self._ended)
        return self

    def __exit__(self, *_):
        request_started.disconnect(self._began)
        request_finished.disconnect(self._ended)

    def rest(self):
        """Wait until nothing is being answered."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._open <= 0, PATIENCE_S), (
                "The server never came to rest."
            )

    def _began(self, sender, **_):
        self._count(sender, +1)

    def _ended(self, sender, **_):
        self._count(sender, -1)

    def _count(self, sender, step):
        if sender and issubclass(sender, WSGIHandler):
            with self._changed:
                self._open += step
                self._changed.notify_all()
