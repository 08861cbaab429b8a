-- +goose Up

-- The member for whom a number was entered. member_id is that of whoever he has become part of.
ALTER TABLE number ADD COLUMN registered_id BIGINT NOT NULL DEFAULT 0;
UPDATE number SET registered_id = member_id;
CREATE INDEX number_registered ON number (registered_id);
CREATE INDEX member_merge_into ON member_merge (into_id);
