-- +goose Up

-- Members made here, by their number: the next one is above the last, and the register is filled up from them.
CREATE INDEX entry_enrolled ON entry (member) WHERE kind = 'enrol';
