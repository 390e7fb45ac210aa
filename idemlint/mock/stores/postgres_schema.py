"""What the store keeps in PostgreSQL, and each transition as one function there: one statement, one transaction, one trip.

A hot counter row would make all work wait in line for its lock until the one before is on disk; so each connection counts
in a row of its own (`lane`), and the sum is what counts.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.records (
  key text PRIMARY KEY, fingerprint text NOT NULL, owner text NOT NULL, deadline float8 NOT NULL, answer bytea
);
CREATE INDEX IF NOT EXISTS records_by_deadline ON {schema}.records (deadline);
CREATE TABLE IF NOT EXISTS {schema}.resources (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, place text NOT NULL, identifier bytea NOT NULL,
  value bytea NOT NULL, UNIQUE (place, identifier)
);
CREATE TABLE IF NOT EXISTS {schema}.counts (
  operation bytea, lane int, number bigint NOT NULL, PRIMARY KEY (operation, lane)
);
"""

FUNCTIONS: Final = """
CREATE OR REPLACE FUNCTION {schema}.claim(
  its_key text, its_fingerprint text, its_owner text, its_now float8, its_deadline float8,
  OUT won boolean, OUT expired boolean, OUT held {schema}.records
) LANGUAGE plpgsql AS $$
BEGIN
  won := true;
  expired := false;
  LOOP
    INSERT INTO {schema}.records (key, fingerprint, owner, deadline)
      VALUES (its_key, its_fingerprint, its_owner, its_deadline) ON CONFLICT (key) DO NOTHING;
    IF FOUND THEN RETURN; END IF;
    SELECT * INTO held FROM {schema}.records WHERE key = its_key;
    IF NOT FOUND THEN CONTINUE; END IF; -- released since
    IF its_now < held.deadline THEN
      won := false;
      RETURN;
    END IF;
    UPDATE {schema}.records
      SET fingerprint = its_fingerprint, owner = its_owner, deadline = its_deadline, answer = NULL
      WHERE key = its_key AND owner = held.owner AND deadline = held.deadline;
    IF FOUND THEN
      expired := held.answer IS NOT NULL;
      held := NULL;
      RETURN;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION {schema}.happen(
  its_lane int, operations bytea[], counted boolean[], kinds text[], places text[], identifiers bytea[],
  after bytea[], before bytea[]
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  effect record;
BEGIN
  -- In one order for all, so that two of them never wait for each other.
  FOR effect IN
    SELECT * FROM unnest(kinds, places, identifiers, before) AS given (kind, place, identifier, before)
    WHERE kind IN ('update', 'delete') ORDER BY place, identifier
  LOOP
    PERFORM FROM {schema}.resources AS held
      WHERE held.place = effect.place AND held.identifier = effect.identifier AND held.value = effect.before FOR UPDATE;
    IF NOT FOUND THEN RETURN 'stale'; END IF;
  END LOOP;
  FOR effect IN
    SELECT * FROM unnest(operations, counted, kinds, places, identifiers, after)
      WITH ORDINALITY AS given (operation, counted, kind, place, identifier, value, at) ORDER BY at
  LOOP
    IF effect.counted THEN
      INSERT INTO {schema}.counts AS held VALUES (effect.operation, its_lane, 1)
        ON CONFLICT (operation, lane) DO UPDATE SET number = held.number + 1;
    END IF;
    IF effect.kind = 'delete' THEN
      DELETE FROM {schema}.resources AS held WHERE held.place = effect.place AND held.identifier = effect.identifier;
    ELSIF effect.kind <> 'other' THEN
      INSERT INTO {schema}.resources (place, identifier, value)
        VALUES (effect.place, effect.identifier, effect.value)
        ON CONFLICT (place, identifier) DO UPDATE SET value = excluded.value;
    END IF;
  END LOOP;
  RETURN 'done';
END $$;

CREATE OR REPLACE FUNCTION {schema}.complete(
  its_key text, its_owner text, its_answer bytea, its_deadline float8,
  its_lane int, operations bytea[], counted boolean[], kinds text[], places text[], identifiers bytea[],
  after bytea[], before bytea[]
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  written text := 'done';
BEGIN
  PERFORM FROM {schema}.records WHERE key = its_key AND owner = its_owner AND answer IS NULL FOR UPDATE;
  IF NOT FOUND THEN RETURN 'lost'; END IF;
  IF cardinality(kinds) > 0 THEN
    written := {schema}.happen(its_lane, operations, counted, kinds, places, identifiers, after, before);
  END IF;
  IF written <> 'done' THEN RETURN written; END IF;
  IF its_answer IS NULL THEN
    DELETE FROM {schema}.records WHERE key = its_key;
  ELSE
    UPDATE {schema}.records SET answer = its_answer, deadline = its_deadline WHERE key = its_key;
  END IF;
  RETURN 'done';
END $$;
"""

CLAIM: Final = (
    "SELECT won, expired, (held).fingerprint, (held).owner, (held).deadline, (held).answer "
    "FROM {schema}.claim(%s, %s, %s, %s, %s)"
)
COMPLETE: Final = "SELECT {schema}.complete(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
"""With no answer, the record goes: `keys.release`."""
APPLY: Final = "SELECT {schema}.happen(%s, %s, %s, %s, %s, %s, %s, %s)"
RENEW: Final = (
    "UPDATE {schema}.records SET deadline = %s WHERE key = %s AND owner = %s AND answer IS NULL RETURNING true"
)
FIND: Final = "SELECT fingerprint, owner, deadline, answer FROM {schema}.records WHERE key = %s"
RESOURCES: Final = "SELECT identifier, value FROM {schema}.resources WHERE place = %s ORDER BY number"
RESOURCE: Final = "SELECT value FROM {schema}.resources WHERE place = %s AND identifier = %s"
COUNTS: Final = "SELECT operation, sum(number)::bigint FROM {schema}.counts GROUP BY operation"
FORGET: Final = """
WITH gone AS (
  DELETE FROM {schema}.records WHERE key IN (
    SELECT key FROM {schema}.records WHERE deadline <= %s LIMIT %s FOR UPDATE SKIP LOCKED
  ) RETURNING 1
) SELECT count(*) FROM gone
"""
TRIM_RECORDS: Final = """
WITH gone AS (
  DELETE FROM {schema}.records WHERE key IN (
    SELECT key FROM {schema}.records ORDER BY answer IS NULL, deadline
    LIMIT (SELECT greatest(0, count(*) - %s) FROM {schema}.records) FOR UPDATE SKIP LOCKED
  ) RETURNING 1
) SELECT count(*) FROM gone
"""
TRIM_RESOURCES: Final = """
WITH gone AS (
  DELETE FROM {schema}.resources WHERE number IN (
    SELECT number FROM {schema}.resources ORDER BY number
    LIMIT (SELECT greatest(0, count(*) - %s) FROM {schema}.resources) FOR UPDATE SKIP LOCKED
  ) RETURNING 1
) SELECT count(*) FROM gone
"""
RESET: Final = "TRUNCATE {schema}.records, {schema}.resources, {schema}.counts"
