-- +goose Up

-- Who works here. A number is given once; who leaves keeps their row, because the trail names it.
CREATE TABLE staff (
    number     INTEGER PRIMARY KEY CHECK (number > 0),
    key        BLOB    NOT NULL UNIQUE CHECK (length(key) = 16), -- of the request that added them
    request    BLOB    NOT NULL CHECK (length(request) = 32),
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    role       TEXT    NOT NULL CHECK (role IN ('cashier', 'supervisor', 'manager', 'technician')),
    language   TEXT    NOT NULL DEFAULT '',
    pin        TEXT    NOT NULL CHECK (pin LIKE '$argon2id$%'),
    version    INTEGER NOT NULL DEFAULT 1, -- goes up with every change: a session of an older one is over
    wrong      INTEGER NOT NULL DEFAULT 0 CHECK (wrong >= 0),
    wait_until INTEGER NOT NULL DEFAULT 0,
    since      INTEGER NOT NULL,
    ended      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX staff_name ON staff (name) WHERE ended = 0;

-- +goose StatementBegin
CREATE TRIGGER staff_no_delete BEFORE DELETE ON staff
BEGIN
    SELECT RAISE(ABORT, 'who worked here is never deleted');
END;
-- +goose StatementEnd

-- What was asked for by hand, written before it is done.
CREATE TABLE act (
    id     INTEGER PRIMARY KEY CHECK (id > 0),
    at     INTEGER NOT NULL,
    staff  INTEGER NOT NULL, -- 0: at the command line of this machine
    name   TEXT    NOT NULL,
    second INTEGER NOT NULL DEFAULT 0, -- who agreed to it
    what   TEXT    NOT NULL CHECK (length(what) BETWEEN 1 AND 40),
    about  TEXT    NOT NULL DEFAULT '',
    before TEXT    NOT NULL DEFAULT '',
    after  TEXT    NOT NULL DEFAULT ''
) STRICT;

-- The acts that came to nothing, and why.
CREATE TABLE act_refused (
    act  INTEGER PRIMARY KEY REFERENCES act (id),
    code TEXT    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER act_in_order BEFORE INSERT ON act
BEGIN
    SELECT RAISE(ABORT, 'the trail has a gap')
     WHERE NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM act);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_no_update BEFORE UPDATE ON act
BEGIN
    SELECT RAISE(ABORT, 'the trail is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_no_delete BEFORE DELETE ON act
BEGIN
    SELECT RAISE(ABORT, 'the trail is never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_refused_no_update BEFORE UPDATE ON act_refused
BEGIN
    SELECT RAISE(ABORT, 'the trail is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER act_refused_no_delete BEFORE DELETE ON act_refused
BEGIN
    SELECT RAISE(ABORT, 'the trail is never deleted');
END;
-- +goose StatementEnd
