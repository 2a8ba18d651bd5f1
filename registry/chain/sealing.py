"""Adding what happened to the chain: by a function of the database, which alone may write links.

Nothing is done while cases are written. Every minute the events of finished transactions are put in order, each gets a
salted digest, and each link a digest of itself and the one before. Numbers of events are handed out before their
transactions end, so a later seal looks behind the highest number, as far back as any transaction could still be open.
"""

from django.db import connection, transaction

from registry.chain.arms import Arm, arms, payload, quoted
from registry.chain.models import AuditLink, AuditSeal
from registry.database.roles import APP

ONE_AT_A_TIME = 7_240_002  # advisory lock
# A text of a row must not depend on who reads it.
SAME_TEXT = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
# What a link says of itself, over the aliases `l` (the link) and `f` (its form).
SAID = 'ROW(l.sequence, f."table", l.event_id, l.digest, l.at, l.center_id, l.by_id, l.door, l.label, l.case_id)::text'
# The event `e` was written after the last seal under a number that had been handed out before it.
BACKDATED = "((e.xmin::text::bigint - {newest}) & 4294967295) < 2147483648"
# Up to the highest events of this seal nothing can come any more: whatever was open then had ended at a later one.
SETTLED = """
  SELECT k.reached FROM registry_auditseal k
  WHERE k.newest <= (SELECT oldest FROM registry_auditseal ORDER BY id DESC LIMIT 1)
  ORDER BY k.id DESC LIMIT 1
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION seal_audit() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan {same_text} AS $$
#variable_conflict use_column
DECLARE
  before registry_auditseal;
  settled jsonb;
  previous bytea;
  l registry_auditlink;
  f registry_auditform;
  one record;
  began bigint;
  oldest_now bigint;
  is_fresh boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock({lock}) THEN RETURN 0; END IF;
  INSERT INTO registry_auditform ("table", columns)
    SELECT * FROM (VALUES {forms}) new ("table", columns)
    WHERE NOT EXISTS (
      SELECT FROM registry_auditform old WHERE old."table" = new."table" AND old.columns = new.columns
    );
  is_fresh := pg_current_xact_id_if_assigned() IS NULL;
  oldest_now := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  SELECT * INTO before FROM registry_auditseal ORDER BY id DESC LIMIT 1;
  settled := ({settled});
  SELECT x.sequence, x.link INTO began, previous FROM registry_auditlink x ORDER BY x.sequence DESC LIMIT 1;
  began := coalesce(began, 0);
  previous := coalesce(previous, ''::bytea);
  l.sequence := began;
  FOR one IN SELECT * FROM ({unsealed}) unsealed ORDER BY at, form_id, event_id LOOP
    f."table" := one."table";
    l.sequence := l.sequence + 1;
    l.form_id := one.form_id;
    l.event_id := one.event_id;
    l.salt := uuid_send(gen_random_uuid());
    l.digest := sha256(l.salt || convert_to(one.payload, 'UTF8'));
    l.at := one.at;
    l.center_id := one.center_id;
    l.by_id := one.by_id;
    l.door := one.door;
    l.label := one.label;
    l.case_id := one.case_id;
    previous := sha256(previous || convert_to({said}, 'UTF8'));
    l.link := previous;
    INSERT INTO registry_auditlink ({columns}) VALUES ({values});
  END LOOP;
  IF l.sequence > began THEN
    INSERT INTO registry_auditseal (sealed_at, sequence, oldest, newest, reached)
    VALUES (
      clock_timestamp(), l.sequence, oldest_now, CASE WHEN is_fresh THEN pg_current_xact_id()::text::bigint END,
      coalesce(before.reached, '{{}}') || coalesce((
        SELECT jsonb_object_agg(name, greatest(highest, (before.reached ->> name)::bigint)) FROM (
          SELECT y."table" AS name, max(x.event_id) AS highest
          FROM registry_auditlink x JOIN registry_auditform y ON y.id = x.form_id
          WHERE x.sequence > began GROUP BY 1
        ) added
      ), '{{}}')
    );
  END IF;
  RETURN l.sequence - began;
END
$$;
REVOKE ALL ON FUNCTION seal_audit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seal_audit() TO {app};
"""
UNSEALED = """
  SELECT '{table}'::text AS "table", ({form}) AS form_id, e.{key} AS event_id, {payload} AS payload, {at} AS at,
    {center} AS center_id, {by} AS by_id, {door} AS door, {label} AS label, {case} AS case_id
  FROM {name} e
  LEFT JOIN LATERAL (
    SELECT TRUE AS is_there FROM registry_auditlink x
    WHERE x.form_id = ANY (ARRAY(SELECT id FROM registry_auditform WHERE "table" = '{table}')) AND x.event_id = e.{key}
    LIMIT 1
  ) linked ON TRUE
  WHERE e.{key} > coalesce((settled ->> '{table}')::bigint, -9223372036854775808) AND linked.is_there IS NULL
    AND NOT coalesce(e.{key} <= (before.reached ->> '{table}')::bigint AND {backdated}, FALSE)
"""


def function() -> str:
    """Write the function that seals, for the tables and columns as they are now."""
    found = arms()
    columns = [str(field.column) for field in AuditLink._meta.local_concrete_fields]
    return FUNCTION.format(
        same_text=" ".join(f"SET {name} = '{value}'" for name, value in SAME_TEXT.items()),
        lock=ONE_AT_A_TIME,
        forms=", ".join(f"('{arm.table}'::text, {_array(arm)})" for arm in found),
        settled=SETTLED,
        unsealed=" UNION ALL ".join(_unsealed(arm) for arm in found),
        said=SAID,
        columns=", ".join(map(quoted, columns)),
        values=", ".join(quoted(f"l.{column}") for column in columns),
        app=APP,
    )


def _array(arm: Arm) -> str:
    return "'{" + ",".join(arm.columns) + "}'::varchar[]"


def _unsealed(arm: Arm) -> str:
    form = f"""SELECT id FROM registry_auditform WHERE "table" = '{arm.table}' AND columns = {_array(arm)}"""  # nosec B608  # names of ours
    return UNSEALED.format(
        table=arm.table,
        form=form,
        name=quoted(arm.table),
        key=quoted(arm.key),
        payload=payload(arm.columns),
        at=arm.at,
        center=arm.center,
        by=arm.by,
        door=arm.door,
        label=arm.label,
        case=arm.case,
        backdated=BACKDATED.format(newest="before.newest"),
    )


def seal() -> int:
    """Put what happened into the chain, and return how many events came; none while another process is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT seal_audit()")
        return int(cursor.fetchone()[0])


def last_seal() -> AuditSeal | None:
    """The newest seal."""
    return AuditSeal.objects.order_by("-pk").first()
