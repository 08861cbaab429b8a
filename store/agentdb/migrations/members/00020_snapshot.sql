-- +goose Up

-- Parts of a snapshot of head office's registers that have come, until all are there and take the place of what stands here.
CREATE TABLE snapshot_part (
    sha256  BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    content BLOB NOT NULL
) STRICT;
