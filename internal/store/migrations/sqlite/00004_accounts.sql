-- Who signs in: accounts, tokens for programs, sessions. Tokens are kept as their SHA-256.
-- +goose Up
CREATE TABLE accounts (
  id            TEXT PRIMARY KEY,
  username      TEXT NOT NULL,
  username_key  TEXT NOT NULL UNIQUE,
  person_id     TEXT NOT NULL REFERENCES people (id),
  password_hash TEXT NOT NULL,
  language      TEXT NOT NULL,
  locked        BOOLEAN NOT NULL,
  failed_logins INTEGER NOT NULL,
  locked_until  BIGINT,
  epoch         BIGINT NOT NULL
);

CREATE TABLE api_tokens (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  name        TEXT NOT NULL,
  hash        TEXT NOT NULL UNIQUE,
  position_id TEXT NOT NULL REFERENCES positions (id),
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT,
  revoked_at  BIGINT
);
CREATE INDEX api_tokens_account ON api_tokens (account_id);

CREATE TABLE sessions (
  hash    TEXT PRIMARY KEY,
  data    BLOB NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);

-- +goose Down
DROP TABLE sessions;
DROP TABLE api_tokens;
DROP TABLE accounts;
