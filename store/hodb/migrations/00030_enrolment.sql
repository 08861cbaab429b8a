-- +goose Up

-- Member numbers that stores may make members with: each life of a store its own.
CREATE TABLE member_range (
    first_id BIGINT NOT NULL PRIMARY KEY,
    last_id  BIGINT NOT NULL CHECK (last_id >= first_id),
    store_id BIGINT NOT NULL,
    epoch    BIGINT NOT NULL
);
CREATE INDEX member_range_store ON member_range (store_id, epoch);

-- Members made by stores. member_id: who it is; another than given_id when the card's number was a member's already.
CREATE TABLE enrolment (
    given_id  BIGINT NOT NULL PRIMARY KEY,
    member_id BIGINT NOT NULL REFERENCES member (member_id),
    store_id  BIGINT NOT NULL,
    epoch     BIGINT NOT NULL
);
CREATE INDEX enrolment_store ON enrolment (store_id, epoch);
