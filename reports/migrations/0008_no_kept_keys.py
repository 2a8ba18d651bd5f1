from django.db import migrations

from registry.quick_migration import QuickMigration


class Migration(QuickMigration):

    dependencies = [
        ('reports', '0007_report_cases_and_research'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='researchexport', name='reports_researchexport_key'),
        migrations.RemoveField(model_name='researchexport', name='key'),
        migrations.RemoveField(model_name='researchexport', name='key_fate'),
        migrations.RemoveField(model_name='researchexportevent', name='key_fate'),
    ]
