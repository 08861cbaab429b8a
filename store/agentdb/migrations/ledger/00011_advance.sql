-- +goose Up

-- Sales that were paid with points which no batch had taken away yet (card.md 4). A batch takes all entries from since to seq, or none.
CREATE TABLE advance (
    seq   INTEGER PRIMARY KEY REFERENCES entry (seq),
    since INTEGER NOT NULL CHECK (since > 0 AND since < seq)
) STRICT;

-- What sales will take so that wait for their card. Gone as soon as a batch takes the entries that it comes from.
CREATE TABLE advance_hold (
    txn    BLOB    PRIMARY KEY CHECK (length(txn) = 16),
    member INTEGER NOT NULL CHECK (member > 0),
    points INTEGER NOT NULL CHECK (points > 0),
    since  INTEGER NOT NULL CHECK (since > 0)
) STRICT, WITHOUT ROWID;
