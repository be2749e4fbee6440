-- When the axis's list of agencies last named an agency of the directory: NULL for those
-- that were entered here. And which received document an outgoing one hands on.
-- +goose Up
ALTER TABLE agencies ADD COLUMN listed_at BIGINT;
CREATE INDEX agencies_listed ON agencies (listed_at);
CREATE INDEX agencies_sort ON agencies (sort_key, id);
ALTER TABLE outgoing ADD COLUMN forwards TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE outgoing DROP COLUMN forwards;
DROP INDEX agencies_sort;
DROP INDEX agencies_listed;
ALTER TABLE agencies DROP COLUMN listed_at;
