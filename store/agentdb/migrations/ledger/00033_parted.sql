-- +goose Up

-- The last entry that this log and head office's copy of it share, once the two have parted: a backup was put back. NULL: they are one.
ALTER TABLE ledger ADD COLUMN parted INTEGER CHECK (parted >= 0);
