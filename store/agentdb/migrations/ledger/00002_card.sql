-- +goose Up

-- Written before a DEBIT is sent (card.md 4), so that a debit whose answer was lost is settled at the next tap.
CREATE TABLE card_intent (
    txn     BLOB    PRIMARY KEY CHECK (length(txn) = 16),
    card    BLOB    NOT NULL CHECK (length(card) = 8),
    ctr0    INTEGER NOT NULL CHECK (ctr0 >= 0),
    amount  INTEGER NOT NULL CHECK (amount > 0),
    r       BLOB    CHECK (length(r) = 16), -- undoes the debit; forgotten with the outcome
    lane    INTEGER NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    request BLOB    NOT NULL, -- the sale as the till asked for it, JSON
    opened  INTEGER NOT NULL, -- UTC, milliseconds
    state   TEXT    NOT NULL CHECK (state IN ('open', 'dropped', 'done', 'cancelled', 'void')),
    seq     INTEGER REFERENCES entry (seq), -- the entry that settled it
    CHECK ((state IN ('open', 'dropped')) = (r IS NOT NULL)),
    CHECK ((state IN ('done', 'cancelled')) = (seq IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX card_intent_open ON card_intent (card) WHERE state IN ('open', 'dropped');

-- What cards answered, by their own counter. One counter with two contents is a copied card: both are kept.
CREATE TABLE card_record (
    card        BLOB    NOT NULL CHECK (length(card) = 8),
    ctr         INTEGER NOT NULL,
    seq         INTEGER NOT NULL REFERENCES entry (seq),
    type        INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    new_balance INTEGER NOT NULL,
    PRIMARY KEY (card, ctr, seq)
) STRICT, WITHOUT ROWID;
