-- +goose Up

-- What somebody saw on the ticket of a lane's printer, and the profile that came of it.
CREATE TABLE commissioned (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    lane    INTEGER NOT NULL CHECK (lane BETWEEN 1 AND 255),
    staff   INTEGER NOT NULL, -- 0: at the command line of this machine
    name    TEXT    NOT NULL,
    ticket  TEXT    NOT NULL UNIQUE, -- key of its job
    model   TEXT    NOT NULL, -- as the printer names itself, if it does
    given   TEXT    NOT NULL, -- the profile before
    profile TEXT    NOT NULL, -- id and hash of the one after
    answers TEXT    NOT NULL CHECK (json_valid(answers)) -- [{"about":…,"of":…,"yes":…}], one for each question
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER commissioned_no_update BEFORE UPDATE ON commissioned
BEGIN
    SELECT RAISE(ABORT, 'what was answered is never changed');
END;
-- +goose StatementEnd
