"""Who may see the rows that belong to no center: those of reports on the whole registry.

The second wall (registry/walls.py) shows rows by their center, so without these policies a row without a center would
be seen by nobody. They add to it: full rights need a scope that holds every center; the suppressed version of a
registry-wide report is for every member to read, never to write.
"""

from django.db import migrations

SCOPE = "coalesce(string_to_array(nullif(current_setting('app.center_ids', true), ''), ',')::bigint[], '{}')"
EVERY_CENTER = f"""(SELECT cardinality({SCOPE}) > 0
  AND NOT EXISTS (SELECT 1 FROM registry_center WHERE id <> ALL ({SCOPE})))"""  # nosec B608  # fixed text
ANY_CENTER = f"(SELECT cardinality({SCOPE}) > 0)"
TABLES = (
    "reports_report",
    "reports_subscription",
    "reports_delivery",
    "reports_subscriptionevent",
    "reports_deliveryevent",
)


def policies() -> list[migrations.RunSQL]:
    """One policy a table, and one more for the suppressed reports."""
    whole = [
        migrations.RunSQL(
            f"""ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            CREATE POLICY whole_registry ON {table}
              USING (center_id IS NULL AND {EVERY_CENTER}) WITH CHECK (center_id IS NULL AND {EVERY_CENTER})""",
            f"DROP POLICY whole_registry ON {table}",
        )
        for table in TABLES
    ]
    shared = migrations.RunSQL(
        f"""CREATE POLICY every_member ON reports_report FOR SELECT
          USING (center_id IS NULL AND audience = 'outside' AND {ANY_CENTER})""",
        "DROP POLICY every_member ON reports_report",
    )
    return [*whole, shared]


class Migration(migrations.Migration):
    """Rows without a center."""

    dependencies = [("reports", "0001_initial")]

    operations = policies()
