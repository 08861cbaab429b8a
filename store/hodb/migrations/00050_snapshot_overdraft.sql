-- +goose Up

-- How far the feed had come as a day began: what nobody needs any more is taken out of it a month later, and feed_floor is the
-- newest number so taken out.
CREATE TABLE feed_day (
    day_no   BIGINT PRIMARY KEY,
    feed_seq BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('snapshot', 0), ('feed_floor', 0);

-- The whole feed as one store may see it, at one moment, for a store that is new or comes from below the floor.
CREATE TABLE snapshot (
    store_id    BIGINT NOT NULL,
    snapshot_no BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    feed_epoch  BIGINT NOT NULL,
    cursor_seq  BIGINT NOT NULL,
    posted_seq  BIGINT NOT NULL,
    made_at     BIGINT NOT NULL,
    PRIMARY KEY (store_id, snapshot_no)
);
CREATE TABLE snapshot_part (
    store_id    BIGINT NOT NULL,
    snapshot_no BIGINT NOT NULL,
    part_no     BIGINT NOT NULL,
    row_count   BIGINT NOT NULL,
    sha256      BLOB   NOT NULL CHECK (length(sha256) = 32),
    content     BLOB   NOT NULL,
    PRIMARY KEY (store_id, snapshot_no, part_no)
);

-- Entries that took more of a member than there was, whenever the rest arrived; who bears it is the programme's to say.
CREATE TABLE overdraft (
    member_id    BIGINT NOT NULL,
    store_id     BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    lane         BIGINT NOT NULL,
    business_day TEXT   NOT NULL,
    points       BIGINT NOT NULL CHECK (points > 0),
    bears        TEXT   NOT NULL CHECK (bears IN ('member', 'chain')),
    PRIMARY KEY (member_id, store_id, epoch, seq)
);
