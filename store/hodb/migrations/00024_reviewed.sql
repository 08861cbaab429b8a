-- +goose Up

-- The last day for which every member's tier has been reviewed by the rules as they are published. 0: all days are to be reviewed, for
-- tiers moved by what was known in the morning.
INSERT INTO counter (name, value) VALUES ('reviewed', 0);
