-- +goose Up

-- Head office signs every version of the programme. Versions that came before have no signature and are not used: the feed
-- is pulled once more from its beginning.
ALTER TABLE programme ADD COLUMN signature BLOB NOT NULL DEFAULT x'';

-- The digest of the last version that came with a wrong signature; empty when the last one that came was good.
ALTER TABLE feed_pos ADD COLUMN refused TEXT NOT NULL DEFAULT '';

UPDATE feed_pos SET cursor = 0, complete = 0, lowest = 9223372036854775807 WHERE cursor > 0;
