"""What all mails of a report have in common is kept once; mails written before keep a body of their own."""

import django.db.models.deletion
from django.db import migrations, models

SCOPE = "coalesce(string_to_array(nullif(current_setting('app.center_ids', true), ''), ',')::bigint[], '{}')"
EVERY_CENTER = f"""(SELECT cardinality({SCOPE}) > 0
  AND NOT EXISTS (SELECT 1 FROM registry_center WHERE id <> ALL ({SCOPE})))"""  # nosec B608  # fixed text
# As for the mails themselves (0002): a body without a center is for a scope that holds every center.
WALL = f"""ALTER TABLE reports_mailbody ENABLE ROW LEVEL SECURITY;
CREATE POLICY whole_registry ON reports_mailbody
  USING (center_id IS NULL AND {EVERY_CENTER}) WITH CHECK (center_id IS NULL AND {EVERY_CENTER})"""
# The head ends with the first empty line (RFC 5322 2.1).
CUT = r"position('\x0d0a0d0a'::bytea IN message) + 3"
PART = f"""
INSERT INTO reports_mailbody (center_id, digest, content)
  SELECT DISTINCT center_id, encode(sha256(body), 'hex'), body
  FROM (SELECT center_id, substring(message FROM {CUT} + 1) AS body FROM reports_delivery) AS written;
UPDATE reports_delivery SET head = substring(message FOR {CUT}), body_id = written.id
  FROM reports_mailbody AS written
  WHERE written.digest = encode(sha256(substring(message FROM {CUT} + 1)), 'hex')
    AND written.center_id IS NOT DISTINCT FROM reports_delivery.center_id;
SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED
"""  # nosec B608  # fixed text
JOIN = """
UPDATE reports_delivery SET message = head || content FROM reports_mailbody WHERE reports_mailbody.id = body_id;
SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED
"""
BODY = {
    "help_text": "The rest of the message.",
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "deliveries",
    "to": "reports.mailbody",
}


class Migration(migrations.Migration):
    """Bodies apart from heads."""

    dependencies = [("registry", "0012_weekly_mail"), ("reports", "0005_release")]

    operations = [
        migrations.CreateModel(
            name="MailBody",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("digest", models.CharField(help_text="SHA-256 of the content.", max_length=64)),
                ("content", models.BinaryField(help_text="The body of the message.")),
                (
                    "center",
                    models.ForeignKey(
                        blank=True,
                        help_text="The center of the report; empty for the whole registry.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.center",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "mail bodies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("center", "digest"), name="reports_mailbody_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.RunSQL(WALL, "DROP POLICY whole_registry ON reports_mailbody"),
        migrations.AddField(
            model_name="delivery",
            name="head",
            field=models.BinaryField(default=b"", help_text="The finished message up to its body."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="delivery", name="body", field=models.ForeignKey(null=True, **BODY)
        ),
        migrations.AlterField(
            model_name="delivery",
            name="message",
            field=models.BinaryField(default=b"", help_text="The finished message."),
        ),
        migrations.RunSQL(PART, JOIN),
        migrations.AlterField(model_name="delivery", name="body", field=models.ForeignKey(**BODY)),
        migrations.RemoveField(model_name="delivery", name="message"),
        migrations.AlterField(
            model_name="delivery",
            name="digest",
            field=models.CharField(help_text="SHA-256 of the whole message.", max_length=64),
        ),
        migrations.AlterField(
            model_name="deliveryevent",
            name="digest",
            field=models.CharField(help_text="SHA-256 of the whole message.", max_length=64),
        ),
    ]
