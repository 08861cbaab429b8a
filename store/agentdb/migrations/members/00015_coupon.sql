-- +goose Up

-- Coupons that other stores used, or that the store which issued them withdrew, as head office told.
CREATE TABLE coupon_elsewhere (
    serial     TEXT    PRIMARY KEY,
    used       INTEGER NOT NULL CHECK (used >= 0),
    void       INTEGER NOT NULL CHECK (void IN (0, 1)),
    feed_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
