package loyalty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// PastSale is a bill as it was: what was bought, by whom, how it was paid, what was shown. What came of it is not in it.
type PastSale struct {
	Store  StoreID  `json:"store"`
	Lane   LaneID   `json:"lane"`
	Day    string   `json:"day"` // business day
	At     string   `json:"at"`  // as Entry.At
	Member MemberID `json:"member"`
	Sale   struct {
		Programme string        `json:"programme"` // digest of the version that judged it
		Lines     []Line        `json:"lines"`
		Tenders   []Tender      `json:"tenders"`
		Medium    Medium        `json:"medium"`
		Tier      string        `json:"tier"`
		History   *History      `json:"history"`
		Rounding  int64         `json:"rounding"`
		Value     int64         `json:"value"` // what points paid, minor units
		Wallets   []WalletBody  `json:"wallets"`
		Shown     []ShownCoupon `json:"shown"`
	} `json:"sale"`
}

// ReadPastSale reads a stored entry's body, of which it takes what was brought to the till and leaves the results.
func ReadPastSale(body []byte) (*PastSale, error) {
	var s PastSale
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, fmt.Errorf("read past sale: %w", err)
	}
	if s.Day == "" || len(s.Sale.Lines) == 0 {
		return nil, fmt.Errorf("read past sale of %q: no sale", s.Day)
	}
	return &s, nil
}

// PastMember is whose entry a stored body is, without reading the rest of it; 0 is nobody's. In the canonical form the
// member stands before everything that a till can write quotation marks into.
func PastMember(body []byte) MemberID {
	_, rest, found := bytes.Cut(body, []byte(`,"member":`))
	if !found {
		return 0
	}
	end := bytes.IndexAny(rest, ",}")
	id, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
	if err != nil {
		return 0 // the text of a body that has no member of its own
	}
	return MemberID(id)
}
