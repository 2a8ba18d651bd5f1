"""The one clock of all processes: the database's.

What one process writes and another compares (an end, a pause, a day of the schedule, what is newest) is told by it, so
a machine whose own clock is wrong decides nothing wrongly. Rows that stamp themselves do so in the database
(`db_default=Now()`). The own clock of a process is for what stays in the process, and for what nobody compares.
"""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """The moment by the clock of the database, also in a transaction that has lasted for long."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
