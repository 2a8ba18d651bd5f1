import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pghistory.utils
import registry.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Center',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='Short code given by the registry; it begins the registry number of each patient.', max_length=8, unique=True, validators=[django.core.validators.RegexValidator('\\A[A-Z0-9]{2,8}\\Z', 'A center code has 2 to 8 capital letters or digits.')])),
                ('name', models.CharField(help_text='Name of the hospital as it should stand in reports.', max_length=200)),
                ('country', models.CharField(help_text='Country, ISO 3166-1 alpha-2.', max_length=2, validators=[django.core.validators.RegexValidator('\\A[A-Z]{2}\\Z', 'Write the country as two capital letters, such as PL.')])),
                ('timezone', models.CharField(default='UTC', help_text='IANA time zone; whether a date lies in the future is judged there.', max_length=64, validators=[registry.models.known_timezone])),
                ('language', models.CharField(default='en', help_text='Language of mails, BCP 47.', max_length=16, validators=[django.core.validators.RegexValidator('\\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\\Z', 'Write the language like en or pt-BR.')])),
                ('is_sarcoma_reference', models.BooleanField(default=False, help_text='Is this a sarcoma reference center?')),
                ('has_cardiac_surgery', models.BooleanField(default=False, help_text='Is cardiac surgery available in this hospital (cardiopulmonary bypass)?')),
                ('has_liver_transplant', models.BooleanField(default=False, help_text='Does this hospital transplant livers (hepatic vein reconstruction)?')),
                ('data_agreement_signed_on', models.DateField(blank=True, help_text='Day the data sharing agreement was signed; without it no API key works.', null=True)),
                ('report_optout', models.BooleanField(default=False, help_text='Does this center not want reports by mail?')),
            ],
            options={
                'ordering': ('code',),
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Which machine or program uses the key.', max_length=100)),
                ('prefix', models.CharField(help_text='Beginning of the key, to find and to recognize it.', max_length=16, unique=True)),
                ('digest', models.BinaryField(help_text='SHA-256 of the whole key.', max_length=32)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'Read'), ('record', 'Record'), ('import_cases', 'Import Cases'), ('export', 'Export')], max_length=20), help_text='What the key may do, never more than its person may.', size=None)),
                ('expires_at', models.DateTimeField(help_text='Moment from which the key is refused, at most a year ahead.')),
                ('last_used_at', models.DateTimeField(blank=True, help_text='Last time the key was accepted.', null=True)),
                ('revoked_at', models.DateTimeField(blank=True, help_text='Moment at which the key was withdrawn.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='Moment at which the key was made.')),
                ('user', models.ForeignKey(help_text='The person who answers for this key.', on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
                ('center', models.ForeignKey(help_text='The one center this key can reach.', on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to='registry.center')),
            ],
            options={
                'verbose_name': 'API key',
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('coordinator', 'Coordinator'), ('center_lead', 'Center Lead'), ('investigator', 'Investigator'), ('reviewer', 'Reviewer'), ('data_manager', 'Data Manager'), ('registry_admin', 'Registry Admin'), ('auditor', 'Auditor')], help_text='What the person may do there.', max_length=20)),
                ('center', models.ForeignKey(blank=True, help_text='The center in which the role holds; empty for the whole registry.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='registry.center')),
                ('user', models.ForeignKey(help_text='The person who has the role.', on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'center', 'role'), name='registry_membership_once', nulls_distinct=False, violation_error_message='This person already has this role there.'), models.CheckConstraint(condition=models.Q(('center__isnull', False), ('role__in', ('reviewer', 'data_manager', 'registry_admin', 'auditor')), _connector='OR'), name='registry_membership_center', violation_error_message='This role belongs to a center: name the center.')],
            },
        ),
        migrations.CreateModel(
            name='ApiKeyEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(help_text='Which machine or program uses the key.', max_length=100)),
                ('prefix', models.CharField(help_text='Beginning of the key, to find and to recognize it.', max_length=16)),
                ('digest', models.BinaryField(help_text='SHA-256 of the whole key.', max_length=32)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'Read'), ('record', 'Record'), ('import_cases', 'Import Cases'), ('export', 'Export')], max_length=20), help_text='What the key may do, never more than its person may.', size=None)),
                ('expires_at', models.DateTimeField(help_text='Moment from which the key is refused, at most a year ahead.')),
                ('revoked_at', models.DateTimeField(blank=True, help_text='Moment at which the key was withdrawn.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='Moment at which the key was made.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='registry.apikey')),
                ('user', models.ForeignKey(db_constraint=False, help_text='The person who answers for this key.', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('center', models.ForeignKey(db_constraint=False, help_text='The one center this key can reach.', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.center')),
            ],
            options={
                'verbose_name': 'API key event',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CenterEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('code', models.CharField(help_text='Short code given by the registry; it begins the registry number of each patient.', max_length=8, validators=[django.core.validators.RegexValidator('\\A[A-Z0-9]{2,8}\\Z', 'A center code has 2 to 8 capital letters or digits.')])),
                ('name', models.CharField(help_text='Name of the hospital as it should stand in reports.', max_length=200)),
                ('country', models.CharField(help_text='Country, ISO 3166-1 alpha-2.', max_length=2, validators=[django.core.validators.RegexValidator('\\A[A-Z]{2}\\Z', 'Write the country as two capital letters, such as PL.')])),
                ('timezone', models.CharField(default='UTC', help_text='IANA time zone; whether a date lies in the future is judged there.', max_length=64, validators=[registry.models.known_timezone])),
                ('language', models.CharField(default='en', help_text='Language of mails, BCP 47.', max_length=16, validators=[django.core.validators.RegexValidator('\\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\\Z', 'Write the language like en or pt-BR.')])),
                ('is_sarcoma_reference', models.BooleanField(default=False, help_text='Is this a sarcoma reference center?')),
                ('has_cardiac_surgery', models.BooleanField(default=False, help_text='Is cardiac surgery available in this hospital (cardiopulmonary bypass)?')),
                ('has_liver_transplant', models.BooleanField(default=False, help_text='Does this hospital transplant livers (hepatic vein reconstruction)?')),
                ('data_agreement_signed_on', models.DateField(blank=True, help_text='Day the data sharing agreement was signed; without it no API key works.', null=True)),
                ('report_optout', models.BooleanField(default=False, help_text='Does this center not want reports by mail?')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='registry.center')),
            ],
            options={
                'verbose_name': 'center event',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='MembershipEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('role', models.CharField(choices=[('coordinator', 'Coordinator'), ('center_lead', 'Center Lead'), ('investigator', 'Investigator'), ('reviewer', 'Reviewer'), ('data_manager', 'Data Manager'), ('registry_admin', 'Registry Admin'), ('auditor', 'Auditor')], help_text='What the person may do there.', max_length=20)),
                ('center', models.ForeignKey(blank=True, db_constraint=False, help_text='The center in which the role holds; empty for the whole registry.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='registry.center')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='registry.membership')),
                ('user', models.ForeignKey(db_constraint=False, help_text='The person who has the role.', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'membership event',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='UserEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'user event',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(help_text='Which process.', max_length=20, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField(help_text='Moment of the sign, by the clock of the database.')),
            ],
        ),
    ]
