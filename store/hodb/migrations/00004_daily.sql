-- +goose Up

-- own: head office's own postings, which stand under store 0, epoch 1. day: the last day that was begun, in days since 1970.
INSERT INTO counter (name, value) VALUES ('own', 0), ('day', 0);
