-- +goose Up

-- Coupons of this store that were taken out of use.
CREATE TABLE coupon_void (
    serial TEXT    PRIMARY KEY,
    seq    INTEGER NOT NULL REFERENCES entry (seq)
) STRICT, WITHOUT ROWID;

-- What stands for a coupon in an EAN-13; NULL for coupons from before the column.
ALTER TABLE coupon_issued ADD COLUMN digits INTEGER;
CREATE INDEX coupon_issued_digits ON coupon_issued (digits) WHERE digits IS NOT NULL;
CREATE INDEX coupon_issued_seq ON coupon_issued (seq);

-- The coupon or gift card that a job's paper is; '' for other papers. And its place in a batch, behind which receipts need not
-- wait; 0: in none.
ALTER TABLE print_job ADD COLUMN serial TEXT NOT NULL DEFAULT '';
ALTER TABLE print_job ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
CREATE INDEX print_job_serial ON print_job (serial) WHERE serial <> '';
