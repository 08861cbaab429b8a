-- +goose Up

-- The schema as migrations 1 to 35 of SQLite leave it; no older database of this engine exists. What each table is for stands there.
-- Every growing table is led by its distribution column (docs/scale.md). The database sorts text by bytes, as SQLite does.

CREATE TABLE store (
    store_id  BIGINT PRIMARY KEY CHECK (store_id BETWEEN 1 AND 4294967295),
    name      TEXT   NOT NULL,
    time_zone TEXT   NOT NULL,
    language  TEXT   NOT NULL,
    made_at   BIGINT NOT NULL
);

CREATE TABLE store_head (
    store_id   BIGINT NOT NULL REFERENCES store (store_id),
    epoch      BIGINT NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
    state      TEXT   NOT NULL CHECK (state IN ('open', 'forked', 'closed')),
    install_id BYTEA  NOT NULL CHECK (length(install_id) = 16),
    nonce      BYTEA  NOT NULL CHECK (length(nonce) = 16),
    seq        BIGINT NOT NULL CHECK (seq >= 0),
    hash       BYTEA  NOT NULL CHECK (length(hash) = 32),
    posted_seq BIGINT NOT NULL CHECK (posted_seq BETWEEN 0 AND seq),
    signature  BYTEA,
    session_no BIGINT NOT NULL,
    moved_at   BIGINT NOT NULL,
    PRIMARY KEY (store_id, epoch)
);

CREATE TABLE session (
    store_id   BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    session_no BIGINT NOT NULL,
    boot_nonce BYTEA  NOT NULL CHECK (length(boot_nonce) = 16),
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

CREATE TABLE entry (
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL CHECK (seq >= 1),
    body     BYTEA  NOT NULL,
    hash     BYTEA  NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (store_id, epoch, seq)
);

CREATE TABLE posted_txn (
    store_id     BIGINT NOT NULL,
    txn_id       BYTEA  NOT NULL CHECK (length(txn_id) = 16),
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (store_id, txn_id)
);

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
    usable_on    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (owner_id, store_id, epoch, seq, leg_no)
);

CREATE TABLE member (
    member_id    BIGINT PRIMARY KEY CHECK (member_id >= 1),
    status       TEXT   NOT NULL CHECK (status IN ('active', 'blocked', 'erased')),
    tier         TEXT   NOT NULL,
    language     TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    last_voucher BIGINT NOT NULL DEFAULT 0,
    fold_day     TEXT   NOT NULL DEFAULT '',
    fold_at_ms   BIGINT NOT NULL DEFAULT 0,
    fold_store   BIGINT NOT NULL DEFAULT 0,
    fold_epoch   BIGINT NOT NULL DEFAULT 0,
    fold_seq     BIGINT NOT NULL DEFAULT 0,
    past         TEXT   NOT NULL DEFAULT '',
    birthday     TEXT   NOT NULL DEFAULT '',
    joined_on    TEXT   NOT NULL DEFAULT '',
    segments     TEXT   NOT NULL DEFAULT '[]',
    attributes   TEXT   NOT NULL DEFAULT '[]',
    personal     TEXT   NOT NULL DEFAULT '[]'
);

CREATE TABLE number (
    number_hash   BYTEA  PRIMARY KEY CHECK (length(number_hash) = 32),
    member_id     BIGINT NOT NULL REFERENCES member (member_id),
    mask          TEXT   NOT NULL,
    registered_id BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX number_of_member ON number (member_id);

CREATE TABLE card (
    card_id     BYTEA  PRIMARY KEY CHECK (length(card_id) = 8),
    member_id   BIGINT NOT NULL REFERENCES member (member_id),
    number_hash BYTEA  NOT NULL REFERENCES number (number_hash),
    public_key  BYTEA  NOT NULL UNIQUE,
    certificate BYTEA  NOT NULL,
    load_seq    BIGINT NOT NULL DEFAULT 0,
    made_at     BIGINT NOT NULL,
    known_ctr   BIGINT NOT NULL DEFAULT 0,
    tier        TEXT   NOT NULL DEFAULT '',
    language    TEXT   NOT NULL DEFAULT '',
    ended       BIGINT NOT NULL DEFAULT 0,
    moved_off   BIGINT NOT NULL DEFAULT 0,
    state       TEXT   NOT NULL DEFAULT 'active' CHECK (state IN ('made', 'active', 'given_up'))
);
CREATE INDEX card_of_member ON card (member_id);

CREATE TABLE card_record (
    card_id     BYTEA  NOT NULL,
    ctr         BIGINT NOT NULL,
    txmac       BYTEA  NOT NULL CHECK (length(txmac) = 8),
    type        BIGINT NOT NULL,
    txn_id      BYTEA  NOT NULL,
    amount      BIGINT NOT NULL,
    store_id    BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    new_balance BIGINT NOT NULL DEFAULT 0,
    made_in     BIGINT NOT NULL DEFAULT 0,
    counted     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (card_id, ctr, txmac)
);
CREATE INDEX card_record_txn ON card_record (card_id, txn_id);

CREATE TABLE programme (
    digest       TEXT   PRIMARY KEY,
    document     BYTEA  NOT NULL,
    published_no BIGINT NOT NULL UNIQUE,
    published_at BIGINT NOT NULL
);

CREATE TABLE hot (
    card_id  BYTEA  PRIMARY KEY,
    reason   TEXT   NOT NULL,
    since_ms BIGINT NOT NULL
);

CREATE TABLE close (
    store_id     BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    rev          BIGINT NOT NULL CHECK (rev >= 1),
    close_no     BIGINT NOT NULL UNIQUE,
    epoch        BIGINT NOT NULL,
    first_seq    BIGINT NOT NULL,
    last_seq     BIGINT NOT NULL CHECK (last_seq >= first_seq),
    manifest     BYTEA  NOT NULL,
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
    unit     TEXT   NOT NULL DEFAULT 'points',
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

CREATE TABLE counter (
    name  TEXT   PRIMARY KEY,
    value BIGINT NOT NULL
);
CREATE INDEX sale_by_day ON posted_txn (business_day, at_ms, store_id, epoch, seq) WHERE kind = 'sale';

CREATE TABLE account (
    owner_id BIGINT NOT NULL CHECK (owner_id <> 0),
    kind     TEXT   NOT NULL,
    unit     TEXT   NOT NULL,
    balance  BIGINT NOT NULL,
    PRIMARY KEY (owner_id, kind, unit)
);

CREATE TABLE lot (
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
CREATE INDEX lot_below_zero ON lot (member_id) WHERE remaining < 0;
CREATE INDEX lot_to_end ON lot (expires_on) WHERE remaining > 0 AND expires_on <> '';

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

CREATE TABLE member_merge (
    gone_id      BIGINT NOT NULL,
    into_id      BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    PRIMARY KEY (gone_id, business_day, at_ms, store_id, epoch, seq)
);

CREATE TABLE voucher (
    member_id BIGINT NOT NULL REFERENCES member (member_id),
    no        BIGINT NOT NULL,
    card_id   BYTEA  NOT NULL REFERENCES card (card_id),
    seq       BIGINT NOT NULL CHECK (seq >= 1),
    kind      BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 5),
    amount    BIGINT NOT NULL,
    ref       BYTEA  NOT NULL CHECK (length(ref) = 8),
    mac       BYTEA  NOT NULL CHECK (length(mac) = 16),
    made_at   BIGINT NOT NULL,
    loaded_at BIGINT,
    taken     BIGINT,
    PRIMARY KEY (member_id, no),
    UNIQUE (card_id, seq)
);
CREATE INDEX voucher_waiting ON voucher (card_id, seq) WHERE loaded_at IS NULL;

CREATE TABLE issuer (
    key_id    BYTEA  PRIMARY KEY CHECK (length(key_id) = 8),
    statement BYTEA  NOT NULL,
    revoked   BIGINT NOT NULL CHECK (revoked IN (0, 1)),
    since_ms  BIGINT NOT NULL
);

CREATE TABLE feed (
    feed_seq BIGINT PRIMARY KEY CHECK (feed_seq >= 1),
    store_id BIGINT NOT NULL,
    topic    TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    UNIQUE (topic, key)
);
CREATE INDEX number_registered ON number (registered_id);
CREATE INDEX member_merge_into ON member_merge (into_id);
CREATE INDEX card_of_number ON card (number_hash);

CREATE TABLE renewal (
    card_id BYTEA  PRIMARY KEY REFERENCES card (card_id),
    made_at BIGINT NOT NULL
);

CREATE TABLE replacement (
    card_id     BYTEA  PRIMARY KEY REFERENCES card (card_id),
    member_id   BIGINT NOT NULL,
    number_hash BYTEA  NOT NULL,
    voucher_seq BIGINT NOT NULL,
    lost_at     BIGINT NOT NULL,
    due_on      TEXT   NOT NULL,
    moved_at    BIGINT,
    points      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX replacement_due ON replacement (due_on) WHERE moved_at IS NULL;
CREATE INDEX replacement_of_member ON replacement (member_id);

CREATE TABLE member_range (
    first_id BIGINT NOT NULL PRIMARY KEY,
    last_id  BIGINT NOT NULL CHECK (last_id >= first_id),
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL
);
CREATE INDEX member_range_store ON member_range (store_id, epoch);

CREATE TABLE enrolment (
    given_id  BIGINT NOT NULL PRIMARY KEY,
    member_id BIGINT NOT NULL REFERENCES member (member_id),
    store_id  BIGINT NOT NULL,
    epoch     BIGINT NOT NULL
);
CREATE INDEX enrolment_store ON enrolment (store_id, epoch);

CREATE TABLE brought (
    friend_id   BIGINT PRIMARY KEY,
    referrer_id BIGINT NOT NULL,
    due_on      TEXT   NOT NULL
);
CREATE INDEX brought_by ON brought (referrer_id);
CREATE INDEX brought_due ON brought (due_on) WHERE due_on <> '';

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

CREATE TABLE audience (
    kind TEXT   NOT NULL CHECK (kind IN ('segment', 'personal')),
    id   TEXT   NOT NULL,
    rule TEXT   NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE coupon_use (
    serial   TEXT   NOT NULL,
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (serial, store_id, epoch, seq)
);

CREATE TABLE coupon_void (
    serial   TEXT   PRIMARY KEY,
    store_id BIGINT NOT NULL
);

INSERT INTO counter (name, value) VALUES ('feed', 0), ('feed_epoch', 1), ('close', 0), ('programme', 0), ('own', 0), ('day', 0),
    ('day_done', 0), ('reviewed', 0);

-- +goose StatementBegin
CREATE FUNCTION is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed and never deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER leg_is_never_changed BEFORE UPDATE OR DELETE ON leg FOR EACH ROW EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER entry_is_never_emptied BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER leg_is_never_emptied BEFORE TRUNCATE ON leg FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
