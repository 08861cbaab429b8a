-- +goose Up

-- The code with which a store's next box enrols itself, one for each store. Of its secret there is a digest alone.
CREATE TABLE enrol_code (
    store_id   BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,                     -- first letters of the secret
    digest     BYTEA  NOT NULL CHECK (length(digest) = 32),
    offer      TEXT   NOT NULL,                            -- JSON: what the box will be told of its store
    expires_at BIGINT NOT NULL,
    tries_left BIGINT NOT NULL CHECK (tries_left >= 0),
    key_digest BYTEA  CHECK (length(key_digest) = 32),     -- of the box that used it
    answer     TEXT                                        -- JSON: what that box was told
);

-- Lives whose certificates are refused.
CREATE TABLE revoked (
    store_id   BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    reason     TEXT   NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (store_id, epoch)
);

-- When a start of an agent asked again after a newer one had fenced it: one box never does.
ALTER TABLE session ADD COLUMN fenced_at BIGINT;

-- Two boxes speak for this life in turn: neither is heard until a person has decided.
ALTER TABLE store_head ADD COLUMN quarantined_at BIGINT;

-- Where a life began that follows a fork: the last entry that both branches of the life before share.
ALTER TABLE store_head ADD COLUMN from_epoch BIGINT;
ALTER TABLE store_head ADD COLUMN from_seq BIGINT;

-- What a forked store has under numbers that head office knows otherwise: shown to a person, never posted.
CREATE TABLE branch (
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL CHECK (seq >= 1),
    body     BYTEA  NOT NULL,
    hash     BYTEA  NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (store_id, epoch, seq)
);
