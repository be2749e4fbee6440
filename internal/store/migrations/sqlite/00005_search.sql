-- Search by folded words: the search column holds them, the index follows it.
-- +goose Up
CREATE VIRTUAL TABLE outgoing_words USING fts5 (search, content = 'outgoing', content_rowid = 'no', tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE incoming_words USING fts5 (search, content = 'incoming', content_rowid = 'no', tokenize = 'unicode61 remove_diacritics 0');
-- +goose StatementBegin
CREATE TRIGGER outgoing_words_insert AFTER INSERT ON outgoing BEGIN
  INSERT INTO outgoing_words (rowid, search) VALUES (new.no, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outgoing_words_update AFTER UPDATE OF search ON outgoing WHEN old.search <> new.search BEGIN
  INSERT INTO outgoing_words (outgoing_words, rowid, search) VALUES ('delete', old.no, old.search);
  INSERT INTO outgoing_words (rowid, search) VALUES (new.no, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incoming_words_insert AFTER INSERT ON incoming BEGIN
  INSERT INTO incoming_words (rowid, search) VALUES (new.no, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incoming_words_update AFTER UPDATE OF search ON incoming WHEN old.search <> new.search BEGIN
  INSERT INTO incoming_words (incoming_words, rowid, search) VALUES ('delete', old.no, old.search);
  INSERT INTO incoming_words (rowid, search) VALUES (new.no, new.search);
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE outgoing_words;
DROP TABLE incoming_words;
DROP TRIGGER outgoing_words_insert;
DROP TRIGGER outgoing_words_update;
DROP TRIGGER incoming_words_insert;
DROP TRIGGER incoming_words_update;
