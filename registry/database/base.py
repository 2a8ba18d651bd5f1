"""Django's PostgreSQL engine, with the server started and the roles made before the first connection."""

from typing import Any

from django.db.backends.postgresql import base, features, operations

from registry.database import roles
from registry.database.embedded import Embedded


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL as old as Debian 12 carries it is supported, nothing older."""

    minimum_database_version = (15,)


class DatabaseOperations(operations.DatabaseOperations):
    """Statements whose values the server binds are logged as they are written; Django would log them as nothing."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    """Connect as the role this process may use; see `settings.PROCESSES`."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        """Add that what is prepared is so from the first time."""
        return {**super().get_connection_params(), "prepare_threshold": 0}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Make sure that there is something to connect to."""
        if folder := self.settings_dict["EMBEDDED"]:
            Embedded.at(folder).ensure(patience_s=self.settings_dict["PATIENCE_S"])
        elif self.settings_dict["ROLE"] == roles.OWNER:
            login = {key: value for key, value in conn_params.items() if key != "prepare_threshold"}
            roles.ensure(login, database=self.settings_dict["NAME"])
        return super().get_new_connection(conn_params)

    def prepared_cursor(self) -> Any:
        """Give a cursor for statements that add rows: each is planned once a connection, not each time.

        To plan the writing of one row takes longer than to write it. Not for what looks for rows: a plan made while a
        table was small would be kept when it has grown. Values are bound by the server.
        """
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]
