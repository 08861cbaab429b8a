package wire

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Close is the manifest of one published business day: GET /v1/closes gives them in the order of Cursor, one JSON line
// each. A late entry makes a new revision, never another file under the same name.
type Close struct {
	Cursor    int64              `json:"cursor"`
	Store     loyalty.StoreID    `json:"store"`
	Epoch     loyalty.Epoch      `json:"epoch"`
	Day       string             `json:"day"`
	Revision  int                `json:"rev"`
	First     loyalty.Seq        `json:"first"`
	Last      loyalty.Seq        `json:"last"`
	Count     int64              `json:"count"`
	Totals    *loyalty.CloseBody `json:"totals"`
	HeadHash  store.Hash         `json:"head_hash"` // chain value at Last
	File      CloseFile          `json:"file"`
	Prev      store.Hash         `json:"prev"`      // SHA-256 of the store's manifest line before this one, without line end
	Published string             `json:"published"` // head office's clock, UTC
}

// CloseFile names the entries of a close: their bodies, one per line, as they were hashed.
type CloseFile struct {
	Path   string     `json:"path"`
	Bytes  int64      `json:"bytes"`
	SHA256 store.Hash `json:"sha256"`
}

// ClosePath is the address of a close's entries.
func ClosePath(id loyalty.StoreID, day string, revision int) string {
	return fmt.Sprintf("/v1/closes/%d/%s/%d/entries.ndjson", id, day, revision)
}
