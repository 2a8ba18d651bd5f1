"""Twelve ways to write a row, in every audited table: each leaves its event, and nothing else does."""

import random
import string
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import RequestFactory
from django.utils import timezone

from cases import intake
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.intake import Submission
from cases.models import Case, HeldIdentity, Patient, PossibleDuplicate, Tombstone, Transfer
from registry import access
from registry.models import Erasure, User
from registry.walls import event_models
from reports.models import Release, Report, ResearchExport
from tests.cases.examples import draft
from tests.registry.tampering import sql
from tests.rows import one_of_each

AUDITED = sorted((event.pgh_tracked_model for event in event_models()), key=lambda model: model._meta.label)
NAMES = [model.__name__ for model in AUDITED]
ATTEMPTS = 200
FROZEN = {
    Release,
    Tombstone,
}  # what was decided stays: every way but those that add is refused by the table itself


@pytest.fixture(scope="module")
def released():
    """The models as the last migrations leave them: what a data migration works with."""
    return MigrationLoader(None, ignore_no_migrations=True).project_state().apps


@pytest.fixture
def rows(north, alice, lena):
    """One row of every audited table, in the order of its models."""
    found = one_of_each(north, by=alice, lead=lena)
    case = found[Case]
    with access.everywhere():
        for model in (*OUTER_FORMS, *OPERATION_FORMS):
            if not model.objects.filter(case=case).exists():
                model.objects.create(case=case, center=north, position=0)
        for model in (*OUTER_FORMS, *OPERATION_FORMS):
            found[model] = model.objects.filter(case=case).first()
        found[Patient] = case.patient
        # one that is over: of those that stand a case has one
        Transfer.objects.filter(case=case).update(state="declined", decided_at=timezone.now())
        found[Transfer].refresh_from_db()
        found[Release] = Release.objects.create(report=found[Report], decision="released")
        said = {"content": found[Report].content, "content_digest": found[Report].content_digest}
        Report.objects.create(center=north, as_of=found[Report].as_of, **said)  # for a second release
        now = timezone.now()
        found[Tombstone] = Tombstone.objects.create(
            center=north,
            case_id=1,
            patient_id=1,
            registered_at=now,
            number_digest="0" * 64,
            erased_at=now,
            reason="x",
        )
        found[ResearchExport] = ResearchExport.objects.create(
            purpose="p", recipient="r", by=alice, created_at=now, expires_at=now, as_of=now.date(), k=5, rows=9,
            dropped=0, digest="0" * 64, content=b"zip",
        )  # fmt: skip
        intake.save_case(
            Submission(document=draft("NORTH-9")), center=north, by=alice, source="admin"
        )  # for a twin
        found[HeldIdentity] = HeldIdentity.objects.create(
            case=case, center=north, has_name=True, has_number=True, recorded_at=now
        )
        found[PossibleDuplicate] = PossibleDuplicate.objects.create(
            case=case, center=north, pair=uuid4(), found_at=now
        )
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("SET ROLE reg_owner")
        found[Erasure] = Erasure.objects.create(table="cases_caseevent", event_id=1, row_id=1, reason="x")
        sql("GRANT INSERT, UPDATE, DELETE ON registry_erasure TO reg_app")  # it has less otherwise
        sql("SET ROLE reg_app")
        yield found


# --- rows that may be written ----------------------------------------------------------------------------------------


def columns(model):
    return [field.column for field in model._meta.local_concrete_fields]


def table(model):
    return model._meta.db_table


def values(row):
    found = sql(f'SELECT * FROM "{table(type(row))}" WHERE id = %s', row.pk)
    names = [
        name
        for (name,) in sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum",
            table(type(row)),
        )
    ]
    return dict(zip(names, found[0], strict=True))


def distinguishing(model):
    """The fields by which rows of this model differ from one another."""
    together = {
        name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        for name in (*constraint.fields, *("term" for _ in constraint.expressions))
    }
    return [
        field
        for field in model._meta.local_concrete_fields
        if (field.unique or field.name in together)
        and not field.primary_key
        and field.related_model in (None, User, Report, Case)
    ]


def other(field, seed):
    """Another value for a field."""
    if field.is_relation:
        return seed.choice(field.related_model._base_manager.order_by("pk").values_list("pk", flat=True))
    if getattr(field, "choices", None):
        return seed.choice(field.choices)[0]
    if isinstance(field, models.CharField | models.TextField):
        return "".join(seed.choices(string.ascii_uppercase, k=min(8, field.max_length or 8)))
    return seed.randint(1, 30)


def twin(row):
    """A row of its own like this one, that nothing points at; not saved."""
    seed = random.Random(1)
    model = type(row)
    for _ in range(ATTEMPTS):
        copy = model(**{f.attname: getattr(row, f.attname) for f in model._meta.local_concrete_fields})
        copy.pk = None
        for field in distinguishing(model):
            fits = field.is_relation or isinstance(field, models.CharField | models.IntegerField)
            if fits and seed.random() < 0.7:  # each or not: some constraints are about several at once
                setattr(copy, field.attname, other(field, seed))
        try:
            with transaction.atomic():
                model._base_manager.bulk_create([copy])
                sql("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)
        except DatabaseError as error:
            refused = error
            continue
        copy.pk = None
        copy._state.adding = True
        return copy
    raise AssertionError(f"no second {model.__name__} can be made") from refused


def saved_twin(row):
    copy = twin(row)
    type(row)._base_manager.bulk_create([copy])
    return copy


def touch(row):
    """A field of this row and another value that the database takes for it."""
    model = type(row)
    tracked = {field.name for field in model.pgh_event_model._meta.get_fields()}
    seed = random.Random(2)
    for field in model._meta.local_concrete_fields:
        if field.primary_key or field.is_relation or field.name not in tracked or field.name == "is_sandbox":
            continue
        old = getattr(row, field.attname)
        for new in (_different(field, old), other(field, seed) if getattr(field, "choices", None) else None):
            if new is None or new == old:
                continue
            try:
                with transaction.atomic():
                    written = model._base_manager.filter(pk=row.pk).update(**{field.name: new})
                    sql("SET CONSTRAINTS ALL IMMEDIATE")
                    transaction.set_rollback(True)
            except DatabaseError:
                continue
            if written:
                return field, new
    raise AssertionError(f"nothing of {model.__name__} can be changed")


def _different(field, old):
    if isinstance(field, models.BooleanField):
        return not old
    if getattr(field, "choices", None):
        return None
    if isinstance(field, models.CharField | models.TextField):
        return f"{old or ''}x"[-(field.max_length or 9) :]
    if isinstance(field, models.IntegerField | models.FloatField):
        return (old or 0) + 1
    return None


def in_sql(row):
    """A column of this row, and the value for it as SQL takes it."""
    field, new = touch(row)
    return field.column, field.get_db_prep_save(new, connection)


# --- the twelve ways -------------------------------------------------------------------------------------------------


def by_save(row, _):
    copy = twin(row)
    copy.save(force_insert=True)
    return copy.pk, "insert"


def by_update(row, _):
    field, new = touch(row)
    type(row)._base_manager.filter(pk=row.pk).update(**{field.name: new})
    return row.pk, "update"


def by_bulk_create(row, _):
    return saved_twin(row).pk, "insert"


def by_bulk_update(row, _):
    field, new = touch(row)
    setattr(row, field.attname, new)
    type(row)._base_manager.bulk_update([row], [field.name])
    return row.pk, "update"


def by_delete(row, _):
    copy = saved_twin(row)
    pk = copy.pk
    copy.delete()
    return pk, "delete"


def by_cascade(row, _):
    """The tables of the registry cascade nowhere; one that would still leaves events."""
    copy = saved_twin(row)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    sql("CREATE TABLE ancestor (id bigint PRIMARY KEY)")
    sql(f'INSERT INTO ancestor SELECT id FROM "{table(type(row))}"')
    sql(
        f'ALTER TABLE "{table(type(row))}" ADD CONSTRAINT of_ancestor FOREIGN KEY (id) REFERENCES ancestor (id)'
        " ON DELETE CASCADE"
    )
    sql("GRANT ALL ON ancestor TO reg_app")
    sql("SET ROLE reg_app")
    sql("DELETE FROM ancestor WHERE id = %s", copy.pk)
    return copy.pk, "delete"


def by_raw_sql(row, _):
    column, new = in_sql(row)
    sql(f'UPDATE "{table(type(row))}" SET "{column}" = %s WHERE id = %s', new, row.pk)
    return row.pk, "update"


def by_copy(row, _):
    with connection.cursor() as cursor:
        with transaction.atomic():
            copy = saved_twin(row)
            names = ", ".join(f'"{name}"' for name in values(copy))
            one = f'SELECT {names} FROM "{table(type(row))}" WHERE id = {copy.pk}'
            with cursor.copy(f"COPY ({one}) TO STDOUT") as out:
                line = b"".join(out)
            transaction.set_rollback(True)
        if sql("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", f'"{table(type(row))}"')[0][0]:
            # PostgreSQL copies into no table with row security; the registry goes by a temporary one (store.py)
            cursor.execute(f'CREATE TEMPORARY TABLE copied (LIKE "{table(type(row))}") ON COMMIT DROP')
            with cursor.copy(f"COPY copied ({names}) FROM STDIN") as into:
                into.write(line)
            cursor.execute(f'INSERT INTO "{table(type(row))}" ({names}) SELECT {names} FROM copied')
        else:
            with cursor.copy(f'COPY "{table(type(row))}" ({names}) FROM STDIN') as into:
                into.write(line)
    return copy.pk, "insert"


def by_merge(row, _):
    column, new = in_sql(row)
    sql(
        f'MERGE INTO "{table(type(row))}" r USING (SELECT %s::bigint AS id) s ON r.id = s.id'
        f' WHEN MATCHED THEN UPDATE SET "{column}" = %s',
        row.pk,
        new,
    )
    return row.pk, "update"


def by_upsert(row, _):
    column, new = in_sql(row)
    names = ", ".join(f'"{name}"' for name in columns(type(row)))
    sql(
        f'INSERT INTO "{table(type(row))}" ({names}) SELECT {names} FROM "{table(type(row))}" WHERE id = %s'
        f' ON CONFLICT (id) DO UPDATE SET "{column}" = %s',
        row.pk,
        new,
    )
    return row.pk, "update"


def by_action(row, user):
    """An action over rows that were ticked in a list of the administration."""
    field, new = touch(row)

    def give(modeladmin, request, queryset):
        queryset.update(**{field.name: new})

    class Page(admin.ModelAdmin):
        actions = (give,)
        has_view_permission = has_change_permission = lambda *_, **__: True

        def get_queryset(self, request):
            return self.model._base_manager.order_by("pk")

    request = RequestFactory().post("/", {"action": "give", "_selected_action": [row.pk], "index": 0})
    request.user = user
    request.session = {}
    request._messages = FallbackStorage(request)
    request._dont_enforce_csrf_checks = True
    assert Page(type(row), admin.AdminSite()).changelist_view(request).status_code == 302
    return row.pk, "update"


def by_migration(row, _, released):
    """A step of a migration in Python, as the owner."""
    field, new = touch(row)
    label = row._meta.label_lower

    def forwards(apps, _):
        apps.get_model(label)._base_manager.filter(pk=row.pk).update(**{field.name: new})

    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    state = type("State", (), {"apps": released, "clear_delayed_apps_cache": lambda _: None})()
    with connection.schema_editor(atomic=False) as editor:
        migrations.RunPython(forwards).database_forwards(row._meta.app_label, editor, state, state)
    sql("SET ROLE reg_app")
    return row.pk, "update"


WAYS = {
    way.__name__.removeprefix("by_"): way
    for way in (
        by_save,
        by_update,
        by_bulk_create,
        by_bulk_update,
        by_delete,
        by_cascade,
        by_raw_sql,
        by_copy,
        by_merge,
        by_upsert,
        by_action,
        by_migration,
    )
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_leaves_its_event_in_every_table(way, rows, alice, request):
    """One row written is one event more, with the row as it is then; 12 ways x all tables."""
    missed = []
    more = (request.getfixturevalue("released"),) if way == "migration" else ()
    for model in AUDITED:
        if model in FROZEN and WAYS[way] not in (by_save, by_bulk_create, by_copy):
            with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
                sql(
                    f'DELETE FROM "{table(model)}"'
                    if "delete" in way
                    else f'UPDATE "{table(model)}" SET id = id'
                )
            continue
        with transaction.atomic():
            events = model.pgh_event_model._base_manager
            pk, label = WAYS[way](rows[model], alice, *more)
            written = events.filter(pgh_obj_id=pk).order_by("pgh_id").last()
            if written is None or written.pgh_label != label or not _agrees(model, pk, written):
                missed.append(model.__name__)
            transaction.set_rollback(True)
        rows[model].refresh_from_db()

    assert len(WAYS) == 12
    assert missed == []


def _agrees(model, pk, event):
    if event.pgh_label == "delete":
        return not model._base_manager.filter(pk=pk).exists()
    row = model._base_manager.get(pk=pk)
    return all(getattr(row, name) == getattr(event, name) for name in _tracked(model))


def _tracked(model):
    events = model.pgh_event_model._meta
    for field in model._meta.local_concrete_fields:
        try:
            events.get_field(field.name)
        except FieldDoesNotExist:
            continue
        yield field.attname


@pytest.mark.parametrize("model", AUDITED, ids=NAMES)
def test_no_table_can_be_emptied_and_no_event_be_written_removed_or_changed(model, db):
    events = table(model.pgh_event_model)
    for statement in (
        f'TRUNCATE "{table(model)}" CASCADE',
        f'TRUNCATE "{events}"',
        f'DELETE FROM "{events}"',
        f"UPDATE \"{events}\" SET pgh_label = 'x'",
        f'INSERT INTO "{events}" SELECT * FROM "{events}"',
        f'ALTER TABLE "{table(model)}" DISABLE TRIGGER ALL',
        f'ALTER TABLE "{events}" DISABLE TRIGGER ALL',
        f'ALTER TABLE "{events}" DROP COLUMN pgh_context',
        *(
            f'DROP TRIGGER "{name}" ON "{table(model)}"'
            for (name,) in sql(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
                f'"{table(model)}"',
            )
        ),
    ):
        with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
            sql(statement)


def test_a_way_without_its_trigger_would_be_missed(rows):
    """The control: the same look finds that an event is missing."""
    row = rows[Case]
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    sql("ALTER TABLE cases_case DISABLE TRIGGER USER")
    sql("SET ROLE reg_app")
    before = Case.pgh_event_model.objects.count()

    by_update(row, None)

    assert Case.pgh_event_model.objects.count() == before
    assert not _agrees(Case, row.pk, Case.pgh_event_model.objects.filter(pgh_obj_id=row.pk).last())
