-- +goose Up

-- Numbers that this store makes members with.
CREATE TABLE member_range (
    first      INTEGER PRIMARY KEY CHECK (first > 0),
    last       INTEGER NOT NULL CHECK (last >= first),
    feed_epoch INTEGER NOT NULL
) STRICT;

-- Such rows may have been skipped before: the feed is pulled once more from its beginning.
UPDATE feed_pos SET cursor = 0, complete = 0, lowest = 9223372036854775807 WHERE cursor > 0;
