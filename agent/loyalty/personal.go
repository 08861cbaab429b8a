package loyalty

import "slices"

// MaxPersonal bounds the list of a member's own articles. Head office makes it from what the member bought before and
// ships it with the member, so that a store needs no line and no history for a personal price.
const MaxPersonal = 200

func (m *MemberState) checkPersonal() error {
	if len(m.Personal) > MaxPersonal {
		return &SaleError{"member.personal", SaleTooLarge}
	}
	for _, sku := range m.Personal {
		if sku == "" || len(sku) > maxMark || !cleanText(sku) {
			return &SaleError{"member.personal", SaleText}
		}
	}
	return nil
}

// asksPersonal says whether anything depends on what members usually buy.
func (p *Programme) asksPersonal() bool { return len(p.catalogue.personal) > 0 }

// listed says whether an article is on the member's list, and the programme asks.
func (b *bill) listed(sku string) bool {
	m := b.in.Member
	return m != nil && b.p.asksPersonal() && slices.Contains(m.Personal, sku)
}

// personal is the listed articles of this bill, each once and in order: all of the list that the sale depends on, and all
// of it that is written down.
func (b *bill) personal() []string {
	var found []string
	for i := range b.in.Sale.Lines {
		if sku := b.in.Sale.Lines[i].SKU; b.listed(sku) {
			found = append(found, sku)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// personalBytes is at least what JSON takes for the listed articles of a bill.
func personalBytes(lines []Line) int {
	n := len(`,"personal":[]`)
	for i := range lines {
		n += len(`"",`) + escaped(lines[i].SKU)
	}
	return n
}
