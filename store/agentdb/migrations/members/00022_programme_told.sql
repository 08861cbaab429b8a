-- +goose Up

-- When head office published a version and when it first came here, milliseconds; 0: nobody has said, or it came before this was noted.
ALTER TABLE programme ADD COLUMN published_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE programme ADD COLUMN arrived_at INTEGER NOT NULL DEFAULT 0;
