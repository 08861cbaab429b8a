-- +goose Up

-- What the entry did to the member, so that a quote need not read whole entries: movements and step of the past, JSON. NULL in
-- rows that are older than this column; they are read from the entry.
ALTER TABLE pending ADD COLUMN effect BLOB;
