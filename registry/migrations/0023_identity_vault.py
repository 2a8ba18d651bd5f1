"""The schema of the identity vault, empty; who may do what in it is raised after each migration (registry/vault/wall.py)."""

import django.contrib.postgres.fields
from django.db import migrations, models

TABLES = """
CREATE SCHEMA vault;
CREATE TABLE vault.identity (
  case_id bigint PRIMARY KEY,
  key_id varchar(20) NOT NULL,
  nonce bytea NOT NULL CHECK (octet_length(nonce) = 12),
  content bytea NOT NULL,
  written_at timestamptz NOT NULL
);
CREATE TABLE vault.mark (
  case_id bigint NOT NULL REFERENCES vault.identity ON DELETE CASCADE,
  kind varchar(10) NOT NULL,
  version varchar(20) NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (case_id, kind)
);
CREATE INDEX mark_digest ON vault.mark (digest);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0022_review_and_identity'),
    ]

    operations = [
        migrations.RunSQL(TABLES, 'DROP SCHEMA vault CASCADE'),
        migrations.AlterField(
            model_name='apikey',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'Read'), ('record', 'Record'), ('record_follow_up', 'Record follow-up'), ('import_cases', 'Import Cases'), ('explain', 'Explain'), ('export', 'Export'), ('read_report', 'Read Report'), ('identify', 'Record who a patient is, for linkage')], max_length=20), help_text='What the key may do, never more than its person may.', size=None),
        ),
        migrations.AlterField(
            model_name='apikeyevent',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'Read'), ('record', 'Record'), ('record_follow_up', 'Record follow-up'), ('import_cases', 'Import Cases'), ('explain', 'Explain'), ('export', 'Export'), ('read_report', 'Read Report'), ('identify', 'Record who a patient is, for linkage')], max_length=20), help_text='What the key may do, never more than its person may.', size=None),
        ),
        migrations.AlterField(
            model_name='reading',
            name='note',
            field=models.CharField(blank=True, default='', help_text='In which form; of an identity, why.', max_length=200),
        ),
        migrations.AlterField(
            model_name='reading',
            name='what',
            field=models.CharField(choices=[('case', 'Case'), ('cases', 'List of cases'), ('report', 'Report'), ('survival', 'Survival file'), ('trail', 'Audit trail'), ('research', 'Export for research'), ('identity', 'Identity for linkage')], help_text='What kind of thing.', max_length=10),
        ),
    ]
