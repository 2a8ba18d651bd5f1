
import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0022_tombstones'),
    ]

    operations = [
        migrations.AddField(
            model_name='assessment',
            name='not_applicable',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.Func(models.Func(models.F('findings'), models.Value('$[*] ? (@.verdict == "not_applicable").rule'), function='jsonb_path_query_array'), template='translate(%(expressions)s #>> \'{}\', \'[]" \', \'\')'), models.Value(','), function='string_to_array'), help_text='The rules of which it says: not applicable', output_field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
        ),
    ]
