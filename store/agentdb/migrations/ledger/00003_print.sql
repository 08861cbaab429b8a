-- +goose Up

CREATE TABLE print_job (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    idem          TEXT    NOT NULL,
    copy_no       INTEGER NOT NULL CHECK (copy_no > 0),
    class         TEXT    NOT NULL,
    printer       TEXT    NOT NULL,
    entry_seq     INTEGER REFERENCES entry (seq), -- the entry that it was committed with
    doc           BLOB    NOT NULL, -- print document, JSON
    doc_hash      BLOB    NOT NULL CHECK (length(doc_hash) = 32),
    stream        BLOB,             -- encoded bytes, kept from before the first one is sent
    profile       TEXT    NOT NULL DEFAULT '', -- printer profile and revision of the stream
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'sending', 'flushed', 'confirmed', 'uncertain',
                                                    'interrupted', 'expired', 'cancelled', 'superseded')),
    created       INTEGER NOT NULL, -- UTC, milliseconds
    changed       INTEGER NOT NULL,
    expires       INTEGER NOT NULL DEFAULT 0, -- 0 never
    outcome_by    TEXT    NOT NULL DEFAULT '', -- who or what decided the end
    superseded_by INTEGER REFERENCES print_job (id),
    copy_key      TEXT    UNIQUE, -- the request that asked for this copy; NULL for an original and for the agent's own copies
    UNIQUE (idem, copy_no),
    CHECK (state <> 'sending' OR stream IS NOT NULL),
    CHECK ((state = 'superseded') = (superseded_by IS NOT NULL))
) STRICT;

CREATE INDEX print_job_active ON print_job (printer, id)
    WHERE state IN ('queued', 'sending', 'flushed', 'uncertain', 'interrupted', 'expired');
CREATE INDEX print_job_entry ON print_job (entry_seq) WHERE entry_seq IS NOT NULL;

CREATE TABLE print_seg (
    job       INTEGER NOT NULL REFERENCES print_job (id),
    n         INTEGER NOT NULL CHECK (n >= 0),
    kind      TEXT    NOT NULL,
    bytes_len INTEGER NOT NULL CHECK (bytes_len > 0),
    ack_id    TEXT    NOT NULL DEFAULT '',
    acked     INTEGER NOT NULL DEFAULT 0, -- UTC, milliseconds; 0 not yet
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE print_event (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    job    INTEGER NOT NULL REFERENCES print_job (id),
    at     INTEGER NOT NULL, -- UTC, milliseconds
    what   TEXT    NOT NULL,
    detail TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX print_event_job ON print_event (job, id);

-- +goose StatementBegin
CREATE TRIGGER print_event_no_update BEFORE UPDATE ON print_event
BEGIN
    SELECT RAISE(ABORT, 'a print event is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER print_event_no_delete BEFORE DELETE ON print_event
BEGIN
    SELECT RAISE(ABORT, 'a print event is never deleted');
END;
-- +goose StatementEnd
