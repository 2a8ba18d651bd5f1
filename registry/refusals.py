"""What a program cannot start with, in the one sentence that all commands say: what is missing, and what to set."""

from django.core.exceptions import ImproperlyConfigured

NO_DATABASE = (
    "The database does not answer. Set DATABASE_URL to a PostgreSQL server that does, or leave it empty: then the"
    " embedded one is used."
)
NO_TABLES = "The database has no tables yet, or old ones. Run: manage.py migrate"
NO_BROKER = (
    "The message broker does not answer. Set CELERY_BROKER_URL to one that does, or leave it empty: then the queue is"
    " kept in the database."
)


def sentence(error: Exception) -> str:
    """The sentence for an error that a person at the shell can mend; empty for any other, which is a fault of ours."""
    from django.db import OperationalError, ProgrammingError
    from kombu.exceptions import OperationalError as BrokerError
    from psycopg.errors import InsufficientPrivilege, UndefinedColumn, UndefinedTable

    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if isinstance(error, OperationalError):
        return str(error) if "embedded" in str(error) else NO_DATABASE
    if isinstance(error, BrokerError):
        return NO_BROKER
    if isinstance(error, ProgrammingError) and isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
        return NO_TABLES
    if isinstance(error, ProgrammingError) and isinstance(error.__cause__, InsufficientPrivilege):
        return (
            f"The database refuses this login: {error}".strip().splitlines()[0] + ". See docs/operations.md."
        )
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Is VAR_FOLDER a folder that may be written?"
    return ""
