"""Who connects as what, and how long it may hold the others up: asked of the server by a process of each kind."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

PROGRAM = """
import json
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user, current_setting('statement_timeout'), current_setting('lock_timeout'),"
                   " current_setting('idle_in_transaction_session_timeout')")
    print(json.dumps([*cursor.fetchone(), bool(connection.pool)]))
connection.close_pool()
"""


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ("web", ["reg_app", "5s", "2s", "10s", True]),
        ("worker", ["reg_app", "10min", "30s", "10min", False]),
        ("command", ["reg_app", "0", "0", "0", False]),
        ("owner", ["reg_owner", "0", "10s", "0", False]),
    ],
)
@pytest.mark.parametrize("more", [{}, {"connect_timeout": "9"}], ids=["plain", "with a timeout"])
def test_each_kind_of_process_has_its_role_and_limits(db, process, expected, more):
    keys = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    address = {
        name: connection.settings_dict[key] for name, key in keys.items() if connection.settings_dict[key]
    }
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": make_conninfo(**address, **more),
            "DJANGO_SETTINGS_MODULE": "registry.settings",
            "REGISTRY_PROCESS": process,
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert json.loads(result.stdout) == expected


@pytest.mark.django_db
def test_no_query_is_compiled():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
