-- +goose Up

-- The files of a published day beside the log itself, as they were signed: they are never made again.
CREATE TABLE close_file (
    store_id     BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    rev          BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    content      BYTEA  NOT NULL,
    PRIMARY KEY (store_id, business_day, rev, name),
    FOREIGN KEY (store_id, business_day, rev) REFERENCES close (store_id, business_day, rev)
);

-- Who has pulled what: a back office says so itself.
CREATE TABLE close_receipt (
    store_id     BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    rev          BIGINT NOT NULL,
    back_office  TEXT   NOT NULL,
    close_no     BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    PRIMARY KEY (store_id, business_day, rev, back_office),
    FOREIGN KEY (store_id, business_day, rev) REFERENCES close (store_id, business_day, rev)
);
CREATE INDEX receipt_by_back_office ON close_receipt (back_office, close_no);

-- When a store's business day begins, HH:MM; empty is midnight. What its identity folder says.
ALTER TABLE store ADD COLUMN day_cut TEXT NOT NULL DEFAULT '';
