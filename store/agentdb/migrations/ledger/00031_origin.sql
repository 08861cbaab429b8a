-- +goose Up

-- Web pages of other servers that a person let call this agent. Each has a token of its own, which works from there alone.
CREATE TABLE origin (
    origin TEXT    PRIMARY KEY CHECK (length(origin) BETWEEN 8 AND 300),
    token  BLOB    NOT NULL UNIQUE CHECK (length(token) = 32), -- its SHA-256
    since  INTEGER NOT NULL,
    staff  INTEGER NOT NULL -- who let it in
) STRICT;
