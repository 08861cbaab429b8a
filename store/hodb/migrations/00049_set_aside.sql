-- +goose Up

-- What is set aside of a member's points for sales that stores have asked for, so that it is found by the member. Each row is a pending
-- online_reservation, which is found by its store.
CREATE TABLE asked (
    member_id BIGINT NOT NULL,
    store_id  BIGINT NOT NULL,
    txn_id    BLOB   NOT NULL CHECK (length(txn_id) = 16),
    points    BIGINT NOT NULL CHECK (points >= 0),
    ends_at   BIGINT NOT NULL,
    PRIMARY KEY (member_id, store_id, txn_id)
);
INSERT INTO asked SELECT member_id, store_id, txn_id, points, ends_at FROM online_reservation WHERE state = 'pending';
DROP INDEX online_reservation_of;

-- Allowances that the programme's policy gave, and may extend or want back.
ALTER TABLE lease ADD COLUMN automatic BIGINT NOT NULL DEFAULT 0;

-- The feed names an allowance by its member first, as every query does.
UPDATE feed SET key = (SELECT member_id || '/' || lease_no FROM lease WHERE CAST(lease_no AS TEXT) = feed.key) WHERE topic = 'lease';
