package agent

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/profile"
	"loyaltill/devices/reader"
	"loyaltill/store/agentdb"
)

const tapTimeout = 5 * time.Second

// tap opens a session with the card that has just come, refuses a copy, settles what an earlier tap left open, loads waiting vouchers, takes
// along what head office does not know of the card, and says who it is.
func (l *lane) tap(ctx context.Context) {
	l.setCard(CardReading, "")
	limited, cancel := context.WithTimeout(ctx, tapTimeout)
	defer cancel()
	who, err := l.openCard(limited)
	if err != nil {
		l.tellRefused(ctx, err) // also of a card that took all the time
		l.refuseCard(err)
		return
	}
	l.setWho(who)
	if who == nil {
		l.awaitForeignPIN()
		return
	}
	l.setCard(CardReady, "")
}

// refuseCard ends a tap that came to nothing and shows why.
func (l *lane) refuseCard(err error) {
	l.endSession()
	l.setWho(nil)
	l.a.log.Info().Uint8("lane", uint8(l.cfg.Number)).Err(err).Msg("card refused")
	refused := CardState{State: CardRefused, Code: refusedCard(err)}
	l.a.metrics.CardRefused(refused.Code)
	var unknown *nobody
	refused.Enrols = errors.As(err, &unknown)
	var busy *reader.BusyError
	if errors.As(err, &busy) {
		refused.Programs = strings.Join(busy.Programs, ", ")
	}
	l.mu.Lock()
	l.card, l.unknown = refused, unknown
	l.mu.Unlock()
	l.publish()
}

// openCard says whose the card is; nil without an error: it wants its PIN before it tells.
func (l *lane) openCard(ctx context.Context) (*identified, error) {
	t, err := l.reader.Connect(ctx)
	if err != nil {
		return nil, errors.Join(card.ErrUnreadable, err)
	}
	l.transmitter = t
	l.session, err = l.openRenewed(ctx, t)
	if errors.Is(err, card.ErrNotLYL1) {
		return l.openForeign(ctx, t)
	}
	if err != nil {
		return nil, l.lastWords(ctx, err)
	}
	id := loyalty.CardID(l.session.Identity().ID)
	for _, step := range []func(context.Context, loyalty.CardID) error{l.notCopied, l.settleIntents, l.loadVouchers, l.carryJournal} {
		if err := step(ctx, id); err != nil {
			return nil, err
		}
	}
	return l.identify(ctx, id)
}

// identify finds the member behind the card and asks the card for its PIN tries.
func (l *lane) identify(ctx context.Context, id loyalty.CardID) (*identified, error) {
	m, err := l.a.db.MemberByCard(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil, refuse(CodeMemberUnknown, err)
	}
	if err != nil {
		return nil, err
	}
	if m.Status != agentdb.MemberActive {
		return nil, refuse(CodeCardBlocked, nil)
	}
	status, err := l.session.PINStatus(ctx)
	if err != nil {
		return nil, err
	}
	balance := l.session.Balance()
	return &identified{
		member: m.ID, card: id, number: string(maskedNumber(l.session.Identity().Number)), tier: m.Tier, language: m.Language,
		trust: ownCard(), purse: loyalty.Points(balance.Points), loaded: balance.LoadSeq, pin: pinState(status, l.findPinpad(ctx)),
	}, nil
}

func maskedNumber(n card.Number) []byte {
	text, err := n.MarshalText()
	if err != nil {
		return nil
	}
	return text
}

func pinState(s card.PINStatus, entry PINEntry) *PINState {
	return &PINState{Verified: s.Verified, TriesLeft: s.TriesLeft, Blocked: s.Blocked, NotSet: !s.Set, Entry: entry}
}

// versionedID makes a UUID of version 8 out of a hash.
func versionedID(sum []byte) (id loyalty.TxnID) {
	copy(id[:], sum)
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

func cardRecord(id loyalty.CardID, r card.Record) *loyalty.CardRecord {
	return &loyalty.CardRecord{
		Card: id, Ctr: r.Ctr, Type: uint8(r.Type), Amount: r.Amount, NewBalance: r.NewBalance,
		Store: loyalty.StoreID(r.Store), Lane: loyalty.LaneID(r.Lane), Txn: loyalty.TxnID(r.TxID),
		TXMAC: hex.EncodeToString(r.MAC[:]), LoadSeq: r.LoadSeq,
	}
}

// refusedCard picks the public code for why a tap came to nothing.
func refusedCard(err error) string {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r.Code
	case errors.Is(err, reader.ErrBusy):
		return CodeReaderBusy
	case errors.Is(err, card.ErrNotLYL1), errors.Is(err, profile.ErrNoProfile):
		return CodeCardUnknown
	case errors.Is(err, profile.ErrPaymentCard):
		return CodePaymentCard
	case errors.Is(err, profile.ErrRandomUID):
		return CodeCardRandom
	case errors.Is(err, card.ErrHot):
		return CodeCardBlocked
	case errors.Is(err, card.ErrExpired):
		return CodeCardExpired
	case errors.Is(err, card.ErrIssuerRevoked):
		return CodeIssuerRevoked
	case errors.Is(err, card.ErrWrongIssuer):
		return CodeCardWrongIssuer
	case errors.Is(err, card.ErrCounterfeit):
		return CodeCardCounterfeit
	case errors.Is(err, card.ErrTerminated):
		return CodeCardTerminated
	case errors.Is(err, reader.ErrMute):
		return CodeCardMute
	case errors.Is(err, card.ErrOverlong):
		return CodeCardAnswerLong
	case errors.Is(err, card.ErrCut):
		return CodeCardAnswerCut
	}
	return CodeCardUnreadable
}
