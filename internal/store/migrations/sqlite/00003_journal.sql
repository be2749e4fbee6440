-- The journal and its head. The head's row is the last lock a transaction takes.
-- +goose Up
CREATE TABLE journal (
  seq          INTEGER PRIMARY KEY,
  written_at   BIGINT NOT NULL,
  account_id   TEXT NOT NULL,
  actor_name   TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  position_id  TEXT NOT NULL,
  agency_id    TEXT NOT NULL,
  action       TEXT NOT NULL,
  object_kind  TEXT NOT NULL,
  object_id    TEXT NOT NULL,
  version_hash TEXT NOT NULL,
  detail       TEXT NOT NULL,
  prev         TEXT NOT NULL,
  hash         TEXT NOT NULL
);
CREATE INDEX journal_object ON journal (object_kind, object_id, seq);

CREATE TABLE journal_head (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  size BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO journal_head (id, size, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- +goose Down
DROP TABLE journal_head;
DROP TABLE journal;
