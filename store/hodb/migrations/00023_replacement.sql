-- +goose Up

-- Lost cards. Until the day is over, stores that have not heard of it may still let the old card pay; then what it held moves on.
-- points: what was moved, corrected when a store tells of the old card later.
CREATE TABLE replacement (
    card_id     BLOB   PRIMARY KEY REFERENCES card (card_id),
    member_id   BIGINT NOT NULL,
    number_hash BLOB   NOT NULL,
    voucher_seq BIGINT NOT NULL, -- the one that ends the old card
    lost_at     BIGINT NOT NULL,
    due_on      TEXT   NOT NULL,
    moved_at    BIGINT,
    points      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX replacement_due ON replacement (due_on) WHERE moved_at IS NULL;
CREATE INDEX replacement_of_member ON replacement (member_id);
