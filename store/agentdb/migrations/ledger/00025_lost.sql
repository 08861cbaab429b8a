-- +goose Up

-- Cards that members said here they had lost. They are refused in this store until head office has the entry: its hot list decides then.
CREATE TABLE lost (
    card BLOB    PRIMARY KEY CHECK (length(card) = 8),
    seq  INTEGER NOT NULL REFERENCES entry (seq)
) STRICT;
