-- +goose Up

-- How far head office knows the journals of a member's cards: every record from 1 to ctr. A row is replaced with its member.
CREATE TABLE known_card (
    card   BLOB    PRIMARY KEY CHECK (length(card) = 8),
    member INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    ctr    INTEGER NOT NULL CHECK (ctr >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_card_member ON known_card (member);

-- Debits of this store that a card proves and that this store's log has not told of.
CREATE TABLE open_debit (
    txn    BLOB    PRIMARY KEY CHECK (length(txn) = 16),
    member INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX open_debit_member ON open_debit (member);
