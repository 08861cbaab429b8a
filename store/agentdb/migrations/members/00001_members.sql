-- +goose Up

-- What head office sent. Every row carries the feed epoch that it came with: after a new epoch is complete, what did not
-- come again is swept.
CREATE TABLE member (
    id         INTEGER PRIMARY KEY CHECK (id > 0),
    status     TEXT    NOT NULL,
    tier       TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    balance    INTEGER NOT NULL,
    lots       BLOB    NOT NULL, -- JSON, in the order of drawing
    through    INTEGER NOT NULL CHECK (through >= 0), -- last own entry that the row includes
    feed_epoch INTEGER NOT NULL
) STRICT;

CREATE TABLE member_card (
    card   BLOB    PRIMARY KEY CHECK (length(card) = 8),
    member INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX member_card_member ON member_card (member);

CREATE TABLE member_number (
    hmac   BLOB    PRIMARY KEY CHECK (length(hmac) = 32),
    member INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    masked TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX member_number_member ON member_number (member);

CREATE TABLE programme (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 32),
    valid_from TEXT    NOT NULL,
    document   BLOB    NOT NULL,
    feed_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hot (
    card       BLOB    PRIMARY KEY CHECK (length(card) = 8),
    reason     TEXT    NOT NULL,
    feed_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE voucher (
    card       BLOB    NOT NULL CHECK (length(card) = 8),
    seq        INTEGER NOT NULL CHECK (seq > 0),
    kind       INTEGER NOT NULL,
    amount     INTEGER NOT NULL,
    ref        BLOB    NOT NULL CHECK (length(ref) = 8),
    mac        BLOB    NOT NULL CHECK (length(mac) = 16),
    feed_epoch INTEGER NOT NULL,
    PRIMARY KEY (card, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_pos (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    feed_epoch INTEGER NOT NULL DEFAULT 0,
    cursor     INTEGER NOT NULL DEFAULT 0,
    watermark  INTEGER NOT NULL DEFAULT 0, -- own entries that head office has posted
    complete   INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)), -- the epoch was once pulled to its end
    lowest     INTEGER NOT NULL DEFAULT 0 -- until then: no member row of the epoch includes less of the own log
) STRICT;

INSERT INTO feed_pos (one) VALUES (1);
