package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// vouchersATap bounds what one tap loads: a card is held for half a second, not for a month's vouchers.
const vouchersATap = 16

// lastWords lets a blocked or terminated card that head office has ended take its last voucher, and tell how it ended. The card
// stays refused.
func (l *lane) lastWords(ctx context.Context, why error) error {
	var refused *card.OpenError
	if !errors.As(why, &refused) || !errors.Is(why, card.ErrHot) && !errors.Is(why, card.ErrTerminated) {
		return why
	}
	id := loyalty.CardID(refused.Card)
	if reason, _, err := l.a.db.Hot(ctx, id); err == nil && reason == store.HotErased {
		why = refuse(CodeMemberErased, why)
	}
	last, found, err := l.a.db.LastVoucher(ctx, id)
	if err != nil || !found || card.VoucherKind(last.Kind) != card.KindTerminate {
		return errors.Join(why, err)
	}
	if l.session, err = card.OpenLast(ctx, l.transmitter, l.a.trust, l.a.now()); err != nil {
		return errors.Join(why, err)
	}
	if err := l.loadVouchers(ctx, id); err != nil && !errors.Is(err, card.ErrTerminated) {
		return errors.Join(why, err)
	}
	return errors.Join(why, l.carryJournal(ctx, id))
}

// loadVouchers presents what head office has sent for this card. Each answer is written down as evidence. card.ErrTerminated: one
// of them ended the card.
func (l *lane) loadVouchers(ctx context.Context, id loyalty.CardID) error {
	vouchers, err := l.a.db.Vouchers(ctx, id, l.session.Balance().LoadSeq, vouchersATap)
	if err != nil {
		return err
	}
	for _, v := range vouchers {
		if v.Seq != l.session.Balance().LoadSeq+1 {
			return nil // one before it is still on its way from head office
		}
		record, err := l.session.Load(ctx, card.Voucher{Card: card.ID(id), Seq: v.Seq, Kind: card.VoucherKind(v.Kind), Amount: v.Amount, Ref: v.Ref, MAC: v.MAC})
		if why := voucherRefused(err); why != "" {
			// The card stays usable with what it holds; head office has to look at this one.
			l.a.log.Error().Err(err).Stringer("card", id).Uint32("voucher", v.Seq).Msg("voucher refused by the card")
			return l.tellRefusedVoucher(ctx, &loyalty.SuspectBody{Card: id, Certificate: l.session.Identity().Certificate.String(), Reason: why, Voucher: v.Seq})
		}
		if err != nil {
			return err
		}
		if err := l.a.recordLoad(ctx, l.cfg.Number, id, record); err != nil {
			return err
		}
		if card.VoucherKind(v.Kind) == card.KindTerminate {
			return fmt.Errorf("card %v: %w by its voucher %d", id, card.ErrTerminated, v.Seq)
		}
	}
	return nil
}

// voucherRefused says why a card of ours refused a voucher, proved in the session; empty for every other outcome.
func voucherRefused(err error) string {
	switch {
	case errors.Is(err, card.ErrVoucherMAC):
		return "mac"
	case errors.Is(err, card.ErrVoucherSequence):
		return "sequence"
	case errors.Is(err, card.ErrData):
		return "data"
	}
	return ""
}

// tellRefusedVoucher writes down, once, that a card refused a voucher: its points stay with head office until somebody has looked.
func (l *lane) tellRefusedVoucher(ctx context.Context, body *loyalty.SuspectBody) error {
	sum := sha256.Sum256(fmt.Appendf(nil, "voucher refused %s %d %s", body.Card, body.Voucher, body.Reason))
	return l.a.appendEvidence(ctx, l.cfg.Number, sum, func(head loyalty.EntryHead) loyalty.Entry {
		e := head.Entry(loyalty.KindSuspect)
		e.Suspect = body
		return e
	})
}

// recordLoad writes the card's proof of a load. Its id follows from card and voucher, so that a load reported twice is
// one entry.
func (a *Agent) recordLoad(ctx context.Context, n loyalty.LaneID, id loyalty.CardID, record card.Record) error {
	sum := sha256.Sum256(append([]byte("load "+id.String()+" "), record.TxID[:]...))
	return a.appendEvidence(ctx, n, sum, func(head loyalty.EntryHead) loyalty.Entry {
		e := head.Entry(loyalty.KindLoad)
		e.Card = cardRecord(id, record)
		return e
	})
}

// appendEvidence writes an entry about a card under an id that follows from what it says.
func (a *Agent) appendEvidence(ctx context.Context, n loyalty.LaneID, sum [32]byte, entry func(loyalty.EntryHead) loyalty.Entry) error {
	_, err := a.enter(ctx, agentdb.Commit{
		Txn: versionedID(sum[:]), RequestHash: sum,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			head.Lane = n
			return entry(head), nil
		},
	})
	return err
}
