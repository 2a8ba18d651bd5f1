"""A migration whose operations see the models as they are before the first of them and after the last.

Django renders models anew after each operation, with all that refer to them; ours all refer to each other, and a new
database took 24 s, hardly any of it in PostgreSQL. Here they are rendered once a file.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class QuickMigration(migrations.Migration):
    """For many operations, none of which builds on another of the same file.

    What is added to a model that the same file creates belongs into its `CreateModel`; otherwise PostgreSQL refuses to
    make it twice.
    """

    def apply(
        self, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        """Change the state first, then the database."""
        if collect_sql:  # to be read, with each operation's words
            return super().apply(project_state, schema_editor, collect_sql)
        before = project_state.clone()
        project_state.__dict__.pop("apps", None)  # rendered at the next use, and not before
        self.mutate_state(project_state, preserve=False)
        for operation in self.operations:
            assert operation.reduces_to_sql, f"{operation.describe()}: Python may need what lies in between"
            operation.database_forwards(self.app_label, schema_editor, before, project_state)
        return project_state
