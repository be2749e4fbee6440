-- How far the signatures of a document are towards the level asked for, what of it left the
-- agency, and the blob of evidence that a report was made with. level_since and level_code
-- repeat what waits, for the watch over the timestamp service.
-- +goose Up
ALTER TABLE outgoing ADD COLUMN level TEXT NOT NULL DEFAULT '{}';
ALTER TABLE outgoing ADD COLUMN sent TEXT NOT NULL DEFAULT 'null';
ALTER TABLE outgoing ADD COLUMN level_since BIGINT;
ALTER TABLE outgoing ADD COLUMN level_code TEXT NOT NULL DEFAULT '';
CREATE INDEX outgoing_level ON outgoing (level_since) WHERE level_since IS NOT NULL;
ALTER TABLE versions ADD COLUMN level TEXT NOT NULL DEFAULT '';
ALTER TABLE reports ADD COLUMN evidence TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE reports DROP COLUMN evidence;
ALTER TABLE versions DROP COLUMN level;
DROP INDEX outgoing_level;
ALTER TABLE outgoing DROP COLUMN level_code;
ALTER TABLE outgoing DROP COLUMN level_since;
ALTER TABLE outgoing DROP COLUMN sent;
ALTER TABLE outgoing DROP COLUMN level;
