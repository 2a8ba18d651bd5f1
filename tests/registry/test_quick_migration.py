"""Migrations that render the models once a file say when they cannot."""

import pytest
from django.db import connection, migrations
from django.db.migrations.state import ProjectState

from registry.quick_migration import QuickMigration


@pytest.mark.django_db
def test_a_step_in_python_is_refused():
    migration = QuickMigration("0099_reading_in_between", "cases")
    migration.operations = [migrations.RunPython(migrations.RunPython.noop)]
    with connection.schema_editor() as schema_editor, pytest.raises(AssertionError, match="Raw Python"):
        migration.apply(ProjectState(), schema_editor)
