"""Django's PostgreSQL engine, with the server started and the roles made before the first connection."""

from typing import Any

from django.db.backends.postgresql import base, features

from registry.database import roles
from registry.database.embedded import Embedded


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL as old as Debian 12 carries it is supported, nothing older."""

    minimum_database_version = (15,)


class DatabaseWrapper(base.DatabaseWrapper):
    """Connect as the role this process may use; see `settings.PROCESSES`."""

    features_class = DatabaseFeatures

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Make sure that there is something to connect to."""
        if folder := self.settings_dict["EMBEDDED"]:
            Embedded.at(folder).ensure()
        elif self.settings_dict["ROLE"] == roles.OWNER:
            roles.ensure(conn_params, database=self.settings_dict["NAME"])
        return super().get_new_connection(conn_params)
