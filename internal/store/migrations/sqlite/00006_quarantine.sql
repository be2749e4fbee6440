-- A message for an agency that the directory does not know is kept as well. SQLite changes
-- a column's rule only by making the table anew.
-- +goose Up
CREATE TABLE quarantine_new (
  id            TEXT PRIMARY KEY,
  agency_id     TEXT REFERENCES agencies (id),
  channel       TEXT NOT NULL,
  from_organ_id TEXT NOT NULL,
  from_name     TEXT NOT NULL,
  document_id   TEXT NOT NULL,
  raw_key       TEXT NOT NULL,
  reason        TEXT NOT NULL,
  secret        BOOLEAN NOT NULL,
  set_aside_at  BIGINT NOT NULL
);
INSERT INTO quarantine_new SELECT * FROM quarantine;
DROP TABLE quarantine;
ALTER TABLE quarantine_new RENAME TO quarantine;

-- +goose Down
CREATE TABLE quarantine_new (
  id            TEXT PRIMARY KEY,
  agency_id     TEXT NOT NULL REFERENCES agencies (id),
  channel       TEXT NOT NULL,
  from_organ_id TEXT NOT NULL,
  from_name     TEXT NOT NULL,
  document_id   TEXT NOT NULL,
  raw_key       TEXT NOT NULL,
  reason        TEXT NOT NULL,
  secret        BOOLEAN NOT NULL,
  set_aside_at  BIGINT NOT NULL
);
INSERT INTO quarantine_new SELECT * FROM quarantine WHERE agency_id IS NOT NULL;
DROP TABLE quarantine;
ALTER TABLE quarantine_new RENAME TO quarantine;
