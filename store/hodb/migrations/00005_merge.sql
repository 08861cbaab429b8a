-- +goose Up

-- Entries that make one member part of another, in the order in which they count; the first is the one that does.
CREATE TABLE member_merge (
    gone_id      BIGINT NOT NULL,
    into_id      BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    PRIMARY KEY (gone_id, business_day, at_ms, store_id, epoch, seq)
);
