package loyalty

type reductionSource uint8

const (
	ofDiscount reductionSource = iota
	ofCoupon
	ofReward
	ofStamps
)

type giveKind uint8

const (
	giveBill giveKind = iota
	giveLine
	giveUnit
	giveCheapest
	giveBundle
	givePerk   // a reward without money value
	giveCoupon // a reward that is a coupon for another time
)

// reduction is one compiled way to take something off a price.
type reduction struct {
	source   reductionSource
	id       string
	kind     giveKind
	on       setID
	when     *when
	common   *when // of the campaign
	campaign int32
	caps     caps // of a discount, for one member; minor units
	group    string
	priority int64
	initial  bool // counts on the prices before every other reduction
	percent  int64
	amount   int64 // off, or with toPrice what is left to pay
	toPrice  bool
	mode     rounding
	each     int64
	buy      int64
	buyFrom  setID // whose pieces must be bought; noSet: those of on
	units    int64
	times    int64
	most     int64
	tender   bool // it pays; the price, and with it the tax, stays

	cost       Points // of a reward
	tierCost   map[string]int64
	perSale    int64
	withEarned bool
	partial    bool
	product    string // the only article that it bears on
	coupon     int    // kind, of giveCoupon
	giftCard   string // of a reward: only lines that sell a card of this kind
}

// prices is what the lines of a bill cost while reductions are taken off.
type prices struct {
	initial []int64
	left    []int64
	lines   []Line
	floor   []int64 // below which no reduction takes a line; nil: nothing
	most    int64   // that all reductions may take off, where the programme limits it
}

// offOf works out what a reduction takes off each of its lines, which come in an order that their places on the bill do
// not change. count is how many times a reward is taken, or how many pieces.
func (r *reduction) offOf(p *prices, lines []int32, count int64) ([]int64, error) {
	base := make([]int64, len(lines))
	room := make([]int64, len(lines))
	for k, i := range lines {
		room[k], base[k] = p.left[i], p.left[i]
		if !r.tender {
			room[k] = max(room[k]-shareOf(p.floor, int(i)), 0)
		}
		if r.initial {
			base[k] = p.initial[i]
		}
	}
	var off []int64
	ok := true
	switch r.kind {
	case giveBill:
		off, ok = r.offBill(base, room, count)
	case giveLine, giveUnit:
		off, ok = r.offLines(p, lines, base, room)
	case giveCheapest:
		off, ok = r.offCheapest(p, lines, base, room, count)
	case giveBundle:
		off, ok = r.offBundles(p, lines, base, room, count)
	case givePerk, giveCoupon:
		return make([]int64, len(lines)), nil
	}
	if !ok {
		return nil, &RuleError{r.id}
	}
	if all := sum(off); r.most > 0 && all > r.most {
		off = Split(r.most, off)
	}
	return off, nil
}

// offBill is one figure for all lines together, spread over them by what it counts on.
func (r *reduction) offBill(base, room []int64, count int64) ([]int64, bool) {
	all, total := sum(base), int64(0)
	ok := true
	switch {
	case r.percent > 0:
		total, ok = partOf(all, r.percent, r.mode)
	case r.toPrice:
		total = max(all-r.amount, 0)
	default:
		times := count
		if r.each > 0 {
			times = all / r.each
			if r.times > 0 {
				times = min(times, r.times)
			}
		}
		total, ok = mulInt(r.amount, times)
	}
	if !ok {
		return nil, false
	}
	return spread(total, base, room), true
}

func partOf(n, percent int64, mode rounding) (int64, bool) {
	f, ok := mulDiv(n, percent, fullShare)
	if !ok {
		return 0, false
	}
	return f.round(mode)
}

// offLines is a figure for each line, or for each unit of it.
func (r *reduction) offLines(p *prices, lines []int32, base, room []int64) ([]int64, bool) {
	off := make([]int64, len(lines))
	for k, i := range lines {
		amount, ok := r.amount, true
		if r.kind == giveUnit {
			var f frac
			if f, ok = mulDiv(r.amount, p.lines[i].Quantity, quantityUnit); ok {
				amount, ok = f.round(roundHalfUp)
			}
		}
		switch {
		case !ok:
			return nil, false
		case r.percent > 0:
			amount, ok = partOf(base[k], r.percent, r.mode)
		case r.toPrice:
			amount = max(base[k]-amount, 0)
		}
		if !ok {
			return nil, false
		}
		off[k] = min(amount, room[k])
	}
	return off, true
}

const quantityUnit = 1000 // quantities are thousandths

// pieces is how many pieces a line has; goods by weight are one.
func pieces(l *Line) int64 {
	if l.Quantity%quantityUnit != 0 {
		return 1
	}
	return l.Quantity / quantityUnit
}

// offCheapest takes the cheapest pieces first; of lines that cost the same a piece, the first in the order given.
func (r *reduction) offCheapest(p *prices, lines []int32, base, room []int64, count int64) ([]int64, bool) {
	all := int64(0)
	for _, i := range lines {
		all += pieces(&p.lines[i])
	}
	want := r.units
	switch {
	case r.source == ofReward || r.source == ofStamps:
		want = count
	case r.buyFrom != noSet:
		sets := count / r.buy // pieces bought
		if r.times > 0 {
			sets = min(sets, r.times)
		}
		want = sets * r.units
	case r.buy > 0:
		sets := all / (r.buy + r.units)
		if r.times > 0 {
			sets = min(sets, r.times)
		}
		want = sets * r.units
	}
	off := make([]int64, len(lines))
	for range lines {
		k := cheapest(p, lines, base, off)
		if want <= 0 || k < 0 {
			break
		}
		n := pieces(&p.lines[lines[k]])
		take := min(want, n)
		want -= take
		part, ok := mulDiv(base[k], take, n)
		if !ok {
			return nil, false
		}
		amount, ok := part.round(roundHalfUp)
		if !ok {
			return nil, false
		}
		switch {
		case r.percent > 0:
			amount, ok = partOf(amount, r.percent, r.mode)
		case r.toPrice:
			amount = max(amount-r.amount*take, 0)
		default:
			amount = min(amount, r.amount*take)
		}
		if !ok {
			return nil, false
		}
		off[k] = min(amount, room[k])
		base[k] = -1 // done
	}
	return off, true
}

// cheapest is the line with the lowest price a piece of those not done; those that cost nothing are passed by.
func cheapest(p *prices, lines []int32, base, off []int64) int {
	best := -1
	for k, i := range lines {
		if base[k] <= 0 {
			continue
		}
		if best < 0 || base[k]*pieces(&p.lines[lines[best]]) < base[best]*pieces(&p.lines[i]) { // below 10^12 x 10^6
			best = k
		}
	}
	return best
}

// spread shares total over lines by weight, none beyond its room; what one line cannot carry goes to the others. It
// carries as much of total as there is room.
func spread(total int64, weights, room []int64) []int64 {
	total = min(total, sum(room))
	off := make([]int64, len(weights))
	open := make([]int64, len(weights))
	copy(open, weights)
	for range weights { // every round fills a line or ends
		left := total - sum(off)
		shares := Split(left, open)
		if left == 0 || shares == nil {
			break
		}
		full := false
		for k, s := range shares {
			if off[k]+s >= room[k] {
				full = full || off[k]+s > room[k]
				off[k], open[k] = room[k], 0
			} else {
				off[k] += s
			}
		}
		if !full {
			break
		}
	}
	return off
}
