-- +goose Up

-- What sales of this log spent of allowances (points of a member that head office moved here), and whether the log has ended them.
CREATE TABLE lease (
    lease   INTEGER PRIMARY KEY CHECK (lease > 0),
    member  INTEGER NOT NULL CHECK (member > 0),
    granted INTEGER NOT NULL,
    used    INTEGER NOT NULL CHECK (used BETWEEN 0 AND granted),
    ended   INTEGER NOT NULL CHECK (ended IN (0, 1))
) STRICT;
