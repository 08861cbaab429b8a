-- +goose Up

-- Sales in the order in which they happened, for whoever reads many of them: the day, then the moment.
ALTER TABLE posted_txn ADD COLUMN at_ms BIGINT NOT NULL DEFAULT 0;
UPDATE posted_txn SET at_ms = (
    SELECT unixepoch(json_extract(CAST(e.body AS TEXT), '$.at')) * 1000 + CAST(substr(json_extract(CAST(e.body AS TEXT), '$.at'), 21, 3) AS INTEGER)
    FROM entry e WHERE e.store_id = posted_txn.store_id AND e.epoch = posted_txn.epoch AND e.seq = posted_txn.seq);
CREATE INDEX sale_by_day ON posted_txn (business_day, at_ms, store_id, epoch, seq) WHERE kind = 'sale';
