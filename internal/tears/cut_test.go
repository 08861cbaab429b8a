package tears

import (
	"fmt"
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
)

// load is LOAD as an exchange is named (card.md 3.9).
const load = "52"

// TestTheNextTapInAnyStoreTellsALoadWhoseTapWasCutBeforeItsEntry: the card has its points, and the tap's time is over. No
// entry of the store tells of them, and the store need not see the card again.
func TestTheNextTapInAnyStoreTellsALoadWhoseTapWasCutBeforeItsEntry(t *testing.T) {
	c := newChain(t, programmeText)
	r := newRig(t, c)
	w := r.cutAfterLoad(c.start, 1)
	for store := range w.stores {
		t.Run(fmt.Sprintf("store %d", store+1), func(t *testing.T) { r.tellsLoad(t, w, store, 1) })
	}
}

// TestTheNextTapTellsHowACardEndedWhoseTapWasCutBeforeItsEntry: the card has given its points back and is of no use any more,
// but only it knows. Another store that has not heard of the end refuses it, and the store of the cut tap tells.
func TestTheNextTapTellsHowACardEndedWhoseTapWasCutBeforeItsEntry(t *testing.T) {
	c := newChain(t, programmeText)
	r := newRig(t, c)
	start := c.ended()
	last := uint32(len(start.vouchers))
	r.tellsLoad(t, r.cutAfterLoad(start, last), 1, last)
}

// cutAfterLoad is the world after a tap in the second store whose time was over when the card had loaded a voucher, the first
// that no entry tells of.
func (r *rig) cutAfterLoad(start *world, voucher uint32) *world {
	t := r.t
	w := r.run(start, step{store: 1, do: func(l *life) { l.tapCutAfter(load, int(voucher)) }}, nil, 0).world
	chip, err := cardsim.Restore(w.card, nil)
	check(t, err)
	if purse := chip.Status(); purse.LoadSeq != voucher {
		t.Fatalf("the card has not just %d vouchers: %+v", voucher, purse)
	}
	if told := r.toldLoads(w, 1); slices.Contains(told, voucher) {
		t.Fatalf("the tap was cut after the entry: %v", told)
	}
	return w
}

// tellsLoad fails when the next tap in a store does not tell of a load, or the points do not add up after it.
func (r *rig) tellsLoad(t *testing.T, w *world, store int, voucher uint32) {
	after := r.run(w, step{store: store, do: func(l *life) { l.tapUntilRead(1) }}, nil, 0).world
	if told := r.toldLoads(after, store); !slices.Contains(told, voucher) {
		t.Errorf("the next tap tells of the vouchers %v, not of number %d", told, voucher)
	}
	for _, problem := range r.judge(r.settle(after)) {
		t.Error(problem)
	}
}

// tapCutAfter presents the card and ends the agent's context when the card has done what is named so many times: its answer may
// still arrive, the ledger takes nothing any more.
func (l *life) tapCutAfter(what string, times int) {
	l.card.seen = func(exchange int, when string) {
		l.seen(exchange, when)
		if when != after+what {
			return
		}
		if times--; times == 0 {
			l.cut()
		}
	}
	if l.tap(1) {
		l.rig.t.Error("the tap was not cut")
	}
}

// toldLoads are the vouchers whose loads a store's ledger tells of, in entries of their own or in a carried journal.
func (r *rig) toldLoads(w *world, store int) (vouchers []uint32) {
	r.visit(w, store, func(l *life) {
		for _, entry := range l.proven(&ending{world: w}) {
			var records []loyalty.CardRecord
			if entry.Card != nil {
				records = append(records, *entry.Card)
			}
			if entry.Journal != nil {
				records = append(records, entry.Journal.Records...)
			}
			for _, record := range records {
				if card.RecordType(record.Type) == card.TypeLoad {
					vouchers = append(vouchers, record.LoadSeq)
				}
			}
		}
	})
	return vouchers
}
