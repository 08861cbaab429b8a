package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// suspectsADay bounds what a store tells head office of refused cards in a day: who holds up one false card after the other must
// not fill the ledger.
const suspectsADay = 20

// suspects counts what was told on a day.
type suspects struct {
	mu   sync.Mutex
	day  string
	told int
}

// room takes one of the day's places.
func (s *suspects) room(day string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		s.day, s.told = day, 0
	}
	s.told++
	return s.told <= suspectsADay
}

// suspicious says which refusals are written down for head office. Not all are a crime: what an honest person may hold, a card
// of another chain, one that has ended or one that is worn out, is evidence and no case there.
func suspicious(code string) bool {
	switch code {
	case CodeCardCounterfeit, CodeCardCopied, CodeIssuerRevoked, CodeCardBlocked, CodeCardWrongIssuer, CodeCardExpired, CodeCardTerminated,
		CodeCardMute, CodeCardAnswerCut, CodeCardAnswerLong, CodeCardSessionStale, CodeCardUnproved:
		return true
	}
	return false
}

// errCopied is a card whose counter has gone back, which a card's never does: its memory was copied before.
var errCopied = errors.New("card holds less than is known of it")

// notCopied compares what the card has proved of its purse with what this log holds of it and what head office knows.
func (l *lane) notCopied(ctx context.Context, id loyalty.CardID) error {
	ctr, balance, err := l.a.db.LastRecord(ctx, id)
	if err != nil {
		return err
	}
	known, err := l.a.db.KnownThrough(ctx, id)
	if err != nil {
		return err
	}
	if now := l.session.Balance(); now.Ctr < max(ctr, known) || now.Ctr > 0 && now.Ctr == ctr && now.Points != balance {
		who := l.session.Identity()
		return &card.OpenError{Card: who.ID, Certificate: who.Certificate, Err: refuse(CodeCardCopied, errCopied)}
	}
	return nil
}

// tellRefused writes down that a card was refused at the tap: which one it said it is, its certificate's hash and why.
func (l *lane) tellRefused(ctx context.Context, err error) {
	refused := &card.OpenError{} // of a card that said nothing
	errors.As(err, &refused)
	l.tellSuspect(ctx, refused.Card, refused.Certificate, refusedCard(err))
}

// tellSuspect writes down what was wrong with a card; once a day for each.
func (l *lane) tellSuspect(ctx context.Context, id card.ID, cert card.CertificateHash, code string) {
	if !suspicious(code) {
		return
	}
	day := l.a.identity.Calendar().BusinessDay(l.a.now())
	body := &loyalty.SuspectBody{Card: loyalty.CardID(id), Certificate: cert.String(), Reason: code}
	if !l.a.suspects.room(day) {
		return
	}
	sum := sha256.Sum256([]byte("suspect " + day + " " + body.Card.String() + " " + body.Certificate + " " + code))
	err := l.a.appendEvidence(ctx, l.cfg.Number, sum, func(head loyalty.EntryHead) loyalty.Entry {
		e := head.Entry(loyalty.KindSuspect)
		e.Suspect = body
		return e
	})
	if err != nil {
		l.a.log.Error().Err(err).Msg("refused card was not written down")
	}
}
