package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// ReserveRequest sets something of a member aside.
type ReserveRequest struct {
	Lane    loyalty.LaneID   `json:"lane,omitempty" doc:"where the member tapped"`
	Number  string           `json:"number,omitempty" maxLength:"23" doc:"identifies a member without a card"`
	Points  loyalty.Points   `json:"points" minimum:"1" doc:"or minor units of a wallet of money"`
	Wallet  loyalty.WalletID `json:"wallet,omitempty" maxLength:"40" doc:"the points when left out"`
	Until   time.Time        `json:"until" doc:"last valid moment"`
	For     string           `json:"for,omitempty" maxLength:"40" doc:"an id of the caller's: a reward, an order"`
	Cashier string           `json:"cashier,omitempty" maxLength:"40"`
}

// ReservationAnswer is a reservation that was booked. The same key gives the same answer.
type ReservationAnswer struct {
	Reservation loyalty.TxnID    `json:"reservation"`
	Seq         loyalty.Seq      `json:"seq"`
	Day         string           `json:"day"`
	Member      loyalty.MemberID `json:"member"`
	Points      loyalty.Points   `json:"points"`
	Wallet      loyalty.WalletID `json:"wallet,omitempty"`
	Until       string           `json:"until"`
	For         string           `json:"for,omitempty"`
	Replayed    bool             `json:"replayed"`
}

// SettleRequest ends a reservation.
type SettleRequest struct {
	As      loyalty.SettleAs `json:"as" enum:"confirm,cancel,release" doc:"spent; given back before its time is over; given back after it"`
	Cashier string           `json:"cashier,omitempty" maxLength:"40"`
}

// SettleAnswer is how a reservation ended. A second call with the same outcome gives the same answer.
type SettleAnswer struct {
	Reservation loyalty.TxnID    `json:"reservation"`
	Seq         loyalty.Seq      `json:"seq" doc:"of the entry that ended it"`
	Day         string           `json:"day"`
	As          loyalty.SettleAs `json:"as"`
	Member      loyalty.MemberID `json:"member"`
	Points      loyalty.Points   `json:"points"`
	Wallet      loyalty.WalletID `json:"wallet,omitempty"`
	Replayed    bool             `json:"replayed"`
}

// instant is a moment as entries carry it.
const instant = "2006-01-02T15:04:05.000-07:00"

// maxReservedFor bounds how long a member can be kept from what is theirs.
const maxReservedFor = 92 * 24 * time.Hour

// Reserve sets points, or money of a wallet, aside: nobody spends them, and they do not expire, until the reservation is settled.
func (a *Agent) Reserve(ctx context.Context, id loyalty.TxnID, r ReserveRequest) (ReservationAnswer, error) {
	kept := r
	kept.Number = a.hashed(r.Number)
	hash, err := requestHash(r.Lane, "reserve", kept)
	if err != nil {
		return ReservationAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindReserve, func() (agentdb.Committed, error) { return a.bookReservation(ctx, id, hash, r) })
	if err != nil {
		return ReservationAnswer{}, err
	}
	e, b := &c.Entry, c.Entry.Reserve
	return ReservationAnswer{Reservation: e.Txn, Seq: e.Seq, Day: e.Day, Member: e.Member, Points: b.Points, Wallet: b.Wallet, Until: b.Until,
		For: b.For, Replayed: c.Replayed}, nil
}

func (a *Agent) bookReservation(ctx context.Context, id loyalty.TxnID, hash [32]byte, r ReserveRequest) (agentdb.Committed, error) {
	var none agentdb.Committed
	if r.Until.After(a.now().Add(maxReservedFor)) {
		return none, &loyalty.SaleError{Field: "until", Code: loyalty.SaleTime}
	}
	who, err := a.whoReserves(ctx, r)
	if err != nil {
		return none, err
	}
	for range mostMoves { // a sale, or another reservation, may take the same points meanwhile
		holding, newest, err := a.mayReserve(ctx, who, r)
		if err != nil {
			return none, err
		}
		in := loyalty.ReserveInput{Holding: holding, Points: r.Points, Until: r.Until.Format(instant), For: r.For}
		c, err := a.enter(ctx, agentdb.Commit{
			Txn: id, RequestHash: hash, Member: who.member, Newest: newest,
			Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
				head.Lane, head.Cashier = r.Lane, r.Cashier
				return loyalty.Reserve(in, head)
			},
		})
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, agentdb.ErrMoved) {
			return none, appendRefusal(err)
		}
	}
	return none, refuseForNow(CodeLedgerUnavailable, agentdb.ErrMoved)
}

// whoReserves is who was named, else whoever tapped: their card's PIN guards what it is to confirm later.
func (a *Agent) whoReserves(ctx context.Context, r ReserveRequest) (*identified, error) {
	var l *lane
	if r.Lane != 0 {
		var err error
		if l, err = a.lane(r.Lane); err != nil {
			return nil, err
		}
	}
	if l == nil && r.Number == "" {
		return nil, &Refusal{Code: CodeFieldInvalid, Field: "number"}
	}
	who, err := a.whoFor(ctx, l, r.Number)
	switch {
	case err != nil:
		return nil, err
	case who == nil:
		return nil, refuseForNow(CodeCardNeeded, nil)
	case who.pin != nil && !who.pin.Verified:
		return nil, refuseForNow(CodePINNeeded, nil)
	}
	return who, nil
}

// mayReserve is what the member has in the wallet, when so much may be taken: what a sale would not let them spend is not set aside
// either. Away from head office nobody without a purse sets anything aside, since the floor limits do not count them.
func (a *Agent) mayReserve(ctx context.Context, who *identified, r ReserveRequest) (h loyalty.Holding, newest loyalty.Seq, err error) {
	h = loyalty.Holding{Member: who.member, Wallet: r.Wallet, OnCard: who.purse}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return h, 0, err
	}
	state, err := a.db.State(ctx, who.member)
	if err != nil {
		return h, 0, err
	}
	b := &bill{programme: p, who: who}
	if err := a.reach(ctx, b); err != nil {
		return h, 0, err
	}
	if b.astray || who.trust.medium != loyalty.MediumPurse && (!who.trust.mayUseWallets(b.away) || r.Points > p.WithoutPurse(r.Wallet)) {
		return h, 0, &Refusal{Code: CodeRedeemRefused, Field: "points"}
	}
	if r.Wallet == loyalty.MainWallet {
		h.Lots = state.Lots
		return h, state.Newest, nil
	}
	h.OnCard = 0 // a purse holds points alone
	for _, w := range state.Wallets {
		if w.Wallet == r.Wallet {
			h.Lots = w.Lots
		}
	}
	return h, state.Newest, nil
}

// Settle ends a reservation of this store. Ended as asked before, the first end is the answer.
func (a *Agent) Settle(ctx context.Context, reservation, id loyalty.TxnID, r SettleRequest) (SettleAnswer, error) {
	hash, err := requestHash(0, "settle "+reservation.String(), r)
	if err != nil {
		return SettleAnswer{}, err
	}
	made, err := a.db.EntryByTxn(ctx, reservation)
	if errors.Is(err, agentdb.ErrNotFound) || err == nil && made.Entry.Kind != loyalty.KindReserve {
		return SettleAnswer{}, &Refusal{Code: CodeReservationUnknown, Field: "id", cause: err}
	}
	if err != nil {
		return SettleAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindSettle, func() (agentdb.Committed, error) { return a.bookSettle(ctx, &made.Entry, id, hash, r) })
	if err != nil {
		return SettleAnswer{}, err
	}
	e, b := &c.Entry, c.Entry.Settle
	return SettleAnswer{Reservation: reservation, Seq: e.Seq, Day: e.Day, As: b.As, Member: e.Member, Points: b.Points, Wallet: b.Wallet, Replayed: c.Replayed}, nil
}

func (a *Agent) bookSettle(ctx context.Context, made *loyalty.Entry, id loyalty.TxnID, hash [32]byte, r SettleRequest) (agentdb.Committed, error) {
	of, ok := loyalty.ReservationOf(made)
	if !ok {
		return agentdb.Committed{}, fmt.Errorf("settle %s: it sets nothing aside", made.Txn)
	}
	c, err := a.enter(ctx, agentdb.Commit{
		Txn: id, RequestHash: hash, Of: of.EntryRef,
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			if len(used.Followers) > 0 {
				return loyalty.Entry{}, &settledError{used.Followers[0]}
			}
			head.Cashier = r.Cashier
			return of.Settle(r.As, head)
		},
	})
	var before *settledError
	switch {
	case errors.As(err, &before) && before.by.Settle != nil && before.by.Settle.As == r.As:
		return agentdb.Committed{Entry: before.by, Replayed: true}, nil
	case errors.As(err, &before):
		return c, refuse(CodeReserveSettled, err)
	case err != nil:
		return c, appendRefusal(err)
	}
	return c, nil
}

// settledError says that an entry ended the reservation before.
type settledError struct{ by loyalty.Entry }

func (e *settledError) Error() string { return fmt.Sprintf("settled by entry %d", e.by.Seq) }

const (
	releaseEvery    = 5 * time.Second // how often reservations are looked through for those that have run out
	reservedAtATime = 1000
)

// watchReservations gives back what was set aside and not settled in its time.
func (a *Agent) watchReservations(ctx context.Context) {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	failed := false
	for {
		err := a.release(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			a.log.Error().Err(err).Msg("reservations cannot be released")
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *Agent) release(ctx context.Context) error {
	after := loyalty.Seq(0)
	for {
		open, err := a.db.OpenReservations(ctx, after, reservedAtATime)
		if err != nil || len(open) == 0 {
			return err
		}
		for i := range open {
			after = open[i].Seq
			if err := a.releaseOver(ctx, &open[i]); err != nil {
				return err
			}
		}
	}
}

// releaseOver ends a reservation whose last valid moment is over, under an id that follows from it.
func (a *Agent) releaseOver(ctx context.Context, made *loyalty.Entry) error {
	of, ok := loyalty.ReservationOf(made)
	if over, err := of.RunOut(a.now().Format(instant)); !ok || err != nil || !over {
		return err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "release %d-%d-%d", of.Store, of.Epoch, of.Seq))
	_, err := a.bookSettle(ctx, made, versionedID(sum[:]), sum, SettleRequest{As: loyalty.SettleRelease})
	var r *Refusal
	if errors.As(err, &r) && r.Code == CodeReserveSettled {
		return nil
	}
	return err
}
