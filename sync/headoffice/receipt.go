package headoffice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// maxReceipt bounds what a back office sends to say that it has a day.
const maxReceipt = 1 << 10

// closeAddress is the published day that a request names.
type closeAddress struct {
	store    loyalty.StoreID
	day      string
	revision int
}

func (c *call) closeAddress() (a closeAddress, err error) {
	id, err1 := strconv.ParseUint(c.r.PathValue("store"), 10, 32)
	rev, err2 := strconv.ParseInt(c.r.PathValue("rev"), 10, 31)
	if err := errors.Join(err1, err2); err != nil {
		return a, wire.NewProblem(wire.CodeNotFound, "%v", err)
	}
	return closeAddress{loyalty.StoreID(id), c.r.PathValue("day"), int(rev)}, nil
}

// getCloseFile gives a file of a published day, whole or in parts.
func (s *server) getCloseFile(c *call) error {
	at, err := c.closeAddress()
	if err != nil {
		return err
	}
	name := c.r.PathValue("name")
	file, err := s.office.CloseFile(c.ctx, at.store, at.day, at.revision, name)
	if errors.Is(err, hodb.ErrNotFound) {
		return wire.NewProblem(wire.CodeNotFound, "%v", err)
	}
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", map[string]string{wire.FileNDJSON: wire.TypeNDJSON, wire.FileZstd: "application/zstd",
		wire.FileCSV: "text/csv; charset=utf-8; header=present", wire.FileParquet: "application/vnd.apache.parquet"}[name])
	c.w.Header().Set("ETag", strconv.Quote(file.SHA256.String()))
	http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(file.Content))
	return nil
}

// postReceipt takes note that a back office has a published day. The same receipt may come any number of times.
func (s *server) postReceipt(c *call) error {
	at, err := c.closeAddress()
	if err != nil {
		return err
	}
	var said wire.CloseReceipt
	if err := c.readJSON(maxReceipt, &said); err != nil {
		return err
	}
	err = s.office.db.Update(c.ctx, func(tx *hodb.Tx) error {
		published, err := tx.Close(at.store, at.day, at.revision)
		if errors.Is(err, hodb.ErrNotFound) {
			return wire.NewProblem(wire.CodeNotFound, "%v", err)
		}
		if err != nil {
			return err
		}
		if store.Hash(sha256.Sum256(published.Manifest)) != said.SHA256 {
			return wire.NewProblem(wire.CodeBadRequest, "sha256 %v is not that of the published manifest; pull the day again", said.SHA256)
		}
		return tx.Acknowledge(published, c.client.backOffice)
	})
	if err != nil {
		return err
	}
	return c.writeJSON(map[string]bool{"received": true})
}

// ReceiptReport is how far one back office has come.
type ReceiptReport struct {
	BackOffice string `json:"backoffice"`
	Days       int64  `json:"days"`    // published days that it has
	Newest     int64  `json:"newest"`  // cursor of the newest
	Missing    int64  `json:"missing"` // days below the newest that it does not have
	Behind     int64  `json:"behind"`  // days above the newest
	Last       string `json:"last"`    // when it last said that it has one
}

// receipts says of every back office that ever acknowledged a day what it has.
func (o *Office) receipts(ctx context.Context) ([]ReceiptReport, error) {
	out := []ReceiptReport{}
	err := o.db.View(ctx, func(tx *hodb.Tx) error {
		all, err := tx.Receipts()
		for _, r := range all {
			out = append(out, ReceiptReport{r.BackOffice, r.Count, r.Newest, r.Missing, r.Behind, clockText(r.LastAt)})
		}
		return err
	})
	return out, err
}

// Receipts says who has pulled what.
func (m Manager) Receipts(ctx context.Context) (all []ReceiptReport, err error) {
	err = m.call(ctx, opReceipts, none{}, &all)
	return all, err
}
