-- +goose Up

-- Who is told over HTTP that days were published, and how far that has come. The secret is worked out from the nonce and a key of
-- head office's folder.
CREATE TABLE webhook (
    name      TEXT   NOT NULL PRIMARY KEY,
    url       TEXT   NOT NULL,
    private   BIGINT NOT NULL CHECK (private IN (0, 1)), -- the address may be one of a private network
    nonce     BYTEA  NOT NULL CHECK (octet_length(nonce) = 16),
    told      BIGINT NOT NULL,           -- close_no up to which it has heard
    through   BIGINT NOT NULL DEFAULT 0, -- last close_no of the message on its way; 0: there is none
    tries     BIGINT NOT NULL DEFAULT 0, -- of that message
    first_at  BIGINT NOT NULL DEFAULT 0,
    next_at   BIGINT NOT NULL DEFAULT 0, -- nothing is sent before
    gave_up   BIGINT NOT NULL DEFAULT 0, -- newest close_no when the last message was given up; the next one waits for a newer close
    error     TEXT   NOT NULL DEFAULT '', -- what became of the last try; empty: it was taken
    told_at   BIGINT NOT NULL DEFAULT 0
);
