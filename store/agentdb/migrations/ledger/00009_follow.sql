-- +goose Up

-- Entries that go on with an earlier one: payments of a sale on account, the end of a reservation.
CREATE TABLE follow (
    store INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    of    INTEGER NOT NULL, -- seq of the earlier one
    seq   INTEGER NOT NULL UNIQUE REFERENCES entry (seq),
    PRIMARY KEY (store, epoch, of, seq)
) STRICT, WITHOUT ROWID;

-- What members did in this store: a key says that they did it for now, a proof that nobody can give it again.
CREATE TABLE deed (
    seq      INTEGER PRIMARY KEY REFERENCES entry (seq),
    member   INTEGER NOT NULL,
    activity TEXT    NOT NULL,
    key      TEXT,
    proof    TEXT
) STRICT;

CREATE INDEX deed_member ON deed (member) WHERE key IS NOT NULL;
CREATE INDEX deed_proof ON deed (proof, activity) WHERE proof IS NOT NULL;
CREATE INDEX entry_reserve ON entry (seq) WHERE kind = 'reserve';
