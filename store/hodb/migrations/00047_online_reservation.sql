-- +goose Up

-- Points that a store asked for while it was connected, by the sale that will take them. A refused sale is never let through later.
CREATE TABLE online_reservation (
    store_id   BIGINT NOT NULL,
    txn_id     BLOB   NOT NULL CHECK (length(txn_id) = 16),
    epoch      BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    points     BIGINT NOT NULL CHECK (points >= 0),
    state      TEXT   NOT NULL CHECK (state IN ('pending', 'posted', 'void', 'refused')),
    made_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    void_after BIGINT, -- void once so many entries of the log are posted: the store's agent has started anew since
    PRIMARY KEY (store_id, txn_id)
);
CREATE INDEX online_reservation_of ON online_reservation (member_id) WHERE state = 'pending';
CREATE INDEX online_reservation_open ON online_reservation (store_id, epoch) WHERE state = 'pending';
