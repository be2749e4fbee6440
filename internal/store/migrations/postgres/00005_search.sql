-- Search by folded words: the search column holds them, words follows it and is indexed.
-- The 'simple' configuration neither stems nor drops words; nothing here needs an extension.
-- +goose Up
ALTER TABLE outgoing ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', search)) STORED;
ALTER TABLE incoming ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', search)) STORED;
CREATE INDEX outgoing_words ON outgoing USING gin (words);
CREATE INDEX incoming_words ON incoming USING gin (words);

-- +goose Down
ALTER TABLE outgoing DROP COLUMN words;
ALTER TABLE incoming DROP COLUMN words;
