"""The wall around the vault: one role reads and writes its tables, and the application calls functions of that role.

Raised after each migration, like the other walls (`registry/walls.py`). Each function looks at the centers in the scope
of the transaction. An identity is kept as long as the row of `cases_heldidentity` that says so: whatever removes that
row, an erasure or a hand at the database, removes the identity in the same statement.
"""

from __future__ import annotations

from typing import Any

from registry.chain.arms import READINGS
from registry.database.roles import APP, VAULT

HELD = "cases_heldidentity"
ONE_AT_A_TIME = (
    7_240_005  # advisory lock: of two centers that bring the same patient at once, one sees the other
)
IN_SCOPE = "ANY (public.app_centers())"
SAFE = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

SQL = f"""
GRANT USAGE, CREATE ON SCHEMA vault TO {VAULT};
GRANT USAGE ON SCHEMA vault TO {APP};
GRANT USAGE ON SCHEMA public TO {VAULT};
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.identity, vault.mark TO {VAULT};
REVOKE ALL ON vault.identity, vault.mark FROM {APP}, PUBLIC;
GRANT SELECT ON public.{HELD} TO {VAULT};
GRANT INSERT ON public.{READINGS} TO {VAULT};
GRANT USAGE ON SEQUENCE public.{READINGS}_id_seq TO {VAULT};

CREATE OR REPLACE FUNCTION vault.put(
  of_case bigint, by_key text, with_nonce bytea, closed bytea, kinds text[], made_by text, digests bytea[]
) RETURNS void LANGUAGE plpgsql {SAFE} AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.{HELD} h WHERE h.case_id = of_case AND h.center_id = {IN_SCOPE}) THEN
    RAISE EXCEPTION 'An identity is kept of a case in scope that says so.';
  END IF;
  PERFORM pg_advisory_xact_lock({ONE_AT_A_TIME});
  INSERT INTO vault.identity (case_id, key_id, nonce, content, written_at)
    VALUES (of_case, by_key, with_nonce, closed, now())
    ON CONFLICT (case_id) DO UPDATE
    SET key_id = excluded.key_id, nonce = excluded.nonce, content = excluded.content, written_at = now();
  DELETE FROM vault.mark WHERE case_id = of_case;
  INSERT INTO vault.mark (case_id, kind, version, digest)
    SELECT of_case, given.kind, made_by, given.digest FROM unnest(kinds, digests) AS given (kind, digest);
END
$$;

CREATE OR REPLACE FUNCTION vault.disclose(of_case bigint, reader bigint, by_door text, why text)
  RETURNS TABLE (key_id text, nonce bytea, content bytea) LANGUAGE plpgsql {SAFE} AS $$
#variable_conflict use_column
DECLARE
  of_center bigint;
BEGIN
  IF reader IS NULL OR btrim(coalesce(why, '')) = '' THEN
    RAISE EXCEPTION 'Who reads an identity has a name and a reason.';
  END IF;
  SELECT h.center_id INTO of_center FROM public.{HELD} h
    WHERE h.case_id = of_case AND h.center_id = {IN_SCOPE};
  IF of_center IS NULL THEN RETURN; END IF;
  INSERT INTO public.{READINGS} (at, center_id, by_id, door, what, case_id, count, note)
    VALUES (now(), of_center, reader, by_door, 'identity', of_case, 1, why);
  RETURN QUERY SELECT i.key_id::text, i.nonce, i.content FROM vault.identity i WHERE i.case_id = of_case;
END
$$;

CREATE OR REPLACE FUNCTION vault.twins(of_case bigint) RETURNS SETOF bigint LANGUAGE sql STABLE {SAFE} AS $$
  SELECT DISTINCT other.case_id
  FROM public.{HELD} own
  JOIN vault.mark m ON m.case_id = own.case_id
  JOIN vault.mark o ON o.digest = m.digest AND o.kind = m.kind AND o.version = m.version
  JOIN public.{HELD} other ON other.case_id = o.case_id
  WHERE own.case_id = of_case AND other.center_id <> own.center_id
    AND own.center_id = {IN_SCOPE} AND other.center_id = {IN_SCOPE}
$$;

CREATE OR REPLACE FUNCTION vault.follow() RETURNS trigger LANGUAGE plpgsql {SAFE} AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM vault.identity;
  ELSE
    DELETE FROM vault.identity WHERE case_id IN (SELECT gone.case_id FROM gone);
  END IF;
  RETURN NULL;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA vault FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault.put(bigint, text, bytea, bytea, text[], text, bytea[]) TO {APP};
GRANT EXECUTE ON FUNCTION vault.disclose(bigint, bigint, text, text) TO {APP};
GRANT EXECUTE ON FUNCTION vault.twins(bigint) TO {APP};
CREATE OR REPLACE TRIGGER vault_follows AFTER DELETE ON public.{HELD}
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION vault.follow();
CREATE OR REPLACE TRIGGER vault_follows_all AFTER TRUNCATE ON public.{HELD}
  FOR EACH STATEMENT EXECUTE FUNCTION vault.follow();
ALTER FUNCTION vault.put(bigint, text, bytea, bytea, text[], text, bytea[]) OWNER TO {VAULT};
ALTER FUNCTION vault.disclose(bigint, bigint, text, text) OWNER TO {VAULT};
ALTER FUNCTION vault.twins(bigint) OWNER TO {VAULT};
ALTER FUNCTION vault.follow() OWNER TO {VAULT};
"""  # nosec B608  # names of ours


def raise_wall(cursor: Any, tables: set[str]) -> None:
    """Bring rights and functions up to this file, once the tables and the role are there."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [VAULT])
    if cursor.fetchone() and HELD in tables:
        cursor.execute(SQL)
