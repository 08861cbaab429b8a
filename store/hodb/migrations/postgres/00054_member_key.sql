-- +goose Up

-- Keys that seal what is personal of members, wrapped: of one member, or of all those to whom a store gives numbers in turn, one behind the
-- other. A destroyed key is zeros (docs/head-office.md).
CREATE TABLE member_key (
    first_id BIGINT NOT NULL PRIMARY KEY,
    last_id  BIGINT NOT NULL CHECK (last_id >= first_id),
    wrapped  BYTEA  NOT NULL CHECK (length(wrapped) = 60 * (last_id - first_id + 1))
);

-- Who was erased, when and why.
CREATE TABLE erasure (
    member_id BIGINT NOT NULL PRIMARY KEY,
    reason    TEXT   NOT NULL,
    erased_at BIGINT NOT NULL
);

-- 0 until everything of before has its keys.
INSERT INTO counter (name, value) VALUES ('keyed', 0);
