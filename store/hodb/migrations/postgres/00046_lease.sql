-- +goose Up

-- Allowances: points of a member that lie in his account lease/STORE until the store's log says what it spent of them.
CREATE TABLE lease (
    member_id  BIGINT NOT NULL,
    lease_no   BIGINT NOT NULL,
    store_id   BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    granted    BIGINT NOT NULL CHECK (granted > 0),
    used       BIGINT NOT NULL CHECK (used BETWEEN 0 AND granted),
    state      TEXT   NOT NULL CHECK (state IN ('open', 'reclaim', 'ended')),
    granted_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL CHECK (ends_at > granted_at),
    PRIMARY KEY (member_id, lease_no)
);
CREATE UNIQUE INDEX lease_number ON lease (lease_no);
CREATE UNIQUE INDEX lease_of_store ON lease (store_id, member_id) WHERE state <> 'ended';

INSERT INTO counter (name, value) VALUES ('lease', 0);
