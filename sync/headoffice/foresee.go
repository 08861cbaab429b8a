package headoffice

import (
	"reflect"
	"slices"

	"loyaltill/agent/loyalty"
)

// foreseen is a sale that was quoted before its turn, with what its store said of the member.
type foreseen struct {
	entry *loyalty.Entry
	ours  loyalty.Entry
	found []loyalty.Difference
	err   error
}

// foresee quotes a sale with the store's word for tier, past and what was available: mostly head office finds the same when its turn
// comes, and this may be done beside other work. Private texts are still sealed here, so a sale that has any waits.
func (j *judge) foresee(m *matter) {
	if m.odd != nil || m.entry.Kind != loyalty.KindSale || m.entry.Sale == nil || len(m.entry.Private()) > 0 {
		return
	}
	s := m.entry.Sale
	i := slices.IndexFunc(j.rules, func(p *loyalty.Programme) bool { return p.Digest() == s.Programme })
	if i < 0 {
		return
	}
	f := &foreseen{entry: m.entry}
	f.ours, f.found, f.err = requote(j.rules[i], m.entry, s.Tier, s.Available)
	m.foreseen = f
}

// quoted is what requote gives, foreseen where the store was right.
func (m *matter) quoted(p *loyalty.Programme, asked *loyalty.Entry, tier string, available loyalty.Points) (loyalty.Entry, []loyalty.Difference, error) {
	if f := m.foreseen; f != nil && f.entry == m.entry {
		said, now := m.entry.Sale, asked.Sale
		if tier == said.Tier && available == said.Available && now.Advance == said.Advance &&
			reflect.DeepEqual(now.History, said.History) && reflect.DeepEqual(now.Standing, said.Standing) {
			return f.ours, f.found, f.err
		}
	}
	return requote(p, asked, tier, available)
}
