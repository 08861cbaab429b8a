-- +goose Up

-- Of a member's points, those that are set aside for other stores.
ALTER TABLE member ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;
