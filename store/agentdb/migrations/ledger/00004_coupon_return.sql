-- +goose Up

-- Coupons that this store issued, by what stands on them.
CREATE TABLE coupon_issued (
    serial TEXT    PRIMARY KEY,
    seq    INTEGER NOT NULL REFERENCES entry (seq)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO coupon_issued (serial, seq)
    SELECT json_extract(CAST(body AS TEXT), '$.coupon.serial'), seq FROM entry WHERE kind = 'coupon' ORDER BY seq;

-- Coupons that sales of this store used up. A sale that waits for its card holds its coupons from before the card is asked.
CREATE TABLE coupon_used (
    serial TEXT NOT NULL,
    txn    BLOB NOT NULL CHECK (length(txn) = 16),
    PRIMARY KEY (serial, txn)
) STRICT, WITHOUT ROWID;

-- Returns made in this store, by the sale that they are of: it may be another store's.
CREATE TABLE sale_return (
    store INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sale  INTEGER NOT NULL, -- seq of the sale
    seq   INTEGER NOT NULL UNIQUE REFERENCES entry (seq),
    PRIMARY KEY (store, epoch, sale, seq)
) STRICT, WITHOUT ROWID;
