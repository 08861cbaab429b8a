-- +goose Up

-- What head office tells of a member's past, and of wallets beside the points: JSON.
ALTER TABLE member ADD COLUMN past BLOB NOT NULL DEFAULT x'7b7d';
ALTER TABLE member ADD COLUMN wallets BLOB NOT NULL DEFAULT x'5b5d';

-- Rows that came before do not tell it: the feed is pulled once more from its beginning.
UPDATE feed_pos SET cursor = 0, complete = 0, lowest = 9223372036854775807 WHERE cursor > 0;
