-- The rows of the axis's received list that were taken over, with what became of each; deliveries in groups.
-- +goose Up
CREATE TABLE parcels (
  id            TEXT PRIMARY KEY,
  rev           BIGINT NOT NULL,
  axis_doc_id   TEXT NOT NULL,
  kind          TEXT NOT NULL,
  from_organ_id TEXT NOT NULL,
  to_organ_id   TEXT NOT NULL,
  agency_id     TEXT NOT NULL,
  taken_at      BIGINT NOT NULL,
  raw_key       TEXT NOT NULL,
  strikes       INTEGER NOT NULL,
  last_error    TEXT NOT NULL,
  outcome       TEXT NOT NULL,
  fetched_at    BIGINT NOT NULL,
  decided_at    BIGINT
);
CREATE INDEX parcels_in_work ON parcels (fetched_at) WHERE outcome = '';

-- Deliveries that go in one message, and the words of the newest failure.
ALTER TABLE deliveries ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN last_error_with TEXT NOT NULL DEFAULT 'null';
CREATE INDEX deliveries_group ON deliveries (group_id) WHERE group_id <> '';
CREATE INDEX deliveries_given_up ON deliveries (agency_id, no) WHERE state = 'FAILED';

-- +goose Down
DROP INDEX deliveries_given_up;
DROP INDEX deliveries_group;
ALTER TABLE deliveries DROP COLUMN last_error_with;
ALTER TABLE deliveries DROP COLUMN group_id;
DROP TABLE parcels;
