package agent

import (
	"context"

	"loyaltill/agent/loyalty"
)

type doerKey struct{}

// By says who makes the calls of a context: whoever is signed in at the till, or at the manager page.
func By(ctx context.Context, who Doer) context.Context {
	return context.WithValue(ctx, doerKey{}, who)
}

// doerOf is who makes a call; nobody for POS software and for a till at which nobody is signed in.
func doerOf(ctx context.Context) (who Doer, known bool) {
	who, known = ctx.Value(doerKey{}).(Doer)
	return who, known
}

// hand is by whom an entry is made: who is signed in, and who answered for what is beyond a cashier's limits.
type hand struct {
	Staff    loyalty.StaffNumber `json:"staff,omitempty"`
	Name     string              `json:"name,omitempty"`
	Approver loyalty.StaffNumber `json:"approver,omitempty"`
}

// hand is by whom the action with this key and request is done.
func (a *Agent) hand(ctx context.Context, id loyalty.TxnID, request [32]byte) hand {
	who, _ := doerOf(ctx)
	return hand{Staff: who.Number, Name: who.Name, Approver: a.lifts.approver(id, request, a.now())}
}

// sign writes them into an entry. A name that the till sent gives way to that of who is signed in.
func (h hand) sign(e *loyalty.Entry) {
	if h.Staff != 0 {
		e.Staff, e.Cashier = h.Staff, h.Name
	}
	if h.Approver != 0 {
		e.Approver = h.Approver
	}
}
