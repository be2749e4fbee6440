-- A message for an agency that the directory does not know is kept as well.
-- +goose Up
ALTER TABLE quarantine ALTER COLUMN agency_id DROP NOT NULL;

-- +goose Down
DELETE FROM quarantine WHERE agency_id IS NULL;
ALTER TABLE quarantine ALTER COLUMN agency_id SET NOT NULL;
