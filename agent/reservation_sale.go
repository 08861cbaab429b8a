package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// reservedFor is the reservation that a sale is to confirm: one of this store and of the sale's member that nothing has ended.
func (a *Agent) reservedFor(ctx context.Context, who *identified, id string) (*loyalty.Reservation, error) {
	if id == "" {
		return nil, nil
	}
	if who == nil {
		return nil, refuseForNow(CodeCardNeeded, nil)
	}
	unknown := &Refusal{Code: CodeReservationUnknown, Field: "reservation"}
	txn, err := loyalty.ParseTxnID(id)
	if err != nil {
		return nil, unknown
	}
	made, err := a.db.EntryByTxn(ctx, txn)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	of, ok := loyalty.ReservationOf(&made.Entry)
	if !ok || made.Entry.Kind != loyalty.KindReserve || of.Member != who.member || of.Wallet != loyalty.MainWallet {
		return nil, unknown // a wallet's is confirmed by its own call
	}
	ended, err := a.db.Followers(ctx, of.EntryRef)
	if err == nil && len(ended) > 0 {
		err = refuse(CodeReserveSettled, &settledError{ended[0]})
	}
	return &of, err
}
