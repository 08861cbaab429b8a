-- +goose Up

-- Points that members redeemed in this store on a business day without a card with a purse, rewards included.
CREATE TABLE redeemed (
    day    TEXT    NOT NULL CHECK (length(day) = 10),
    member INTEGER NOT NULL CHECK (member > 0),
    points INTEGER NOT NULL CHECK (points > 0),
    PRIMARY KEY (day, member)
) STRICT, WITHOUT ROWID;

-- Entries that are older are counted again when the ledger is opened.
DELETE FROM tally;
DELETE FROM gift_card;
UPDATE ledger SET tallied = 0;
