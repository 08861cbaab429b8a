-- +goose Up

-- Members who were erased and of whom nothing private is left in this file; a restored copy lacks the newest, and does it again.
CREATE TABLE forgotten (
    member INTEGER PRIMARY KEY CHECK (member > 0)
) STRICT;
