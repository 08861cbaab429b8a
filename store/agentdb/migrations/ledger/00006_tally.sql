-- +goose Up

-- What this store's entries have used of things that there is only so much of, in all.
CREATE TABLE tally (
    what TEXT    NOT NULL CHECK (what IN ('points', 'money', 'pieces')),
    of   TEXT    NOT NULL, -- campaign, for points and money of its budget; else reward, kind of coupon or surprise
    n    INTEGER NOT NULL,
    PRIMARY KEY (what, of)
) STRICT, WITHOUT ROWID;

-- Gift cards that this store sold, as its entries left them.
CREATE TABLE gift_card (
    serial  TEXT    PRIMARY KEY,
    kind    TEXT    NOT NULL,
    balance INTEGER NOT NULL, -- minor units
    active  INTEGER NOT NULL CHECK (active IN (0, 1)),
    expires TEXT    NOT NULL, -- last valid day; empty: none
    holder  INTEGER NOT NULL, -- member; 0: whoever has it
    uses    INTEGER NOT NULL CHECK (uses >= 0)
) STRICT, WITHOUT ROWID;

-- What a sale that waits for its card will use of both: nobody else may have it meanwhile.
CREATE TABLE hold (
    txn  BLOB    NOT NULL CHECK (length(txn) = 16),
    what TEXT    NOT NULL CHECK (what IN ('points', 'money', 'pieces', 'card')),
    of   TEXT    NOT NULL,
    n    INTEGER NOT NULL CHECK (n > 0),
    PRIMARY KEY (txn, what, of)
) STRICT, WITHOUT ROWID;

-- Whether the entries that are older than these tables were counted in.
ALTER TABLE ledger ADD COLUMN tallied INTEGER NOT NULL DEFAULT 0 CHECK (tallied IN (0, 1));
