-- +goose Up

-- Keys that sign card certificates, in the words of the chain's root.
CREATE TABLE issuer (
    key_id    BLOB   PRIMARY KEY CHECK (length(key_id) = 8),
    statement BLOB   NOT NULL,
    revoked   BIGINT NOT NULL CHECK (revoked IN (0, 1)),
    since_ms  BIGINT NOT NULL
);

-- Stores hear of new kinds of things; the topics are the program's.
CREATE TABLE feed_of_any_topic (
    feed_seq BIGINT PRIMARY KEY CHECK (feed_seq >= 1),
    store_id BIGINT NOT NULL,
    topic    TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    UNIQUE (topic, key)
);
INSERT INTO feed_of_any_topic SELECT feed_seq, store_id, topic, key FROM feed;
DROP TABLE feed;
ALTER TABLE feed_of_any_topic RENAME TO feed;
