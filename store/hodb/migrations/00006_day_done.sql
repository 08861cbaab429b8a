-- +goose Up

-- day: the last day that has begun; what ended by then has ended. day_done: the last one whose work is done for all members.
INSERT INTO counter (name, value) SELECT 'day_done', value FROM counter WHERE name = 'day';
