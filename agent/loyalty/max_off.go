package loyalty

import "fmt"

// maxOff is the most that all reductions together may take off; 0 is no limit. What pays instead of lowering the price is
// not limited here.
type maxOff struct {
	amount    int64
	share     int64 // basis points of the bill before reductions
	lineShare int64 // of each line
}

func (c *compiler) maxOff(path string, def *stackingDef) {
	c.p.maxOff = maxOff{
		amount:    c.money(path+".max_amount", &def.MaxAmount, false),
		share:     c.shareOff(path+".max_share", &def.MaxShare),
		lineShare: c.shareOff(path+".max_line_share", &def.MaxLineShare),
	}
}

func (c *compiler) shareOff(path string, d *decimal) int64 {
	if *d == "" {
		return 0
	}
	n, ok := parseDecimal(string(*d), 2)
	if !ok || n == 0 || n >= fullShare {
		c.fault(path, fmt.Sprintf("%q is not a share", string(*d)), "write percent, above 0 and below 100")
		return 0
	}
	*d = formatDecimal(n, 2, true)
	return n
}

// ceilings puts into the prices of a bill how far they may fall: the whole bill's in most, every line's in floor.
func (m *maxOff) ceilings(p *prices) error {
	all := sum(p.initial)
	if p.most = all; m.amount > 0 {
		p.most = min(p.most, m.amount)
	}
	if m.share > 0 {
		part, ok := partOf(all, m.share, roundFloor)
		if !ok {
			return &RuleError{"stacking"}
		}
		p.most = min(p.most, part)
	}
	if m.lineShare == 0 {
		return nil
	}
	p.floor = make([]int64, len(p.initial))
	for i, price := range p.initial {
		part, ok := partOf(price, m.lineShare, roundFloor)
		if !ok {
			return &RuleError{"stacking"}
		}
		p.floor[i] = price - part
	}
	return nil
}

// limited is what an offer takes off each of its lines within the limits, and by how much they cut it.
func (s *stack) limited(r *reduction, f *offer, o *outcome, count int64) (off []int64, cut int64, err error) {
	off, err = r.offOf(&o.prices, f.lines, count)
	if err != nil || r.tender || s.p.maxOff == (maxOff{}) {
		return off, 0, err
	}
	free := o.prices
	free.floor = nil
	full, err := r.offOf(&free, f.lines, count)
	if err != nil {
		return nil, 0, err
	}
	if room := o.prices.most - o.off; sum(off) > room {
		off = Split(room, off)
	}
	return off, sum(full) - sum(off), nil
}
