"""Sessions as rows that say whose they are, so that their person can see and end them."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import OperationalError

PLACE, PROGRAM = "signed_in_from", "signed_in_with"
LONGEST_PROGRAM = 200


class SessionStore(DatabaseStore):
    """Django's store in the database; `SESSION_ENGINE` names this module."""

    @classmethod
    def get_model_class(cls) -> Any:
        from registry.models import Session

        return Session

    def save(self, must_create: bool = False) -> None:
        """Keep it; that the database gave up is not taken for a session that was ended meanwhile."""
        try:
            super().save(must_create)
        except UpdateError as error:
            raise (error.__context__ if isinstance(error.__context__, OperationalError) else error) from None

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Copy out of the session what its person is shown."""
        row = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None  # type: ignore[attr-defined]
        row.address = data.get(PLACE)  # type: ignore[attr-defined]
        row.program = data.get(PROGRAM, "")  # type: ignore[attr-defined]
        return row
