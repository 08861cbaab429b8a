-- +goose Up

-- Accounts of any kind and unit: a wallet's points, a gift card's money. Head office's own have the owner -4294967296.
CREATE TABLE account_of_any_kind (
    owner_id BIGINT NOT NULL CHECK (owner_id <> 0),
    kind     TEXT   NOT NULL,
    unit     TEXT   NOT NULL,
    balance  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, kind, unit)
);
INSERT INTO account_of_any_kind SELECT owner_id, kind, unit, balance FROM account;
DROP TABLE account;
ALTER TABLE account_of_any_kind RENAME TO account;

CREATE TABLE lot_of_any_unit (
    member_id  BIGINT NOT NULL,
    unit       TEXT   NOT NULL,
    lot        TEXT   NOT NULL,
    remaining  BIGINT NOT NULL,
    earned_on  TEXT   NOT NULL,
    expires_on TEXT   NOT NULL,
    usable_on  TEXT   NOT NULL,
    reserved   BIGINT NOT NULL,
    PRIMARY KEY (member_id, unit, lot)
);
INSERT INTO lot_of_any_unit SELECT member_id, 'points', lot, remaining, earned_on, expires_on, '', 0 FROM lot;
DROP TABLE lot;
ALTER TABLE lot_of_any_unit RENAME TO lot;
CREATE INDEX lot_below_zero ON lot (member_id) WHERE remaining < 0;
CREATE INDEX lot_to_end ON lot (expires_on) WHERE remaining > 0 AND expires_on <> '';

ALTER TABLE leg ADD COLUMN usable_on TEXT NOT NULL DEFAULT '';
ALTER TABLE suspense ADD COLUMN unit TEXT NOT NULL DEFAULT 'points';

-- Every entry that counts for a member, in the order in which they count. step: what it adds to the member's past, JSON.
CREATE TABLE member_entry (
    member_id    BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    step         TEXT   NOT NULL,
    PRIMARY KEY (member_id, business_day, at_ms, store_id, epoch, seq)
);
INSERT INTO member_entry
    SELECT m.member_id, p.business_day, p.at_ms, p.store_id, p.epoch, p.seq,
        json_object('day', p.business_day, 'purchases', 1, 'counts', json_object(
            'spend', json_extract(CAST(e.body AS TEXT), '$.sale.total'),
            'points', COALESCE(json_extract(CAST(e.body AS TEXT), '$.sale.earned'), 0), 'visits', 1))
    FROM posted_txn p JOIN entry e ON e.store_id = p.store_id AND e.epoch = p.epoch AND e.seq = p.seq
    JOIN member m ON m.member_id = json_extract(CAST(e.body AS TEXT), '$.member')
    WHERE p.kind = 'sale' AND json_extract(CAST(e.body AS TEXT), '$.sale.total') IS NOT NULL;

-- past: the sum of a member's steps, JSON; empty: add them up. The rest is what the rules may ask of a person.
ALTER TABLE member ADD COLUMN past TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN birthday TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN joined_on TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN segments TEXT NOT NULL DEFAULT '[]';

-- Tiers that head office gave: the one of a sale is that of the last row not after its day, else the member's own.
CREATE TABLE tier_move (
    member_id   BIGINT NOT NULL REFERENCES member (member_id),
    from_day    TEXT   NOT NULL,
    tier        TEXT   NOT NULL,
    since       TEXT   NOT NULL,
    short_since TEXT   NOT NULL,
    stepped_on  TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    PRIMARY KEY (member_id, from_day)
);

-- Entries by the one that they undo or end: a return by its sale, the end of a reservation by its beginning. waiting: that
-- one has not arrived.
CREATE TABLE entry_link (
    topic        TEXT   NOT NULL CHECK (topic IN ('return', 'settle', 'reverse')),
    ref_store    BIGINT NOT NULL,
    ref_epoch    BIGINT NOT NULL,
    ref_seq      BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    waiting      BIGINT NOT NULL,
    PRIMARY KEY (ref_store, ref_epoch, ref_seq, topic, business_day, at_ms, store_id, epoch, seq)
);
CREATE INDEX entry_link_waiting ON entry_link (ref_store, ref_epoch, ref_seq) WHERE waiting = 1;
