package loyalty

import "fmt"

// StampShares is the part of every line in what its sale gave and took of one stamp card.
type StampShares struct {
	Stamp string   `json:"stamp"`
	Given []Points `json:"given,omitempty"`
	Used  []Points `json:"used,omitempty"`
}

// ReturnableStamp is what a return needs to know of a stamp card.
type ReturnableStamp struct {
	Stamp string         `json:"stamp"`
	Lines []ReturnedPart `json:"lines"` // by line of the sale; the last ones may be left out
}

// StampReturn is what a return did to a stamp card.
type StampReturn struct {
	Stamp string `json:"stamp"`
	Taken int64  `json:"taken,omitempty"` // stamps that the goods had given
	Back  int64  `json:"back,omitempty"`  // stamps that they had been given for
}

// stampShares lays stamps on the pieces that gave them, and those used on the pieces that were free for them, or else on
// those that gave.
func (b *bill) stampShares(o *outcome) []StampShares {
	var all []StampShares
	for i := range b.stamps {
		r := &b.stamps[i]
		if r.use.Given == 0 && r.use.Used == 0 {
			continue
		}
		bought := make([]int64, len(b.out))
		for _, i := range r.lines {
			bought[i] = pieces(&b.in.Sale.Lines[i])
		}
		freed := bought
		for k, t := range o.reductions {
			if t.Rule == r.id {
				freed = make([]int64, len(b.out))
				for j, i := range o.lines[k] {
					freed[i] = o.parts[k][j]
				}
			}
		}
		used := b.lay(r.use.Used, freed)
		if r.free {
			for i, n := range b.lay(r.use.Times, freed) {
				bought[i] = max(bought[i]-int64(n), 0)
			}
		}
		all = append(all, StampShares{r.id, b.lay(r.use.Given, bought), used})
	}
	return all
}

// lay splits a count over all lines by weight; the odd one does not follow the order in which lines were rung up.
func (b *bill) lay(count int64, weights []int64) []Points {
	order := b.byContent()
	sorted, out := make([]int64, len(order)), make([]Points, len(order))
	for k, i := range order {
		sorted[k] = weights[i]
	}
	for k, n := range Split(count, sorted) {
		out[order[k]] = Points(n)
	}
	return trimmed(out)
}

// readStamps: without stored shares, stamps lie on the lines by their prices.
func (r *Returnable) readStamps(s *SaleBody) {
	prices := make([]int64, len(r.Lines))
	for i := range r.Lines {
		prices[i] = r.Lines[i].Price
	}
	for _, u := range s.Stamps {
		if u.Given == 0 && u.Used == 0 {
			continue
		}
		stamp := ReturnableStamp{Stamp: u.Told.Stamp, Lines: make([]ReturnedPart, len(r.Lines))}
		if s.Shares == nil {
			for i, n := range Split(u.Given, prices) {
				stamp.Lines[i].Earned = Points(n)
			}
			for i, n := range Split(u.Used, prices) {
				stamp.Lines[i].Spent = Points(n)
			}
		} else {
			stamp.readShares(s.Shares.Stamps)
		}
		r.Stamps = append(r.Stamps, stamp)
	}
}

func (r *ReturnableStamp) readShares(all []StampShares) {
	for _, s := range all {
		if s.Stamp == r.Stamp {
			for i := range r.Lines {
				r.Lines[i] = ReturnedPart{shareOf(s.Given, i), shareOf(s.Used, i)}
			}
		}
	}
}

func (r *Returnable) checkStamps() bool {
	for _, s := range r.Stamps {
		if !idForm.MatchString(s.Stamp) || len(s.Lines) > len(r.Lines) {
			return false
		}
		for _, l := range s.Lines {
			if l.Earned < 0 || l.Earned > maxStamps || l.Spent < 0 || l.Spent > maxStamps {
				return false
			}
		}
	}
	return len(r.Stamps) <= MaxStampKinds
}

// stamps takes back what goods gave, and gives back what was used for them: of each line in proportion to what has come
// back so far, less what was due before. A card whose stamps are gone stands below zero until the next ones fill it.
func (s *settlement) stamps(t *tally) {
	for _, stamp := range s.in.Sale.Stamps {
		back := StampReturn{Stamp: stamp.Stamp}
		for i, l := range stamp.Lines {
			due := func(n Points) int64 {
				quantity := s.in.Sale.Lines[i].Quantity
				now, _ := mulDiv(int64(n), t.after[i], quantity)
				was, _ := mulDiv(int64(n), t.before[i], quantity)
				return now.whole - was.whole
			}
			back.Taken += due(l.Earned)
			back.Back += due(l.Spent)
		}
		if back.Taken > 0 || back.Back > 0 {
			s.body.Stamps = append(s.body.Stamps, back)
		}
	}
	s.moves = append(s.moves, stampMovesBack(s.body.Stamps, s.in.Sale.Member)...)
}

func stampMovesBack(stamps []StampReturn, m MemberID) []Movement {
	var moves []Movement
	for _, s := range stamps {
		card := AccountStamps(s.Stamp, m)
		if s.Taken > 0 {
			moves = append(moves, Movement{From: card, To: stampAccount(s.Stamp, "issued"), Points: Points(s.Taken)})
		}
		if s.Back > 0 {
			moves = append(moves, Movement{From: stampAccount(s.Stamp, "redeemed"), To: card, Points: Points(s.Back)})
		}
	}
	return moves
}

func (c *comparison) stampReturns(s, o []StampReturn) {
	c.text("stamps", fmt.Sprint(s), fmt.Sprint(o))
}

func (d *digester) returnableStamps(all []ReturnableStamp) {
	for _, s := range all {
		d.text(tokenStamps)
		d.text(s.Stamp)
		d.ints(int64(len(s.Lines)))
		for _, l := range s.Lines {
			d.ints(int64(l.Earned), int64(l.Spent))
		}
	}
}

func (t *tokenReader) stamp() ReturnableStamp {
	s := ReturnableStamp{Stamp: t.text()}
	for range t.count() {
		s.Lines = append(s.Lines, ReturnedPart{Points(t.int()), Points(t.int())})
	}
	return s
}
