-- +goose Up

-- When head office last told all that is new, Unix milliseconds; 0: not since this column is there.
ALTER TABLE feed_pos ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;
