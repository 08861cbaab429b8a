-- +goose Up

-- Up to here entries have no body any more; number, key, day and chain value stay. And what those bodies had added up to, JSON,
-- so that all sums can still be proved from the log.
ALTER TABLE ledger ADD COLUMN pruned_through INTEGER NOT NULL DEFAULT 0 CHECK (pruned_through >= 0);
ALTER TABLE ledger ADD COLUMN pruned_sums BLOB;

-- How far head office had signed by the end of a business day; days without a signature have no row.
CREATE TABLE signed_day (
    day TEXT    PRIMARY KEY CHECK (length(day) = 10),
    seq INTEGER NOT NULL CHECK (seq > 0)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER signed_day_signed BEFORE INSERT ON signed_day
BEGIN
    SELECT RAISE(ABORT, 'not signed')
     WHERE NEW.seq > (SELECT signed_seq FROM ledger);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER signed_day_no_back BEFORE UPDATE ON signed_day
BEGIN
    SELECT RAISE(ABORT, 'not signed')
     WHERE NEW.day <> OLD.day OR NEW.seq < OLD.seq OR NEW.seq > (SELECT signed_seq FROM ledger);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER ledger_pruned BEFORE UPDATE OF pruned_through ON ledger
BEGIN
    SELECT RAISE(ABORT, 'what was pruned does not come back')
     WHERE NEW.pruned_through < OLD.pruned_through;
    SELECT RAISE(ABORT, 'pruned without 90 days since head office signed')
     WHERE NEW.pruned_through > OLD.pruned_through AND NEW.pruned_through > (SELECT coalesce(max(seq), 0) FROM signed_day
        WHERE day <= date((SELECT day FROM entry ORDER BY seq DESC LIMIT 1), '-90 days'));
    SELECT RAISE(ABORT, 'pruned what head office has not counted')
     WHERE NEW.pruned_through > NEW.pending_floor;
    SELECT RAISE(ABORT, 'pruned in the middle of a day')
     WHERE NEW.pruned_through > 0 AND NOT EXISTS (SELECT 1 FROM entry WHERE seq = NEW.pruned_through AND kind = 'close');
END;
-- +goose StatementEnd

DROP TRIGGER entry_no_update;

-- +goose StatementBegin
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
    WHEN NEW.body <> x'' OR OLD.seq > (SELECT pruned_through FROM ledger)
      OR (NEW.seq, NEW.txn, NEW.request, NEW.kind, NEW.day, NEW.member, NEW.ref, NEW.hash)
         IS NOT (OLD.seq, OLD.txn, OLD.request, OLD.kind, OLD.day, OLD.member, OLD.ref, OLD.hash)
BEGIN
    SELECT RAISE(ABORT, 'an entry is never changed');
END;
-- +goose StatementEnd
