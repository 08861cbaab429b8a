package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card/profile"
	"loyaltill/store/agentdb"
)

// IdentifyRequest is what a till scanned, swiped or was given to know a member by.
type IdentifyRequest struct {
	Source    string `json:"source,omitempty" enum:"magstripe,barcode,keypad" doc:"leave out when the till does not know whether it was scanned or typed"`
	Text      string `json:"text" minLength:"1" maxLength:"512" doc:"as the device gave it"`
	Symbology string `json:"symbology,omitempty" maxLength:"20" doc:"of a barcode, when the scanner tells: ean13, code128, qr and so on"`
	Track     int    `json:"track,omitempty" minimum:"1" maximum:"3" doc:"of a magnetic stripe"`
}

// Identify puts the member whose number a till has read at the till, as a tap would. A card in the reader is let go: who
// was identified last stands there.
func (a *Agent) Identify(ctx context.Context, n loyalty.LaneID, r IdentifyRequest) (LaneState, error) {
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	who, err := a.lookUp(ctx, profile.Text(r.text()))
	if err != nil {
		return l.state(), err
	}
	who.gone, who.byNumber = a.now(), true
	err = l.call(ctx, func(context.Context) error {
		l.endSession()
		l.setWho(who)
		return nil
	})
	return l.state(), err
}

func (r IdentifyRequest) text() profile.Text {
	return profile.Text{Source: r.Source, Symbology: r.Symbology, Track: r.Track, Text: r.Text}
}

// lookUp finds a member by a text: by the first profile that reads it, else as a number of the chain itself.
func (a *Agent) lookUp(ctx context.Context, t profile.Text) (*identified, error) {
	p, number, err := a.foreign.Profiles.Text(t, nil)
	var stranger error // whose number nobody has
	if err == nil {
		who, err := a.memberOf(ctx, string(number), trustOf(p))
		if !unknownMember(err) {
			return who, err
		}
		stranger = err
	}
	own, numberErr := loyalty.NewCardNumber(withoutAIM(t.Text))
	if numberErr == nil {
		who, err := a.memberOf(ctx, own.Digits(), ownNumber())
		if !unknownMember(err) {
			return who, err
		}
		if stranger == nil {
			stranger = err
		}
	}
	switch {
	case errors.Is(err, profile.ErrPaymentCard), numberErr == nil && profile.LooksLikePaymentCard(own.Digits()):
		return nil, refuse(CodePaymentCard, nil)
	case err != nil && numberErr != nil && t.Source == "":
		return nil, &Refusal{Code: CodeFieldInvalid, Field: "number", cause: numberErr}
	}
	if stranger == nil {
		stranger = refuse(CodeMemberUnknown, nil)
	}
	return nil, stranger
}

// withoutAIM takes the AIM identifier (ISO/IEC 15424) off a scanned number.
func withoutAIM(text string) string {
	const identifier = 3
	if strings.HasPrefix(text, "]") && len(text) > identifier {
		return text[identifier:]
	}
	return text
}

// memberOf finds the member of a number. The number itself is used for this alone and kept nowhere.
func (a *Agent) memberOf(ctx context.Context, number string, t trust) (*identified, error) {
	n, err := loyalty.NewCardNumber(number)
	if err != nil {
		return nil, refuse(CodeMemberUnknown, err)
	}
	return a.memberOfHash(ctx, &nobody{hash: a.identity.NumberHMAC(n.Digits()), masked: n.Masked(), trust: t})
}

// memberOfHash finds who a number is that may be nobody's: then the refusal says whose it would be.
func (a *Agent) memberOfHash(ctx context.Context, n *nobody) (*identified, error) {
	m, err := a.db.MemberByNumber(ctx, n.hash)
	if errors.Is(err, agentdb.ErrNotFound) {
		return nil, refuse(CodeMemberUnknown, n)
	}
	if err != nil {
		return nil, fmt.Errorf("look up a member: %w", err)
	}
	if m.Status != agentdb.MemberActive {
		return nil, refuse(CodeCardBlocked, nil)
	}
	return &identified{member: m.ID, number: n.masked, tier: m.Tier, language: m.Language, trust: n.trust}, nil
}

func unknownMember(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Code == CodeMemberUnknown
}

// MemberByNumber looks a member up by a number that was typed or scanned.
func (a *Agent) MemberByNumber(ctx context.Context, number string) (Member, error) {
	who, err := a.lookUp(ctx, profile.Text{Text: number})
	if err != nil {
		return Member{}, err
	}
	who.byNumber = true
	view, err := a.memberView(ctx, *who)
	if err != nil {
		return Member{}, err
	}
	return *view, nil
}
