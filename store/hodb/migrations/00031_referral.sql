-- +goose Up

-- Members whom others brought. due_on: the day on which the goods of the first purchase have been kept long enough; empty: nothing waits.
CREATE TABLE brought (
    friend_id   BIGINT PRIMARY KEY,
    referrer_id BIGINT NOT NULL,
    due_on      TEXT   NOT NULL
);
CREATE INDEX brought_by ON brought (referrer_id);
CREATE INDEX brought_due ON brought (due_on) WHERE due_on <> '';

-- Head office's own entries about them, under store 0 and epoch 2 + no, seq the friend: an even one pays who brought him, the odd one
-- after it takes that back. entry: as it was last judged, JSON; empty when it gives nothing.
CREATE TABLE referral (
    friend_id    BIGINT NOT NULL,
    no           BIGINT NOT NULL CHECK (no >= 0),
    referrer_id  BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    claim_store  BIGINT NOT NULL,
    claim_epoch  BIGINT NOT NULL,
    claim_seq    BIGINT NOT NULL,
    sale_store   BIGINT NOT NULL,
    sale_epoch   BIGINT NOT NULL,
    sale_seq     BIGINT NOT NULL,
    entry        TEXT   NOT NULL,
    PRIMARY KEY (friend_id, no)
);
CREATE INDEX referral_to ON referral (referrer_id);

-- Proofs that were given with activities, as keyed hashes: the same phone number is the same person.
CREATE TABLE proof (
    proof        TEXT   NOT NULL,
    member_id    BIGINT NOT NULL,
    activity     TEXT   NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    PRIMARY KEY (proof, business_day, at_ms, store_id, epoch, seq)
);
