package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"loyaltill/agent/loyalty"
)

// Basket is one sale of which somebody asks why it earns what it earns (docs/scenarios.md).
type Basket struct {
	Programme string         `yaml:"programme"` // file, from the folder of this one
	At        string         `yaml:"at"`        // 2026-11-24 10:15, maybe with an offset
	Store     uint32         `yaml:"store"`
	Member    string         `yaml:"member"` // as a story says it: anna tier gold points 300
	Lines     []string       `yaml:"lines"`  // goods as a story writes them: milk 2.40 food/dairy
	Redeem    string         `yaml:"redeem"`
	Rewards   []string       `yaml:"rewards"`
	Coupons   []string       `yaml:"coupons"`
	Pay       []basketTender `yaml:"pay"`
	Rounding  string         `yaml:"rounding"`
}

type basketTender struct {
	Kind   string `yaml:"kind"`
	Amount string `yaml:"amount"`
}

// ReadBasket reads a basket file. Fields that are not known are refused, with their place.
func ReadBasket(text []byte) (*Basket, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("a basket of %d bytes; keep to %d", len(text), MaxBytes)
	}
	b := &Basket{Store: 1, At: firstDay}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(b); err != nil {
		return nil, errors.New(strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	switch {
	case b.Programme == "":
		return nil, errors.New("say which programme: programme: grocery.yaml")
	case len(b.Lines) == 0:
		return nil, errors.New("an empty basket; write lines: [milk 2.40]")
	}
	return b, nil
}

// Quote judges the basket. A *loyalty.SaleError says why it cannot be sold.
func (b *Basket) Quote(p *loyalty.Programme) (loyalty.Quote, error) {
	r := &player{p: p, store: loyalty.StoreID(b.Store), members: map[string]*person{}}
	if err := b.tell(r); err != nil {
		return loyalty.Quote{}, err
	}
	in, err := r.input(r.bill)
	if err != nil {
		return loyalty.Quote{}, err
	}
	return p.Quote(in)
}

// tell plays the basket's file as the lines of a story.
func (b *Basket) tell(r *player) error {
	type told struct {
		field, text string
		do          func(*player, string) error
	}
	all := []told{{"at", b.At, (*player).onDay}}
	if b.Member != "" {
		all = append(all, told{"member", b.Member, (*player).member})
	}
	for i, l := range b.Lines {
		all = append(all, told{fmt.Sprintf("lines[%d]", i), l, (*player).basket})
	}
	if b.Redeem != "" {
		all = append(all, told{"redeem", b.Redeem, (*player).redeem})
	}
	for i, l := range b.Rewards {
		all = append(all, told{fmt.Sprintf("rewards[%d]", i), l, (*player).reward})
	}
	for i, l := range b.Coupons {
		all = append(all, told{fmt.Sprintf("coupons[%d]", i), l, (*player).coupon})
	}
	for i, t := range b.Pay {
		all = append(all, told{fmt.Sprintf("pay[%d]", i), t.Kind + " " + t.Amount, (*player).pay})
	}
	if b.Rounding != "" {
		all = append(all, told{"rounding", b.Rounding, (*player).rounding})
	}
	for _, one := range all {
		if err := one.do(r, one.text); err != nil {
			return fmt.Errorf("%s: %w", one.field, err)
		}
	}
	return nil
}
