-- +goose Up

-- What no program may do to the log, this one with a bug included. A row that is wrong is refused where it would be written.

-- +goose StatementBegin
CREATE TRIGGER entry_whole BEFORE INSERT ON entry
BEGIN
    SELECT RAISE(ABORT, 'transaction id is in the log') -- also for INSERT OR REPLACE, which would delete the other entry
     WHERE EXISTS (SELECT 1 FROM entry WHERE txn = NEW.txn);
    SELECT RAISE(ABORT, 'entry has no body, or one that is too large')
     WHERE length(NEW.body) NOT BETWEEN 2 AND 65536;
    SELECT RAISE(ABORT, 'entry refers to one that does not stand before it')
     WHERE NEW.ref >= NEW.seq;
    SELECT RAISE(ABORT, 'entry of a day that is closed')
     WHERE EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq - 1 AND kind = 'close' AND day >= NEW.day);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pending_above_floor BEFORE INSERT ON pending
BEGIN
    SELECT RAISE(ABORT, 'pending for an entry that the log does not have')
     WHERE NOT EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq);
    SELECT RAISE(ABORT, 'pending for an entry that head office has counted')
     WHERE NEW.seq <= (SELECT pending_floor FROM ledger);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pending_no_update BEFORE UPDATE ON pending
BEGIN
    SELECT RAISE(ABORT, 'a pending row is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER day_tiles BEFORE INSERT ON day
BEGIN
    SELECT RAISE(ABORT, 'closed day without its close')
     WHERE NOT EXISTS (SELECT 1 FROM entry WHERE seq = NEW.close_seq AND kind = 'close' AND day = NEW.day);
    SELECT RAISE(ABORT, 'closed days leave a hole')
     WHERE NEW.first_seq <> (SELECT coalesce(max(close_seq), 0) + 1 FROM day);
    SELECT RAISE(ABORT, 'closed day has another chain value than its last entry')
     WHERE NEW.head_hash <> (SELECT hash FROM entry WHERE seq = NEW.last_seq);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER day_no_update BEFORE UPDATE ON day
BEGIN
    SELECT RAISE(ABORT, 'a closed day is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER day_no_delete BEFORE DELETE ON day
BEGIN
    SELECT RAISE(ABORT, 'a closed day is never opened');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_one BEFORE INSERT ON ledger
BEGIN
    SELECT RAISE(ABORT, 'a ledger has one owner')
     WHERE EXISTS (SELECT 1 FROM ledger);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'a ledger keeps its owner');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_owner BEFORE UPDATE OF store, epoch, install_id, genesis ON ledger
BEGIN
    SELECT RAISE(ABORT, 'a ledger keeps its owner')
     WHERE (NEW.store, NEW.epoch, NEW.install_id, NEW.genesis) IS NOT (OLD.store, OLD.epoch, OLD.install_id, OLD.genesis);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_sent BEFORE UPDATE OF sent_through ON ledger
BEGIN
    SELECT RAISE(ABORT, 'what was sent stays sent')
     WHERE NEW.sent_through < OLD.sent_through;
    SELECT RAISE(ABORT, 'sent beyond the end of the log')
     WHERE NEW.sent_through > (SELECT coalesce(max(seq), 0) FROM entry);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_signed BEFORE UPDATE OF signed_seq, signed_hash, signature ON ledger
BEGIN
    SELECT RAISE(ABORT, 'a signed position goes back')
     WHERE NEW.signed_seq < OLD.signed_seq;
    SELECT RAISE(ABORT, 'a signed position that does not lie on the chain')
     WHERE NEW.signed_seq > 0 AND NOT EXISTS (SELECT 1 FROM entry WHERE seq = NEW.signed_seq AND hash = NEW.signed_hash);
    SELECT RAISE(ABORT, 'a signed position without its signature')
     WHERE NEW.signed_seq > 0 AND NEW.signature IS NULL;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_floor BEFORE UPDATE OF pending_floor ON ledger
BEGIN
    SELECT RAISE(ABORT, 'head office cannot have counted what is not in the log')
     WHERE NEW.pending_floor > (SELECT coalesce(max(seq), 0) FROM entry);
    SELECT RAISE(ABORT, 'pending rows at or below the floor')
     WHERE EXISTS (SELECT 1 FROM pending WHERE seq <= NEW.pending_floor);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER card_intent_settled BEFORE UPDATE ON card_intent WHEN OLD.state IN ('done', 'cancelled')
BEGIN
    SELECT RAISE(ABORT, 'a settled debit stays settled');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER card_intent_same BEFORE UPDATE OF txn, card, amount, request_hash ON card_intent
BEGIN
    SELECT RAISE(ABORT, 'a debit keeps its card and amount')
     WHERE (NEW.txn, NEW.card, NEW.amount, NEW.request_hash) IS NOT (OLD.txn, OLD.card, OLD.amount, OLD.request_hash);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER card_intent_no_delete BEFORE DELETE ON card_intent
BEGIN
    SELECT RAISE(ABORT, 'a debit is never forgotten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER card_record_no_update BEFORE UPDATE ON card_record
BEGIN
    SELECT RAISE(ABORT, 'what a card answered is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER card_record_no_delete BEFORE DELETE ON card_record
BEGIN
    SELECT RAISE(ABORT, 'what a card answered is never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sale_return_no_update BEFORE UPDATE ON sale_return
BEGIN
    SELECT RAISE(ABORT, 'a return is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sale_return_no_delete BEFORE DELETE ON sale_return
BEGIN
    SELECT RAISE(ABORT, 'a return is never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER coupon_void_no_update BEFORE UPDATE ON coupon_void
BEGIN
    SELECT RAISE(ABORT, 'a void coupon stays void');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER coupon_void_no_delete BEFORE DELETE ON coupon_void
BEGIN
    SELECT RAISE(ABORT, 'a void coupon stays void');
END;
-- +goose StatementEnd
