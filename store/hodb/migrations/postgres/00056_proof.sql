-- +goose Up

-- Of two entries that gave the same proof of an activity one counts: the other is kept too, because the first may cease to.
ALTER TABLE proof ADD COLUMN counts BIGINT NOT NULL DEFAULT 1 CHECK (counts IN (0, 1));
