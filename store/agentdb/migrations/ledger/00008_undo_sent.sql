-- +goose Up

-- undo_sent: the card was asked to undo the debit; noted before. forgotten: the card's journal has moved past it.
ALTER TABLE card_intent ADD COLUMN undo_sent INTEGER NOT NULL DEFAULT 0 CHECK (undo_sent IN (0, 1));
ALTER TABLE card_intent ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));
