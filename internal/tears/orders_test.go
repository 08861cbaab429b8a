package tears

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/agentdb"
	"loyaltill/sync/headoffice"
)

// orders is the start with more news of head office in the second store: the member bought more there, which made him gold, and
// brought the goods back; his PIN got its tries back, the card spends a little without PIN, and it gets a new certificate.
func (c *chain) orders() *world {
	c.t.Helper()
	const everyCard = 3650 // days
	return c.later(func(m headoffice.Manager, hear func(func(*life))) {
		hear(func(l *life) { l.earn(takenBack) })
		must[headoffice.DayOutcome](c.t)(m.BeginDay(c.t.Context(), noon().Format(time.DateOnly)))
		hear(func(l *life) { l.giveBack(takenBack) })
		c.order(m, headoffice.CardOrder{Kind: card.KindUnblock})
		c.order(m, headoffice.CardOrder{Kind: card.KindLimits, Single: 5, Cumulative: 10})
		must[headoffice.RenewOutcome](c.t)(m.RenewCards(c.t.Context(), everyCard))
	})
}

// ended is the start with head office's last word for the card in the second store.
func (c *chain) ended() *world {
	c.t.Helper()
	return c.later(func(m headoffice.Manager, _ func(func(*life))) {
		c.order(m, headoffice.CardOrder{Kind: card.KindTerminate, Reason: "lost"})
	})
}

func (c *chain) order(m headoffice.Manager, o headoffice.CardOrder) {
	c.t.Helper()
	o.Card = c.card
	must[headoffice.OrderOutcome](c.t)(m.OrderCard(c.t.Context(), o))
}

// later is the start after more has happened at head office and in the second store, which then has heard of everything.
func (c *chain) later(happens func(m headoffice.Manager, hear func(func(*life)))) *world {
	c.t.Helper()
	w := c.start.clone()
	w.home = filepath.Join(scratch(c.t), "ho")
	check(c.t, os.CopyFS(w.home, os.DirFS(c.start.home)))
	home := must[*headoffice.Home](c.t)(headoffice.OpenHome(w.home))
	r := newRig(c.t, c)
	hear := func(visit func(*life)) {
		office := must[*headoffice.Office](c.t)(headoffice.OpenOffice(c.t.Context(), home, officeOptions()))
		w.stores[1] = r.visit(w, 1, func(l *life) {
			visit(l)
			c.sync(office, l.db, anyVouchers)
			check(c.t, office.PostAll(c.t.Context()))
			c.sync(office, l.db, anyVouchers)
			w.vouchers = must[[]agentdb.Voucher](c.t)(l.db.Vouchers(c.t.Context(), c.card, 0, maxVouchers))
		})
		check(c.t, office.Close())
	}
	happens(headoffice.Manager{Home: home, Options: officeOptions()}, hear)
	hear(func(*life) {})
	return w
}

// giveBack brings all goods of an earning purchase back.
func (l *life) giveBack(points int64) {
	t, ctx := l.rig.t, context.Background()
	request := agent.ReturnRequest{Sale: purchase(points).String(), All: true}
	quote := must[agent.ReturnQuote](t)(l.agent.QuoteReturn(ctx, 1, request))
	must[agent.ReturnAnswer](t)(l.agent.Return(ctx, 1, loyalty.TxnID{0: 4, 15: byte(points)}, agent.ReturnCommit{ReturnRequest: request, Quote: quote.ID}))
}

// purchase is the id of the purchase that earned so many points.
func purchase(points int64) loyalty.TxnID { return loyalty.TxnID{0: 2, 15: byte(points)} }
