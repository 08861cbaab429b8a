package fleet

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

// deficits is I8: what a member owes is told by the entries that took it.
func (w *world) deficits(r *headoffice.Report) error {
	for _, m := range r.Members {
		told := loyalty.Points(0)
		for _, o := range m.Overspent {
			told += o.Open
		}
		if owed := loyalty.Deficit(m.Lots); told != owed {
			return fmt.Errorf("member %d owes %d points, entries that took too much tell of %d (I8)", m.ID, owed, told)
		}
	}
	return nil
}

// allowances is I9: what stores may spend without asking is set aside, and no store spent more of it than that.
func (w *world) allowances(r *headoffice.Report) error {
	leases, err := w.manager().Leases(w.ctx)
	if err != nil {
		return err
	}
	open := map[loyalty.MemberID]loyalty.Points{}
	for _, l := range leases {
		if l.Used > l.Granted {
			return fmt.Errorf("store %d spent %d points of allowance %d, which held %d (I9)", l.Store, l.Used, l.No, l.Granted)
		}
		open[l.Member] += l.Open()
	}
	for _, m := range r.Members {
		if m.Leased != open[m.ID] {
			return fmt.Errorf("member %d has %d points in allowances, which hold %d (I9)", m.ID, m.Leased, open[m.ID])
		}
		if sum := m.Main + m.OnCard + m.Reserved + m.Leased; sum != m.Balance {
			return fmt.Errorf("member %d can spend or has set aside %d points, the balance is %d (I9)", m.ID, sum, m.Balance)
		}
	}
	w.figures.allowances = len(leases)
	return nil
}

// reversals is I10: what came back of a sale is no more than it was, line by line and point by point, in all stores together.
func (w *world) reversals(logs map[life]*log) error {
	type line struct {
		of   loyalty.EntryRef
		line int
	}
	sold, back := map[loyalty.EntryRef]*loyalty.SaleBody{}, map[line]int64{}
	owed, given := map[loyalty.EntryRef]loyalty.Points{}, map[loyalty.EntryRef]loyalty.Points{}
	err := eachEntry(logs, func(e *loyalty.Entry) {
		of := loyalty.EntryRef{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq}
		if e.Sale != nil {
			sold[of] = e.Sale
		}
		if r := e.Return; r != nil {
			of = loyalty.EntryRef{Store: r.Store, Epoch: r.Epoch, Seq: r.Seq}
			for _, l := range r.Lines {
				back[line{of, l.Line}] += l.Quantity
			}
			owed[of], given[of] = owed[of]+r.Owed, given[of]+r.Back+r.Lapsed
		}
	})
	if err != nil {
		return err
	}
	for l, quantity := range back {
		s := sold[l.of]
		if s == nil || l.line >= len(s.Lines) || quantity > s.Lines[l.line].Quantity {
			return fmt.Errorf("of line %d of entry %d of store %d %d thousandths came back (I10)", l.line, l.of.Seq, l.of.Store, quantity)
		}
		if owed[l.of] > s.Earned || given[l.of] > s.Redeemed {
			return fmt.Errorf("entry %d of store %d earned %d points and took %d, %d are owed and %d were given back (I10)",
				l.of.Seq, l.of.Store, s.Earned, s.Redeemed, owed[l.of], given[l.of])
		}
	}
	return nil
}

func eachEntry(logs map[life]*log, do func(*loyalty.Entry)) error {
	for _, l := range logs {
		for _, body := range l.bodies {
			e, err := loyalty.DecodeEntry(body)
			if err != nil {
				return err
			}
			do(e)
		}
	}
	return nil
}
