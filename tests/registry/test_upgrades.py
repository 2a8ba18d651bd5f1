"""The release before goes on while migrations of this one run, and until it is restarted: none takes from it what it
uses, or asks of it what it does not know. benchmarks/upgrade.py tries that with both releases under load.
"""

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

# Migrations up to these came before a release was promised to outlive the next one's.
BEFORE = {"registry": 25, "cases": 26, "reports": 10}
# Migration -> heading in docs/operations.md that tells to stop the release before at first.
STOPPED = {}
TAKES = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def unknown_to_the_release_before(operations):
    """The operations with which the release before could not go on."""
    made = {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}
    for one in operations:
        if isinstance(one, TAKES):
            yield one
        elif isinstance(one, migrations.AddField) and one.model_name_lower not in made:
            field = one.field
            is_filled = field.null or field.many_to_many or field.db_default is not models.NOT_PROVIDED
            if not is_filled:
                yield one


@pytest.mark.parametrize("app", BEFORE)
def test_a_release_goes_on_while_the_next_one_migrates(app):
    assert apps.is_installed(app)
    disk = MigrationLoader(None).disk_migrations
    later = {
        name: migration
        for (label, name), migration in disk.items()
        if label == app and int(name[:4]) > BEFORE[app] and name not in STOPPED
    }
    found = [
        f"{name}: {one.describe()}"
        for name, migration in later.items()
        for one in unknown_to_the_release_before(migration.operations)
    ]
    assert found == [], (
        "Expand first, and take away a release later; or say in docs/operations.md to stop it."
    )


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("case", "note"),
        migrations.RenameField("case", "note", "remark"),
        migrations.DeleteModel("Case"),
        migrations.AddField("case", "severity", models.CharField(default="")),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_the_release_before_could_not_live_with_is_seen(operation):
    assert list(unknown_to_the_release_before([operation])) == [operation]


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("case", "severity", models.CharField(default="", db_default="")),
        migrations.AddField("case", "graded_on", models.DateField(null=True)),
        migrations.CreateModel("Grade", [("id", models.BigAutoField(primary_key=True))]),
    ],
    ids=["filled by the database", "may be empty", "a table of its own"],
)
def test_what_it_knows_nothing_of_does_not_disturb_it(operation):
    assert list(unknown_to_the_release_before([operation])) == []
