package agentdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Asked is what this store asked for one unit of an article.
type Asked struct {
	Price int64  // the lowest, minor units
	Name  string // the newest
}

// maxAsked bounds the sales that are looked through for one article.
const maxAsked = 20_000

// LowestPrice looks through the sales of this store since a business day, newest first, for an article; ErrNotFound when none has it.
func (db *DB) LowestPrice(ctx context.Context, sku, since string) (Asked, error) {
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false) // as in the bodies
	if err := enc.Encode(sku); err != nil {
		return Asked{}, err
	}
	var out Asked
	found := false
	_, err := query(ctx, db.ledger.Read(), "prices", func(scan func(...any) error) (none struct{}, err error) {
		var body []byte
		if err = scan(&body); err != nil {
			return none, err
		}
		e, err := loyalty.DecodeEntry(body)
		if err != nil || e.Sale == nil {
			return none, err
		}
		for i := range e.Sale.Lines {
			l := &e.Sale.Lines[i]
			if l.SKU != sku || l.GiftCard != nil {
				continue
			}
			if price := l.UnitPrice(); !found || price < out.Price {
				out.Price = price
			}
			if out.Name == "" {
				out.Name = l.Name
			}
			found = true
		}
		return none, nil
	}, `SELECT body FROM entry WHERE kind = 'sale' AND day >= ? AND instr(body, ?) > 0 ORDER BY seq DESC LIMIT ?`, since, append([]byte(`"sku":`), bytes.TrimSpace(quoted.Bytes())...), maxAsked)
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return Asked{}, fmt.Errorf("lowest price: %w", err)
	}
	return out, nil
}
