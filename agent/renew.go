package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// openRenewed opens a session, and hands the card the certificate that head office made anew for it, if it has another one. A card
// that is refused because it has ended, or because its issuing key was revoked, gets it too: that is what it is for.
func (l *lane) openRenewed(ctx context.Context, t card.Transmitter) (*card.Session, error) {
	session, err := card.Open(ctx, t, l.a.trust, l.a.now())
	var id card.ID
	var holds card.CertificateHash
	switch {
	case err == nil:
		id, holds = session.Identity().ID, session.Identity().Certificate
	case errors.Is(err, card.ErrExpired) || errors.Is(err, card.ErrIssuerRevoked):
		look, lerr := card.LookAt(ctx, t)
		if lerr != nil {
			return nil, err
		}
		id, holds = look.Card, look.Certificate
	default:
		return nil, err
	}
	waits, found, dberr := l.a.db.RenewalOf(ctx, loyalty.CardID(id))
	renewal := card.Renewal{Certificate: waits.Certificate, MAC: waits.MAC}
	if dberr != nil || !found || renewal.Hash() == holds {
		return session, err
	}
	if session != nil {
		session.End()
	}
	// Whether the card took it, the next session tells; a card that refuses it goes on as it is.
	if rerr := card.Renew(ctx, t, renewal); rerr != nil {
		l.a.log.Warn().Err(rerr).Stringer("card", id).Msg("card did not take its new certificate")
	}
	return card.Open(ctx, t, l.a.trust, l.a.now())
}
