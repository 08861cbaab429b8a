-- +goose Up

-- Keys that seal what is personal of a member, as head office gives them: wrapped (docs/ledger.md, 10). A row goes when the member is erased.
CREATE TABLE member_key (
    member  INTEGER PRIMARY KEY REFERENCES member (id) ON DELETE CASCADE,
    wrapped BLOB    NOT NULL CHECK (length(wrapped) = 60)
) STRICT;

-- The person was erased, not only made part of another.
ALTER TABLE member ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));

-- Keys of the members to come, one behind the other; all zeros for who was erased.
ALTER TABLE member_range ADD COLUMN keys BLOB NOT NULL DEFAULT x'';

-- Such rows came without keys before: the feed is pulled once more from its beginning.
UPDATE feed_pos SET cursor = 0, complete = 0, lowest = 9223372036854775807 WHERE cursor > 0;
