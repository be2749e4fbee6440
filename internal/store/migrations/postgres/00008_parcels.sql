-- The rows of the axis's received list that were taken over, with what became of each.
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

-- +goose Down
DROP TABLE parcels;
