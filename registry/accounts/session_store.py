"""Sessions as rows that say whose they are, so that their person can see and end them."""

import logging
from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import OperationalError
from django.http import HttpRequest
from django.utils.functional import cached_property

from registry import clock, disk

logger = logging.getLogger(__name__)
PLACE, PROGRAM = "signed_in_from", "signed_in_with"
LONGEST_PROGRAM = 200


class SessionStore(DatabaseStore):
    """Django's store in the database; `SESSION_ENGINE` names this module."""

    @classmethod
    def get_model_class(cls) -> Any:
        from registry.models import Session

        return Session

    @cached_property
    def moment(self) -> datetime:
        """The moment of the request, by the clock that all web processes share."""
        return clock.now()

    def _get_session_from_db(self) -> Any:
        """Django's, but by that clock."""
        found = self.model.objects.filter(session_key=self.session_key, expire_date__gt=self.moment).first()
        if found is None:
            self._session_key = None
        return found

    def get_expiry_date(self, **given: Any) -> datetime:
        """When it ends unless somebody goes on with it, by that clock."""
        return super().get_expiry_date(**{"modification": self.moment, **given})

    def save(self, must_create: bool = False) -> None:
        """Django's; but a row that could not be written is not taken for a session that somebody has ended."""
        try:
            super().save(must_create)
        except UpdateError as error:
            cause = error.__context__
            if not disk.is_full(cause):
                raise (cause if isinstance(cause, OperationalError) else error) from None
            # Who only reads goes on: what was not kept is mostly the minutes since the last click.
            logger.error("session_not_kept error=%s", type(cause).__name__)

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Copy out of the session what its person is shown."""
        row = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None  # type: ignore[attr-defined]
        row.address = data.get(PLACE)  # type: ignore[attr-defined]
        row.program = data.get(PROGRAM, "")  # type: ignore[attr-defined]
        return row


def moment(request: HttpRequest) -> datetime:
    """The moment of a request, by the clock that all web processes share; read once."""
    return request.session.moment  # type: ignore[attr-defined,no-any-return]
