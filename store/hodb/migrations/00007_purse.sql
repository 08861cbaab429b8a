-- +goose Up

-- Vouchers of every kind (card.md 3.9). amount is what was asked, with its sign; taken is what the card proved to have given or
-- taken, NULL until it did. Of the points both are in the accounts: the one when the voucher is made, the rest when it is proved.
CREATE TABLE voucher_of_any_kind (
    member_id BIGINT NOT NULL REFERENCES member (member_id),
    no        BIGINT NOT NULL,
    card_id   BLOB   NOT NULL REFERENCES card (card_id),
    seq       BIGINT NOT NULL CHECK (seq >= 1),
    kind      BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 5),
    amount    BIGINT NOT NULL,
    ref       BLOB   NOT NULL CHECK (length(ref) = 8),
    mac       BLOB   NOT NULL CHECK (length(mac) = 16),
    made_at   BIGINT NOT NULL,
    loaded_at BIGINT,
    taken     BIGINT,
    PRIMARY KEY (member_id, no),
    UNIQUE (card_id, seq)
);
INSERT INTO voucher_of_any_kind SELECT member_id, no, card_id, seq, 1, amount, ref, mac, made_at, loaded_at,
    CASE WHEN loaded_at IS NULL THEN NULL ELSE amount END FROM voucher;
DROP TABLE voucher;
ALTER TABLE voucher_of_any_kind RENAME TO voucher;
CREATE INDEX voucher_waiting ON voucher (card_id, seq) WHERE loaded_at IS NULL;

-- new_balance and made_in are of the record itself: what the purse held after it, and the store that it names. counted: the entry
-- is the record's own, a sale for its debit; else it is evidence that another store carried.
ALTER TABLE card_record ADD COLUMN new_balance BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card_record ADD COLUMN made_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card_record ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
UPDATE card_record SET counted = 1,
    new_balance = COALESCE((SELECT json_extract(CAST(e.body AS TEXT), '$.card.new_balance') FROM entry e
        WHERE e.store_id = card_record.store_id AND e.epoch = card_record.epoch AND e.seq = card_record.seq), 0),
    made_in = COALESCE((SELECT json_extract(CAST(e.body AS TEXT), '$.card.store') FROM entry e
        WHERE e.store_id = card_record.store_id AND e.epoch = card_record.epoch AND e.seq = card_record.seq), 0);

-- known_ctr: every record of the card from 1 to here is known. tier and language: as they stand on the card, or will once its
-- vouchers are loaded. ended: a voucher that ends the card was made. moved_off: points that a store moved away from the lost card.
ALTER TABLE card ADD COLUMN known_ctr BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN tier TEXT NOT NULL DEFAULT '';
ALTER TABLE card ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE card ADD COLUMN ended BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN moved_off BIGINT NOT NULL DEFAULT 0;
UPDATE card SET tier = (SELECT tier FROM member WHERE member.member_id = card.member_id),
    language = (SELECT language FROM member WHERE member.member_id = card.member_id),
    known_ctr = (SELECT COALESCE(MAX(ctr), 0) FROM (
        SELECT r.card_id, r.ctr, DENSE_RANK() OVER (PARTITION BY r.card_id ORDER BY r.ctr) AS place FROM card_record r) AS ranked
        WHERE ranked.card_id = card.card_id AND ranked.ctr = ranked.place);
