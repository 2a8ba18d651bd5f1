"""Forgetting a case that a patient wants erased, and readings that are too old; the chain verifies on.

The application owns nothing of the trail, so functions of the database do it, and for one thing alone: events of a case
that is gone and has a tombstone, which the application can set and never take away. Each event that goes leaves an
erasure, which is an event itself. Of readings the oldest go together, none before 24 months are over, and leave one
erasure. `manage.py audit erase` (erasing.py) is the owner's own way for single events.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from registry.chain.arms import CASES, READINGS, READINGS_KEPT, Arm, arms, quoted
from registry.chain.sealing import ONE_AT_A_TIME
from registry.database.roles import APP

LINKS = "registry_auditlink"
PATIENTS = "cases_patient"
TOMBSTONES = "cases_tombstone"
QUERIES = "cases_dataqueryevent"
# Who read the case, and that it was erased and why, stays: nothing of it is about the patient.
STAYS = {READINGS, "cases_tombstoneevent"}

FUNCTIONS = """
CREATE OR REPLACE FUNCTION hold_trail() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock({lock});
  LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE;
END
$$;
CREATE OR REPLACE FUNCTION forget_case(of_case bigint, of_patient bigint, of_number text, why text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  total bigint := 0;
  sealed bigint;
  gone bigint;
  of_center bigint;
BEGIN
  SELECT t.center_id INTO of_center FROM {tombstones} t
    WHERE t.case_id = of_case AND t.patient_id = of_patient AND t.center_id = ANY (app_centers()) LIMIT 1;
  IF of_center IS NULL OR EXISTS (SELECT FROM {patients} WHERE id = of_patient)
    OR EXISTS (SELECT FROM {cases} WHERE id = of_case OR (center_id = of_center AND case_number = of_number))
  THEN
    RAISE EXCEPTION 'Only what an erased case has left behind can be forgotten.';
  END IF;
  SET CONSTRAINTS ALL IMMEDIATE;
  PERFORM hold_trail();
  PERFORM seal_audit();
  ALTER TABLE {links} DISABLE TRIGGER USER;
  {steps}
  ALTER TABLE {links} ENABLE TRIGGER USER;
  RETURN total;
END
$$;
CREATE OR REPLACE FUNCTION forget_readings(before timestamptz, why text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  last bigint;
  gone bigint;
BEGIN
  IF before > now() - interval '{kept}' THEN
    RAISE EXCEPTION 'Readings are kept for {kept}.';
  END IF;
  SELECT max(id) INTO last FROM {readings} WHERE at < before;
  IF last IS NULL THEN RETURN 0; END IF;
  PERFORM pg_advisory_xact_lock({lock});
  PERFORM seal_audit();
  ALTER TABLE {links} DISABLE TRIGGER USER;
  ALTER TABLE {readings} DISABLE TRIGGER USER;
  UPDATE {links} SET salt = NULL WHERE salt IS NOT NULL
    AND form_id IN (SELECT id FROM registry_auditform WHERE "table" = '{readings}')
    AND event_id IN (SELECT id FROM {readings} WHERE at < before);
  DELETE FROM {readings} WHERE at < before;
  GET DIAGNOSTICS gone = ROW_COUNT;
  INSERT INTO registry_erasure ("table", event_id, row_id, reason, erased_at)
    VALUES ('{readings}', last, last, why, now())
    ON CONFLICT DO NOTHING;
  ALTER TABLE {links} ENABLE TRIGGER USER;
  ALTER TABLE {readings} ENABLE TRIGGER USER;
  RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION hold_trail() FROM PUBLIC;
REVOKE ALL ON FUNCTION forget_readings(timestamptz, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION forget_case(bigint, bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hold_trail() TO {app};
GRANT EXECUTE ON FUNCTION forget_case(bigint, bigint, text, text) TO {app};
GRANT EXECUTE ON FUNCTION forget_readings(timestamptz, text) TO {app};
"""
STEP = """
  ALTER TABLE {name} DISABLE TRIGGER USER;
  UPDATE {links} SET salt = NULL
    WHERE form_id IN (SELECT id FROM registry_auditform WHERE "table" = '{table}')
    AND event_id IN (SELECT e.{key} FROM {name} e WHERE {of_case});
  GET DIAGNOSTICS sealed = ROW_COUNT;
  INSERT INTO registry_erasure ("table", event_id, row_id, reason, erased_at)
    SELECT '{table}', e.{key}, e.pgh_obj_id, why, now() FROM {name} e WHERE {of_case};
  DELETE FROM {name} e WHERE {of_case};
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone <> sealed THEN RAISE EXCEPTION 'Events of {table} are not sealed.'; END IF;
  ALTER TABLE {name} ENABLE TRIGGER USER;
  total := total + gone;
"""


def functions() -> str:
    """Write the functions, for the tables of the trail as they are now."""
    found = [(arm, of_case) for arm in arms() if (of_case := _of_case(arm))]
    steps = "".join(
        STEP.format(
            name=quoted(arm.table), table=arm.table, key=quoted(arm.key), links=LINKS, of_case=of_case
        )
        for arm, of_case in found
    )
    return FUNCTIONS.format(
        lock=ONE_AT_A_TIME,
        tables=", ".join([*(quoted(arm.table) for arm, _ in found), LINKS]),
        cases=CASES,
        patients=PATIENTS,
        tombstones=TOMBSTONES,
        links=LINKS,
        readings=READINGS,
        kept=READINGS_KEPT,
        steps=steps,
        app=APP,
    )


def _of_case(arm: Arm) -> str:
    """Which events of a table are about the case, as SQL; empty where none are."""
    if arm.table in STAYS:
        return ""
    tracked = arm.model.pgh_tracked_model._meta.db_table  # type: ignore[attr-defined]
    if tracked == PATIENTS:
        return "e.pgh_obj_id = of_patient"
    if arm.table == QUERIES:  # those of other cases ask whether the patient is the same, and name its number
        named = """e."values" @> jsonb_build_object('case_number', jsonb_build_array(of_number))"""
        return f"(e.case_id = of_case OR (e.center_id = of_center AND {named}))"
    return "" if arm.case.startswith("NULL") else f"{arm.case} = of_case"


def hold() -> None:
    """Let nobody write into the trail until this transaction ends: taken first, it cannot deadlock with writers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hold_trail()")


def forget(case_id: int, patient_id: int, *, case_number: str, reason: str) -> int:
    """Take away what the trail says of a case that has a tombstone and no row any more; returns how many events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_case(%s, %s, %s, %s)", [case_id, patient_id, case_number, reason])
        return int(cursor.fetchone()[0])


def forget_readings(before: datetime, *, reason: str) -> int:
    """Take away what was read before this moment; returns how many readings. The database keeps them for 24 months."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_readings(%s, %s)", [before, reason])
        return int(cursor.fetchone()[0])
