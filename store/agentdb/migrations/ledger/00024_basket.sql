-- +goose Up

-- Bills that nobody has paid yet: set aside at a till, or sent to one by a POS. They are not of the ledger: nothing follows from them
-- before they are paid, and a row goes when its bill is sold, given up or too old.
CREATE TABLE basket (
    id    BLOB    PRIMARY KEY CHECK (length(id) = 16), -- of the sale that it becomes
    taken INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0), -- the till that has it, 0: none
    at    INTEGER NOT NULL,
    body  BLOB    NOT NULL CHECK (length(body) > 1)
) STRICT;
