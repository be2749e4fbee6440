-- Who works where: agencies with their codes, units, people, positions, authority to sign,
-- enrolled certificates, holidays. Times are microseconds since 1970 UTC, dates yyyy-mm-dd
-- with '' for none, small nested values JSON text: the same in both databases.
-- +goose Up
CREATE TABLE agencies (
  id           TEXT PRIMARY KEY,
  parent_id    TEXT NOT NULL,
  name         TEXT NOT NULL,
  abbreviation TEXT NOT NULL,
  place        TEXT NOT NULL,
  superior     TEXT NOT NULL,
  block        TEXT NOT NULL,
  numbering    TEXT NOT NULL,
  local        BOOLEAN NOT NULL,
  closed_at    BIGINT,
  sort_key     TEXT COLLATE "C" NOT NULL,
  search       TEXT NOT NULL
);

CREATE TABLE agency_codes (
  agency_id  TEXT NOT NULL REFERENCES agencies (id) ON DELETE CASCADE,
  n          INTEGER NOT NULL,
  scheme     TEXT NOT NULL,
  value      TEXT NOT NULL,
  organ_key  TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to   TEXT NOT NULL,
  PRIMARY KEY (agency_id, n)
);
CREATE INDEX agency_codes_key ON agency_codes (organ_key);

CREATE TABLE units (
  id        TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies (id),
  name      TEXT NOT NULL,
  code      TEXT NOT NULL
);
CREATE INDEX units_agency ON units (agency_id);

CREATE TABLE people (
  id        TEXT PRIMARY KEY,
  full_name TEXT NOT NULL
);

CREATE TABLE positions (
  id         TEXT PRIMARY KEY,
  person_id  TEXT NOT NULL REFERENCES people (id),
  agency_id  TEXT NOT NULL REFERENCES agencies (id),
  unit_id    TEXT NOT NULL,
  title      TEXT NOT NULL,
  roles      TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to   TEXT NOT NULL
);
CREATE INDEX positions_agency ON positions (agency_id);
CREATE INDEX positions_person ON positions (person_id);

CREATE TABLE authorities (
  id                  TEXT PRIMARY KEY,
  agency_id           TEXT NOT NULL REFERENCES agencies (id),
  position_id         TEXT NOT NULL REFERENCES positions (id),
  kind                TEXT NOT NULL,
  grantor_position_id TEXT NOT NULL,
  grantor_title       TEXT NOT NULL,
  collective_name     TEXT NOT NULL,
  unit_head_title     TEXT NOT NULL,
  types               TEXT NOT NULL,
  content             TEXT NOT NULL,
  document_ref        TEXT NOT NULL,
  valid_from          TEXT NOT NULL,
  valid_to            TEXT NOT NULL
);
CREATE INDEX authorities_position ON authorities (position_id, valid_from);

CREATE TABLE credentials (
  id          TEXT PRIMARY KEY,
  owner       TEXT NOT NULL,
  owner_id    TEXT NOT NULL,
  key_uri     TEXT NOT NULL,
  chain_pem   BYTEA NOT NULL,
  fingerprint TEXT NOT NULL,
  image       BYTEA,
  seal_mm     DOUBLE PRECISION NOT NULL,
  demo        BOOLEAN NOT NULL,
  enrolled_at BIGINT NOT NULL,
  ended_at    BIGINT
);
-- One enrolled certificate per owner; the ended ones stay.
CREATE UNIQUE INDEX credentials_owner ON credentials (owner, owner_id) WHERE ended_at IS NULL;

CREATE TABLE calendar_days (
  day  TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('HOLIDAY', 'WORKDAY')),
  name TEXT NOT NULL,
  PRIMARY KEY (day, kind)
);

-- +goose Down
DROP TABLE calendar_days;
DROP TABLE credentials;
DROP TABLE authorities;
DROP TABLE positions;
DROP TABLE people;
DROP TABLE units;
DROP TABLE agency_codes;
DROP TABLE agencies;
