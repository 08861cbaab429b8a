-- +goose Up

-- Cards whose certificate was made anew: stores hand it over. The card's row has the certificate.
CREATE TABLE renewal (
    card_id  BLOB   PRIMARY KEY REFERENCES card (card_id),
    made_at  BIGINT NOT NULL
);
