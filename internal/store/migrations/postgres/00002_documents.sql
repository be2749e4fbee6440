-- Documents on their way out and in, their files and versions, approvals, assignments,
-- deliveries with their events, notices, reports, intents, uploads, quarantine, books.
-- rev grows with every write of a row: compare-and-swap.
-- +goose Up
CREATE TABLE books (
  agency_id  TEXT NOT NULL REFERENCES agencies (id),
  book_year  INTEGER NOT NULL,
  series_key TEXT NOT NULL,
  last_given INTEGER NOT NULL,
  last_date  TEXT NOT NULL,
  closed_at  BIGINT,
  closed_by  TEXT NOT NULL,
  PRIMARY KEY (agency_id, book_year, series_key)
);

CREATE TABLE outgoing (
  no            BIGINT GENERATED ALWAYS AS IDENTITY,
  id            TEXT NOT NULL UNIQUE,
  rev           BIGINT NOT NULL,
  agency_id     TEXT NOT NULL REFERENCES agencies (id),
  unit_id       TEXT NOT NULL,
  state         TEXT NOT NULL,
  type_code     TEXT NOT NULL,
  subject       TEXT NOT NULL,
  urgency       INTEGER NOT NULL,
  page_amount   INTEGER NOT NULL,
  due_date      TEXT NOT NULL,
  description   TEXT NOT NULL,
  language      TEXT NOT NULL,
  field_code    TEXT NOT NULL,
  to_places     TEXT NOT NULL,
  edition       INTEGER NOT NULL,
  drafter_id    TEXT NOT NULL,
  signer_id     TEXT NOT NULL,
  layout        TEXT NOT NULL,
  recipients    TEXT NOT NULL,
  reply_to      TEXT NOT NULL,
  response_for  TEXT NOT NULL,
  number        INTEGER NOT NULL,
  notation      TEXT NOT NULL,
  issued_date   TEXT NOT NULL,
  series_id     TEXT NOT NULL,
  document_id   TEXT NOT NULL,
  return_reason TEXT NOT NULL,
  warnings      TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  signed_at     BIGINT,
  issued_at     BIGINT,
  issued_year   INTEGER NOT NULL,
  party         TEXT NOT NULL,
  parties       INTEGER NOT NULL,
  search        TEXT NOT NULL
);
-- A number is given once in its series and year (NĐ 30/2020 Đ.15).
CREATE UNIQUE INDEX outgoing_number ON outgoing (agency_id, series_id, issued_year, number) WHERE number > 0;
CREATE INDEX outgoing_document_id ON outgoing (document_id) WHERE document_id <> '';
CREATE INDEX outgoing_reply_to ON outgoing (reply_to) WHERE reply_to <> '';
CREATE INDEX outgoing_list ON outgoing (agency_id, updated_at, id);
CREATE INDEX outgoing_state ON outgoing (agency_id, state, updated_at, id);
-- Without state and time, so that a step of the work does not touch them.
CREATE INDEX outgoing_drafter ON outgoing (drafter_id);
CREATE INDEX outgoing_signer ON outgoing (signer_id);
CREATE INDEX outgoing_unit ON outgoing (unit_id);

CREATE TABLE incoming (
  no             BIGINT GENERATED ALWAYS AS IDENTITY,
  id             TEXT NOT NULL UNIQUE,
  rev            BIGINT NOT NULL,
  agency_id      TEXT NOT NULL REFERENCES agencies (id),
  state          TEXT NOT NULL,
  type_code      TEXT NOT NULL,
  subject        TEXT NOT NULL,
  urgency        INTEGER NOT NULL,
  page_amount    INTEGER NOT NULL,
  due_date       TEXT NOT NULL,
  description    TEXT NOT NULL,
  language       TEXT NOT NULL,
  field_code     TEXT NOT NULL,
  to_places      TEXT NOT NULL,
  channel        TEXT NOT NULL,
  from_organ_id  TEXT NOT NULL,
  from_name      TEXT NOT NULL,
  content_hash   TEXT NOT NULL,
  document_id    TEXT NOT NULL,
  code_number    TEXT NOT NULL,
  code_notation  TEXT NOT NULL,
  issued_date    TEXT NOT NULL,
  signer_name    TEXT NOT NULL,
  signer_title   TEXT NOT NULL,
  competence     TEXT NOT NULL,
  response_for   TEXT NOT NULL,
  raw_key        TEXT NOT NULL,
  verdict        TEXT NOT NULL,
  arrival_number INTEGER NOT NULL,
  arrival_year   INTEGER NOT NULL,
  received_at    BIGINT NOT NULL,
  registered_at  BIGINT,
  resolved_at    BIGINT,
  presented_to   TEXT NOT NULL,
  refusal_reason TEXT NOT NULL,
  updated_at     BIGINT NOT NULL,
  from_key       TEXT NOT NULL,
  code_key       TEXT NOT NULL,
  deadline       TEXT NOT NULL DEFAULT '',
  search         TEXT NOT NULL
);
-- The incoming book: one number, one document (NĐ 30/2020 Đ.22).
CREATE UNIQUE INDEX incoming_arrival ON incoming (agency_id, arrival_year, arrival_number) WHERE arrival_number > 0;
-- The same message twice is one document.
CREATE UNIQUE INDEX incoming_content ON incoming (agency_id, from_key, document_id, content_hash) WHERE content_hash <> '';
CREATE INDEX incoming_like ON incoming (agency_id, from_key, code_key);
CREATE INDEX incoming_list ON incoming (agency_id, received_at, id);
CREATE INDEX incoming_state ON incoming (agency_id, state, received_at, id);
CREATE INDEX incoming_deadline ON incoming (agency_id, deadline) WHERE deadline <> '';
CREATE INDEX incoming_presented ON incoming (presented_to) WHERE presented_to <> '';

CREATE TABLE incoming_responses (
  incoming_id TEXT NOT NULL REFERENCES incoming (id) ON DELETE CASCADE,
  document_id TEXT NOT NULL,
  PRIMARY KEY (incoming_id, document_id)
);
CREATE INDEX incoming_responses_document ON incoming_responses (document_id);

-- A file belongs to one document; a file of an earlier edition is retired, never removed.
CREATE TABLE files (
  id          TEXT PRIMARY KEY,
  outgoing_id TEXT REFERENCES outgoing (id),
  incoming_id TEXT REFERENCES incoming (id),
  role        TEXT NOT NULL,
  ordinal     INTEGER NOT NULL,
  name        TEXT NOT NULL,
  media_type  TEXT NOT NULL,
  version_id  TEXT NOT NULL,
  retired     BOOLEAN NOT NULL,
  CHECK ((outgoing_id IS NULL) <> (incoming_id IS NULL))
);
CREATE INDEX files_outgoing ON files (outgoing_id, ordinal);
CREATE INDEX files_incoming ON files (incoming_id, ordinal);

CREATE TABLE versions (
  id         TEXT PRIMARY KEY,
  file_id    TEXT NOT NULL REFERENCES files (id),
  n          INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  blob_key   TEXT NOT NULL,
  size       BIGINT NOT NULL,
  hash_state BYTEA,
  pages      INTEGER NOT NULL,
  base_blob  TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX versions_n ON versions (file_id, n);
CREATE INDEX versions_blob ON versions (blob_key);

-- An approval that a return took back stays with active false.
CREATE TABLE approvals (
  no            BIGINT GENERATED ALWAYS AS IDENTITY,
  outgoing_id   TEXT NOT NULL REFERENCES outgoing (id),
  kind          TEXT NOT NULL,
  edition       INTEGER NOT NULL,
  manifest      TEXT NOT NULL,
  position_id   TEXT NOT NULL,
  person_name   TEXT NOT NULL,
  on_behalf_of  TEXT NOT NULL,
  approved_at   BIGINT NOT NULL,
  active        BOOLEAN NOT NULL
);
CREATE INDEX approvals_outgoing ON approvals (outgoing_id, no);

CREATE TABLE assignments (
  no          BIGINT GENERATED ALWAYS AS IDENTITY,
  id          TEXT NOT NULL UNIQUE,
  rev         BIGINT NOT NULL,
  incoming_id TEXT NOT NULL REFERENCES incoming (id),
  giver_id    TEXT NOT NULL,
  position_id TEXT NOT NULL,
  unit_id     TEXT NOT NULL,
  role        TEXT NOT NULL,
  state       TEXT NOT NULL,
  deadline    TEXT NOT NULL,
  opinion     TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  started_at  BIGINT,
  done_at     BIGINT,
  note        TEXT NOT NULL
);
CREATE INDEX assignments_incoming ON assignments (incoming_id, no);
CREATE INDEX assignments_position ON assignments (position_id, state, incoming_id);
CREATE INDEX assignments_unit ON assignments (unit_id, state, incoming_id);

CREATE TABLE deliveries (
  no                 BIGINT GENERATED ALWAYS AS IDENTITY,
  id                 TEXT NOT NULL UNIQUE,
  rev                BIGINT NOT NULL,
  outgoing_id        TEXT NOT NULL REFERENCES outgoing (id),
  agency_id          TEXT NOT NULL,
  recipient_organ_id TEXT NOT NULL,
  recipient_name     TEXT NOT NULL,
  channel            TEXT NOT NULL,
  state              TEXT NOT NULL,
  document_id        TEXT NOT NULL,
  axis_doc_id        TEXT NOT NULL,
  attempts           INTEGER NOT NULL,
  last_error         TEXT NOT NULL,
  queued_at          BIGINT NOT NULL,
  updated_at         BIGINT NOT NULL,
  recipient_key      TEXT NOT NULL
);
CREATE INDEX deliveries_outgoing ON deliveries (outgoing_id, no);
CREATE INDEX deliveries_to ON deliveries (document_id, recipient_key);
CREATE INDEX deliveries_failed ON deliveries (outgoing_id) WHERE state = 'FAILED';

CREATE TABLE delivery_events (
  delivery_id TEXT NOT NULL REFERENCES deliveries (id),
  n           INTEGER NOT NULL,
  state       TEXT NOT NULL,
  code        TEXT NOT NULL,
  description TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  reported_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (delivery_id, n)
);
CREATE UNIQUE INDEX delivery_events_code ON delivery_events (delivery_id, code, reported_at) WHERE code <> '';

CREATE TABLE notices (
  id          TEXT PRIMARY KEY,
  rev         BIGINT NOT NULL,
  incoming_id TEXT NOT NULL REFERENCES incoming (id),
  code        TEXT NOT NULL,
  channel     TEXT NOT NULL,
  message     TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  last_error  TEXT NOT NULL,
  sent_at     BIGINT
);
CREATE UNIQUE INDEX notices_code ON notices (incoming_id, code);

CREATE TABLE reports (
  no         BIGINT GENERATED ALWAYS AS IDENTITY,
  blob_key   TEXT NOT NULL,
  verdict    TEXT NOT NULL,
  checked_at BIGINT NOT NULL,
  report     TEXT NOT NULL
);
CREATE INDEX reports_blob ON reports (blob_key, no);

CREATE TABLE intents (
  no          BIGINT GENERATED ALWAYS AS IDENTITY,
  id          TEXT NOT NULL UNIQUE,
  rev         BIGINT NOT NULL,
  document_id TEXT NOT NULL,
  file_id     TEXT NOT NULL,
  purpose     TEXT NOT NULL,
  position_id TEXT NOT NULL,
  person_name TEXT NOT NULL,
  base_blob   TEXT NOT NULL,
  digest      TEXT NOT NULL,
  key_uri     TEXT NOT NULL,
  intended_at BIGINT NOT NULL,
  outcome     TEXT NOT NULL,
  code        TEXT NOT NULL,
  result_blob TEXT NOT NULL,
  done_at     BIGINT
);
CREATE INDEX intents_document ON intents (document_id, no);

CREATE TABLE uploads (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL,
  position_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  media_type  TEXT NOT NULL,
  blob_key    TEXT NOT NULL,
  size        BIGINT NOT NULL,
  hash_state  BYTEA,
  pages       INTEGER NOT NULL,
  uploaded_at BIGINT NOT NULL
);

CREATE TABLE quarantine (
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

-- +goose Down
DROP TABLE quarantine;
DROP TABLE uploads;
DROP TABLE intents;
DROP TABLE reports;
DROP TABLE notices;
DROP TABLE delivery_events;
DROP TABLE deliveries;
DROP TABLE assignments;
DROP TABLE approvals;
DROP TABLE versions;
DROP TABLE files;
DROP TABLE incoming_responses;
DROP TABLE incoming;
DROP TABLE outgoing;
DROP TABLE books;
