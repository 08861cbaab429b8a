-- +goose Up

-- made: certified, and not yet known to be on its card. given_up: it never will be; whatever card has it is blocked.
ALTER TABLE card ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('made', 'active', 'given_up'));
CREATE INDEX card_of_number ON card (number_hash);
