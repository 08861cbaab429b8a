-- +goose Up

-- How often the store has tried the sale: giving points up for an earlier try, told late, does not take them from a later one.
ALTER TABLE online_reservation ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;
