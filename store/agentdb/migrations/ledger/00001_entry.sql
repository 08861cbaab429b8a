-- +goose Up

-- The log. A row is the exact bytes that were hashed, with the columns that look-ups need.
CREATE TABLE entry (
    seq     INTEGER PRIMARY KEY CHECK (seq > 0),
    txn     BLOB    NOT NULL UNIQUE CHECK (length(txn) = 16),
    request BLOB    CHECK (length(request) = 32), -- digest of what was asked; NULL for an entry fetched from head office
    kind    TEXT    NOT NULL,
    day     TEXT    NOT NULL CHECK (length(day) = 10),
    member  INTEGER NOT NULL DEFAULT 0,
    ref     INTEGER REFERENCES entry (seq),
    body    BLOB    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
BEGIN
    SELECT RAISE(ABORT, 'entry sequence has a gap')
     WHERE NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry);
    SELECT RAISE(ABORT, 'business day goes back')
     WHERE NEW.day < (SELECT day FROM entry ORDER BY seq DESC LIMIT 1);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN
    SELECT RAISE(ABORT, 'an entry is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN
    SELECT RAISE(ABORT, 'an entry is never deleted');
END;
-- +goose StatementEnd

-- What entries above ledger.pending_floor mean for members: a row for each entry and member that it touches.
CREATE TABLE pending (
    member INTEGER NOT NULL CHECK (member > 0),
    seq    INTEGER NOT NULL REFERENCES entry (seq),
    points INTEGER NOT NULL, -- change of all that the member holds
    PRIMARY KEY (member, seq)
) STRICT, WITHOUT ROWID;

-- Closed business days: the same figures as the close entry's body.
CREATE TABLE day (
    day       TEXT    PRIMARY KEY CHECK (length(day) = 10),
    close_seq INTEGER NOT NULL UNIQUE REFERENCES entry (seq),
    first_seq INTEGER NOT NULL CHECK (first_seq > 0),
    last_seq  INTEGER NOT NULL CHECK (last_seq = close_seq - 1 AND last_seq >= first_seq),
    count     INTEGER NOT NULL CHECK (count = last_seq - first_seq + 1),
    totals    BLOB    NOT NULL,
    head_hash BLOB    NOT NULL CHECK (length(head_hash) = 32)
) STRICT, WITHOUT ROWID;

-- Whose log this is and how far others have it.
CREATE TABLE ledger (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    store         INTEGER NOT NULL CHECK (store > 0),
    epoch         INTEGER NOT NULL CHECK (epoch > 0),
    install_id    BLOB    NOT NULL CHECK (length(install_id) = 16),
    genesis       BLOB    NOT NULL CHECK (length(genesis) = 32),
    sent_through  INTEGER NOT NULL DEFAULT 0 CHECK (sent_through >= 0), -- may have left the store
    pending_floor INTEGER NOT NULL DEFAULT 0 CHECK (pending_floor >= 0),
    signed_seq    INTEGER NOT NULL DEFAULT 0 CHECK (signed_seq >= 0),   -- head office's newest signed position
    signed_hash   BLOB    CHECK (length(signed_hash) = 32),
    signature     BLOB    CHECK (length(signature) = 64)
) STRICT;
