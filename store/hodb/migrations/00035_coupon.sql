-- +goose Up

-- Uses of coupons in all stores: each a sale, until its return gives the coupon back.
CREATE TABLE coupon_use (
    serial   TEXT   NOT NULL,
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (serial, store_id, epoch, seq)
);

-- Coupons that the store which issued them took out of use.
CREATE TABLE coupon_void (
    serial   TEXT   PRIMARY KEY,
    store_id BIGINT NOT NULL
);
