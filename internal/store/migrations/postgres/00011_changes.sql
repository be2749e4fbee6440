-- Recalls, updates and replacements of documents that were sent: one row per document and
-- other side, kept for good. What was set aside is settled by the clerk's act.
-- +goose Up
CREATE TABLE changes (
  no          BIGINT GENERATED ALWAYS AS IDENTITY,
  id          TEXT NOT NULL UNIQUE,
  rev         BIGINT NOT NULL,
  agency_id   TEXT NOT NULL REFERENCES agencies (id),
  kind        TEXT NOT NULL,
  state       TEXT NOT NULL,
  outgoing_id TEXT REFERENCES outgoing (id),
  delivery_id TEXT REFERENCES deliveries (id),
  incoming_id TEXT REFERENCES incoming (id),
  carrier_id  TEXT NOT NULL,
  organ_id    TEXT NOT NULL,
  organ_name  TEXT NOT NULL,
  reason      TEXT NOT NULL,
  consignment TEXT NOT NULL,
  hash        TEXT NOT NULL,
  raw_key     TEXT NOT NULL,
  before      TEXT NOT NULL,
  asked_by    TEXT NOT NULL,
  asked_at    BIGINT NOT NULL,
  answered_by TEXT NOT NULL,
  answered_at BIGINT,
  answer      TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  last_error  TEXT NOT NULL,
  updated_at  BIGINT NOT NULL,
  CHECK ((outgoing_id IS NULL) <> (incoming_id IS NULL))
);
CREATE INDEX changes_outgoing ON changes (outgoing_id, no) WHERE outgoing_id IS NOT NULL;
CREATE INDEX changes_incoming ON changes (incoming_id, no) WHERE incoming_id IS NOT NULL;
CREATE INDEX changes_carrier ON changes (carrier_id, no) WHERE carrier_id <> '';
CREATE INDEX changes_waiting ON changes (agency_id, incoming_id) WHERE state = 'WAITING';
-- What has not been answered within the day is counted on every home page of a clerk.
CREATE INDEX deliveries_unheard ON deliveries (agency_id, updated_at) WHERE state IN ('SENT', 'ARRIVED');

-- One document may be asked about more than once; each question has its own answer.
ALTER TABLE notices ADD COLUMN about TEXT NOT NULL DEFAULT '';
DROP INDEX notices_code;
CREATE UNIQUE INDEX notices_code ON notices (incoming_id, code, about);

ALTER TABLE outgoing ADD COLUMN effect TEXT NOT NULL DEFAULT '{}';
ALTER TABLE incoming ADD COLUMN previous_id TEXT NOT NULL DEFAULT '';
CREATE INDEX incoming_named ON incoming (agency_id, document_id);

ALTER TABLE quarantine ADD COLUMN rev BIGINT NOT NULL DEFAULT 1;
ALTER TABLE quarantine ADD COLUMN state TEXT NOT NULL DEFAULT 'HELD';
ALTER TABLE quarantine ADD COLUMN axis_doc_id TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN recipient TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN consignment TEXT NOT NULL DEFAULT 'null';
ALTER TABLE quarantine ADD COLUMN incoming_id TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN settled_by TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN settled_at BIGINT;
CREATE INDEX quarantine_list ON quarantine (agency_id, set_aside_at, id);

-- +goose Down
DROP INDEX quarantine_list;
ALTER TABLE quarantine DROP COLUMN settled_at;
ALTER TABLE quarantine DROP COLUMN settled_by;
ALTER TABLE quarantine DROP COLUMN note;
ALTER TABLE quarantine DROP COLUMN incoming_id;
ALTER TABLE quarantine DROP COLUMN consignment;
ALTER TABLE quarantine DROP COLUMN recipient;
ALTER TABLE quarantine DROP COLUMN axis_doc_id;
ALTER TABLE quarantine DROP COLUMN state;
ALTER TABLE quarantine DROP COLUMN rev;
DROP INDEX incoming_named;
ALTER TABLE incoming DROP COLUMN previous_id;
ALTER TABLE outgoing DROP COLUMN effect;
DROP INDEX notices_code;
DELETE FROM notices WHERE about <> '';
ALTER TABLE notices DROP COLUMN about;
CREATE UNIQUE INDEX notices_code ON notices (incoming_id, code);
DROP INDEX deliveries_unheard;
DROP TABLE changes;
