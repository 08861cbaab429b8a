-- +goose Up

-- Every growing table is led by store_id or member_id (owner_id), so that it can be spread over servers by that column.
-- Portable SQL: BIGINT, TEXT and BLOB (BYTEA on PostgreSQL), times as Unix milliseconds, truth values as 0 and 1.

CREATE TABLE store (
    store_id   BIGINT PRIMARY KEY CHECK (store_id BETWEEN 1 AND 4294967295),
    name       TEXT   NOT NULL,
    time_zone  TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    made_at    BIGINT NOT NULL
);

-- One life of one store's log, and how far it has come: seq/hash is what head office holds, posted_seq what it has judged.
CREATE TABLE store_head (
    store_id   BIGINT NOT NULL REFERENCES store (store_id),
    epoch      BIGINT NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
    state      TEXT   NOT NULL CHECK (state IN ('open', 'forked', 'closed')),
    install_id BLOB   NOT NULL CHECK (length(install_id) = 16),
    nonce      BLOB   NOT NULL CHECK (length(nonce) = 16),
    seq        BIGINT NOT NULL CHECK (seq >= 0),
    hash       BLOB   NOT NULL CHECK (length(hash) = 32),
    posted_seq BIGINT NOT NULL CHECK (posted_seq BETWEEN 0 AND seq),
    signature  BLOB,
    session_no BIGINT NOT NULL,
    moved_at   BIGINT NOT NULL,
    PRIMARY KEY (store_id, epoch)
);

-- One row per start of a store's agent: the same boot nonce gets the same session, a newer session fences the older.
CREATE TABLE session (
    store_id   BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    session_no BIGINT NOT NULL,
    boot_nonce BLOB   NOT NULL CHECK (length(boot_nonce) = 16),
    opened_at  BIGINT NOT NULL,
    PRIMARY KEY (store_id, epoch, session_no),
    UNIQUE (store_id, epoch, boot_nonce),
    FOREIGN KEY (store_id, epoch) REFERENCES store_head (store_id, epoch)
);

CREATE TABLE batch (
    store_id    BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    first_seq   BIGINT NOT NULL CHECK (first_seq >= 1),
    last_seq    BIGINT NOT NULL CHECK (last_seq >= first_seq),
    bytes       BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    posted_at   BIGINT,
    PRIMARY KEY (store_id, epoch, first_seq),
    FOREIGN KEY (store_id, epoch) REFERENCES store_head (store_id, epoch)
);
CREATE INDEX batch_to_post ON batch (store_id, epoch, first_seq) WHERE posted_at IS NULL;

-- The stores' logs: the very bytes that were hashed. Never updated, never deleted.
CREATE TABLE entry (
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL CHECK (seq >= 1),
    body     BLOB   NOT NULL,
    hash     BLOB   NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (store_id, epoch, seq)
);

-- A transaction counts once per store, whichever epoch tells it first.
CREATE TABLE posted_txn (
    store_id     BIGINT NOT NULL,
    txn_id       BLOB   NOT NULL CHECK (length(txn_id) = 16),
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    business_day TEXT   NOT NULL,
    PRIMARY KEY (store_id, txn_id)
);

-- Owners above zero are members, below zero stores (owner -7 is store 7).
CREATE TABLE account (
    owner_id BIGINT NOT NULL CHECK (owner_id <> 0),
    kind     TEXT   NOT NULL CHECK (kind IN ('main', 'card', 'issued', 'redeemed', 'suspense')),
    unit     TEXT   NOT NULL,
    balance  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, kind, unit),
    CHECK ((owner_id > 0) = (kind IN ('main', 'card')))
);

-- Both sides of every movement. Store 0, epoch 0 is head office's own doing: seq is then the voucher's number.
CREATE TABLE leg (
    owner_id     BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    leg_no       BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    unit         TEXT   NOT NULL,
    amount       BIGINT NOT NULL CHECK (amount <> 0),
    reason       TEXT   NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    lot          TEXT   NOT NULL DEFAULT '',
    earned_on    TEXT   NOT NULL DEFAULT '',
    expires_on   TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (owner_id, store_id, epoch, seq, leg_no)
);

CREATE TABLE lot (
    member_id  BIGINT NOT NULL,
    lot        TEXT   NOT NULL,
    remaining  BIGINT NOT NULL,
    earned_on  TEXT   NOT NULL,
    expires_on TEXT   NOT NULL,
    PRIMARY KEY (member_id, lot)
);

CREATE INDEX lot_below_zero ON lot (member_id) WHERE remaining < 0;

CREATE TABLE member (
    member_id   BIGINT PRIMARY KEY CHECK (member_id >= 1),
    status      TEXT   NOT NULL CHECK (status IN ('active', 'blocked', 'erased')),
    tier        TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    last_voucher BIGINT NOT NULL DEFAULT 0,
    -- The newest entry that the lots have folded in, in canonical order; an older one folds the member again.
    fold_day    TEXT   NOT NULL DEFAULT '',
    fold_at_ms  BIGINT NOT NULL DEFAULT 0,
    fold_store  BIGINT NOT NULL DEFAULT 0,
    fold_epoch  BIGINT NOT NULL DEFAULT 0,
    fold_seq    BIGINT NOT NULL DEFAULT 0
);

-- Printed numbers, under head office's number key and masked; the digits are nowhere.
CREATE TABLE number (
    number_hash BLOB   PRIMARY KEY CHECK (length(number_hash) = 32),
    member_id   BIGINT NOT NULL REFERENCES member (member_id),
    mask        TEXT   NOT NULL
);
CREATE INDEX number_of_member ON number (member_id);

-- A card is blocked when it is on the hot list. load_seq is the last voucher made for it.
CREATE TABLE card (
    card_id     BLOB   PRIMARY KEY CHECK (length(card_id) = 8),
    member_id   BIGINT NOT NULL REFERENCES member (member_id),
    number_hash BLOB   NOT NULL REFERENCES number (number_hash),
    public_key  BLOB   NOT NULL UNIQUE,
    certificate BLOB   NOT NULL,
    load_seq    BIGINT NOT NULL DEFAULT 0,
    made_at     BIGINT NOT NULL
);
CREATE INDEX card_of_member ON card (member_id);

-- What cards proved: one row for each content that was ever shown for a counter, so two rows are a cloned card.
CREATE TABLE card_record (
    card_id  BLOB   NOT NULL,
    ctr      BIGINT NOT NULL,
    txmac    BLOB   NOT NULL CHECK (length(txmac) = 8),
    type     BIGINT NOT NULL,
    txn_id   BLOB   NOT NULL,
    amount   BIGINT NOT NULL,
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (card_id, ctr, txmac)
);
CREATE INDEX card_record_txn ON card_record (card_id, txn_id);

CREATE TABLE voucher (
    member_id BIGINT NOT NULL REFERENCES member (member_id),
    no        BIGINT NOT NULL,
    card_id   BLOB   NOT NULL REFERENCES card (card_id),
    seq       BIGINT NOT NULL CHECK (seq >= 1),
    amount    BIGINT NOT NULL CHECK (amount > 0),
    ref       BLOB   NOT NULL CHECK (length(ref) = 8),
    mac       BLOB   NOT NULL CHECK (length(mac) = 16),
    made_at   BIGINT NOT NULL,
    loaded_at BIGINT,
    PRIMARY KEY (member_id, no),
    UNIQUE (card_id, seq),
    UNIQUE (card_id, ref)
);

CREATE TABLE programme (
    digest       TEXT   PRIMARY KEY,
    document     BLOB   NOT NULL,
    published_no BIGINT NOT NULL UNIQUE,
    published_at BIGINT NOT NULL
);

CREATE TABLE hot (
    card_id  BLOB   PRIMARY KEY,
    reason   TEXT   NOT NULL,
    since_ms BIGINT NOT NULL
);

-- Changes for the stores: one row per thing that stores keep a copy of, under the number of its latest change. What is sent
-- is read from the registers at that moment. Numbers are drawn while the one write transaction is open, so they become
-- visible in their own order; a database with many writers must number rows after commit instead. store_id 0: for all.
CREATE TABLE feed (
    feed_seq BIGINT PRIMARY KEY CHECK (feed_seq >= 1),
    store_id BIGINT NOT NULL,
    topic    TEXT   NOT NULL CHECK (topic IN ('member', 'programme', 'hot', 'voucher', 'watermark')),
    key      TEXT   NOT NULL,
    UNIQUE (topic, key)
);

-- Published business days. The file of a day is the entries first_seq to last_seq as they are kept.
CREATE TABLE close (
    store_id      BIGINT NOT NULL,
    business_day  TEXT   NOT NULL,
    rev           BIGINT NOT NULL CHECK (rev >= 1),
    close_no      BIGINT NOT NULL UNIQUE,
    epoch         BIGINT NOT NULL,
    first_seq     BIGINT NOT NULL,
    last_seq      BIGINT NOT NULL CHECK (last_seq >= first_seq),
    manifest      BLOB   NOT NULL,
    PRIMARY KEY (store_id, business_day, rev)
);

CREATE TABLE difference (
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    field    TEXT   NOT NULL,
    claimed  TEXT   NOT NULL,
    verified TEXT   NOT NULL,
    PRIMARY KEY (store_id, epoch, seq, field)
);

CREATE TABLE suspense (
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    no       BIGINT NOT NULL,
    points   BIGINT NOT NULL,
    reason   TEXT   NOT NULL,
    PRIMARY KEY (store_id, epoch, seq, no)
);

CREATE TABLE case_file (
    store_id  BIGINT NOT NULL,
    case_no   BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    epoch     BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    state     TEXT   NOT NULL CHECK (state IN ('open', 'settled')),
    note      TEXT   NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (store_id, case_no),
    UNIQUE (store_id, kind, epoch, seq)
);

-- Numbers that only grow: the feed's and the published days'.
CREATE TABLE counter (
    name  TEXT   PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('feed', 0), ('feed_epoch', 1), ('close', 0), ('programme', 0);

-- +goose StatementBegin
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER leg_is_never_changed BEFORE UPDATE ON leg
BEGIN SELECT RAISE(ABORT, 'legs are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER leg_is_never_deleted BEFORE DELETE ON leg
BEGIN SELECT RAISE(ABORT, 'legs are never deleted'); END;
-- +goose StatementEnd
