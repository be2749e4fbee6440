-- Search by folded words: the search column holds them, the index follows it. The 'simple'
-- configuration neither stems nor drops words; nothing here needs an extension.
-- +goose Up
CREATE INDEX outgoing_words ON outgoing USING gin (to_tsvector('simple', search));
CREATE INDEX incoming_words ON incoming USING gin (to_tsvector('simple', search));

-- +goose Down
DROP INDEX outgoing_words;
DROP INDEX incoming_words;
