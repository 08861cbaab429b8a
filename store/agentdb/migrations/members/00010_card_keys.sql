-- +goose Up

-- Keys that sign card certificates, in the words of the chain's root. A revoked one stays through every feed epoch.
CREATE TABLE issuer (
    key        BLOB    PRIMARY KEY CHECK (length(key) = 8),
    statement  BLOB    NOT NULL,
    revoked    INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    feed_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- New certificates that wait for their cards.
CREATE TABLE renewal (
    card        BLOB    PRIMARY KEY CHECK (length(card) = 8),
    certificate BLOB    NOT NULL,
    mac         BLOB    NOT NULL CHECK (length(mac) = 16),
    feed_epoch  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows of both kinds may have been skipped before: the feed is pulled once more from its beginning.
UPDATE feed_pos SET cursor = 0, complete = 0, lowest = 9223372036854775807 WHERE cursor > 0;
