-- +goose Up

-- What head office works out of members: attributes that were entered, and articles that they usually buy. JSON lists, rising.
ALTER TABLE member ADD COLUMN attributes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE member ADD COLUMN personal TEXT NOT NULL DEFAULT '[]';

-- The rules by which it does, JSON. kind: a segment by its id; the list of a member's own articles has the id ''.
CREATE TABLE audience (
    kind TEXT NOT NULL CHECK (kind IN ('segment', 'personal')),
    id   TEXT NOT NULL,
    rule TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
