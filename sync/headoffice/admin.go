package headoffice

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// operation is one thing that an administrator can have done. Whoever has the books open does it: the running server,
// asked through its door, or the command itself when no server runs.
type operation struct {
	name string
	do   func(ctx context.Context, o *Office, in json.RawMessage) (any, error)
}

// Names of the operations.
const (
	opEnrol   = "store.enrol"
	opCode    = "store.code"
	opRevoke  = "store.revoke"
	opSettle  = "case.settle"
	opFork    = "fork.show"
	opResolve = "fork.resolve"
	opMember  = "member.add"
	opCard    = "card.sign"
	opBlock   = "card.block"
	opPublish = "publish"
	opReport  = "report"
	opVerify  = "verify"
	opDay     = "day"
	opFind    = "member.find"
	opOpening = "member.opening"
	opAccept  = "keys.accept"
	opKeys    = "keys.list"
	opPrepare = "card.prepare"
	opFinish  = "card.finish"
	opPlan    = "card.plan"
	opRenew   = "card.renew"
	opOrder   = "card.order"
	opReplace = "card.replace"
	opCards   = "card.list"
	opShow    = "card.show"

	opCondition = "condition"
	opExposure  = "exposure"

	opOverdrafts = "report.overdrafts"

	opGrant   = "lease.grant"
	opLeases  = "lease.list"
	opReclaim = "lease.reclaim"

	opSegment    = "segment.put"
	opSegments   = "segment.list"
	opAudience   = "segment.run"
	opWhy        = "segment.explain"
	opAttributes = "member.attributes"
	opErase      = "member.erase"
	opPartners   = "report.partners"
	opReceipts   = "close.receipts"
	opLiability  = "report.liability"
	opStick      = "stick.import"
	opHead       = "store.head"

	opHook     = "webhook.set"
	opHooks    = "webhook.list"
	opHookTest = "webhook.test"
	opUnhook   = "webhook.remove"
)

func operations() []operation {
	return []operation{
		{opEnrol, typed((*Office).enrolStore)},
		{opCode, typed((*Office).makeCode)},
		{opRevoke, typed((*Office).revokeStore)},
		{opSettle, typed((*Office).settleCase)},
		{opFork, typed((*Office).showFork)},
		{opResolve, typed((*Office).resolveFork)},
		{opMember, typed((*Office).addMember)},
		{opCard, typed((*Office).signCard)},
		{opBlock, typed((*Office).blockCard)},
		{opPublish, typed((*Office).publish)},
		{opReport, typed(func(o *Office, ctx context.Context, _ none) (Report, error) { return o.Report(ctx) })},
		{opDay, typed((*Office).beginGiven)},
		{opFind, typed((*Office).findOpening)},
		{opOpening, typed((*Office).bringAlong)},
		{opAccept, typed((*Office).acceptStatement)},
		{opKeys, typed((*Office).listIssuingKeys)},
		{opPrepare, typed((*Office).prepareCard)},
		{opFinish, typed((*Office).finishCard)},
		{opPlan, typed((*Office).planCards)},
		{opRenew, typed((*Office).renewCards)},
		{opOrder, typed((*Office).orderCard)},
		{opReplace, typed((*Office).replaceCard)},
		{opCards, typed((*Office).listCards)},
		{opShow, typed((*Office).showCard)},
		{opExposure, typed((*Office).exposure)},
		{opOverdrafts, typed((*Office).overdraftReport)},
		{opGrant, typed((*Office).grantLease)},
		{opLeases, typed((*Office).listLeases)},
		{opReclaim, typed((*Office).reclaimLease)},
		{opSegment, typed((*Office).putAudience)},
		{opSegments, typed(func(o *Office, ctx context.Context, _ none) (Audience, error) { return o.audience(ctx) })},
		{opAudience, typed((*Office).reckon)},
		{opWhy, typed((*Office).whyAudience)},
		{opAttributes, typed((*Office).setAttributes)},
		{opErase, typed((*Office).erase)},
		{opPartners, typed((*Office).partners)},
		{opLiability, typed((*Office).liability)},
		{opStick, typed((*Office).takeStick)},
		{opHead, typed((*Office).headOf)},
		{opHook, typed((*Office).setWebhook)},
		{opHooks, typed((*Office).listWebhooks)},
		{opHookTest, typed((*Office).testWebhook)},
		{opUnhook, typed((*Office).removeWebhook)},
		{opReceipts, typed(func(o *Office, ctx context.Context, _ none) ([]ReceiptReport, error) { return o.receipts(ctx) })},
		{opCondition, typed(func(o *Office, ctx context.Context, _ none) (hodb.Condition, error) { return o.condition(ctx) })},
		{opVerify, typed(func(o *Office, ctx context.Context, _ none) ([]hodb.Finding, error) { return o.Verify(ctx) })},
	}
}

// none is the input, or the outcome, of an operation that has none.
type none struct{}

// typed reads an operation's input strictly.
func typed[In, Out any](do func(*Office, context.Context, In) (Out, error)) func(context.Context, *Office, json.RawMessage) (any, error) {
	return func(ctx context.Context, o *Office, raw json.RawMessage) (any, error) {
		var in In
		if err := decodeStrict(raw, &in); err != nil {
			return nil, fmt.Errorf("read operation: %w", err)
		}
		return do(o, ctx, in)
	}
}

// do runs an operation by name and wakes the stores that wait for news.
func (o *Office) do(ctx context.Context, name string, in json.RawMessage) (any, error) {
	for _, op := range operations() {
		if op.name == name {
			out, err := op.do(ctx, o, in)
			o.changed.ring()
			return out, err
		}
	}
	return nil, fmt.Errorf("operation %q is not known", name)
}

// numberRef is a printed number without its digits.
type numberRef struct {
	HMAC   store.Hash `json:"hmac"`
	Masked string     `json:"masked"`
}

func (n numberRef) row() hodb.Number { return hodb.Number{HMAC: n.HMAC, Masked: n.Masked} }

func (k *Keys) numberRef(n loyalty.CardNumber) numberRef {
	return numberRef{HMAC: store.NumberHMAC(k.number[:], n.Digits()), Masked: n.Masked()}
}

type memberInput struct {
	Number   numberRef `json:"number"`
	Tier     string    `json:"tier"`
	Language string    `json:"language"`
	Birthday string    `json:"birthday"`
	Joined   string    `json:"joined"`
}

type memberOutcome struct {
	Member loyalty.MemberID `json:"member"`
	Number string           `json:"number"` // masked
}

func (o *Office) addMember(ctx context.Context, in memberInput) (out memberOutcome, err error) {
	out.Number = in.Number.Masked
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		out.Member, err = o.enterMember(tx, hodb.Member{Tier: in.Tier, Language: in.Language, Birthday: in.Birthday, Joined: in.Joined}, in.Number.row())
		return err
	})
	if errors.Is(err, hodb.ErrTaken) {
		err = &FieldError{"number", "give a number that no other member has", err}
	}
	return out, err
}

type cardInput struct {
	Member    loyalty.MemberID `json:"member"`
	Number    numberRef        `json:"number"`
	PublicKey store.HexBytes   `json:"public_key"`
	LastDay   card.Day         `json:"last_day"` // 0: as long as a card usually lives
	Flags     byte             `json:"flags"`
}

type cardOutcome struct {
	Card        loyalty.CardID   `json:"card"`
	Member      loyalty.MemberID `json:"member"`
	Certificate store.HexBytes   `json:"certificate"`
	Tier        string           `json:"tier"`
	Language    string           `json:"language"`
}

// signCard certifies a card's key, enters the card, and sends points that wait for a card to it.
func (o *Office) signCard(ctx context.Context, in cardInput) (out cardOutcome, err error) {
	key, err := ecdh.P256().NewPublicKey(in.PublicKey)
	if err != nil {
		return out, &FieldError{"request", "the card must make a P-256 key and give its uncompressed point", err}
	}
	if _, err := io.ReadFull(o.entropy, out.Card[:]); err != nil {
		return out, fmt.Errorf("sign card: %w", err)
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		var err error
		if out.Certificate, err = o.certify(tx, out.Card, key, in); err != nil {
			return err
		}
		m, err := tx.Member(in.Member)
		if err != nil {
			return err
		}
		if out.Tier, err = tx.TierOn(m, lastDay); err != nil {
			return err
		}
		out.Member, out.Language = m.ID, m.Language
		c := hodb.Card{ID: out.Card, Member: in.Member, PublicKey: in.PublicKey, Certificate: out.Certificate,
			Tier: tierOnCard(out.Tier), Language: m.Language}
		if err := tx.AddCard(c, in.Number.row()); err != nil {
			return err
		}
		return o.makeVouchers(tx, in.Member)
	})
	switch {
	case errors.Is(err, hodb.ErrNotFound):
		err = &FieldError{"member", `enter the member first with "headoffice member add"`, err}
	case errors.Is(err, hodb.ErrTaken):
		err = &FieldError{"number or request", "give a number of this member and the key of a new card", err}
	}
	return out, err
}

// certify makes the certificate of card.md 1 with the current issuing key.
func (o *Office) certify(tx *hodb.Tx, id loyalty.CardID, key *ecdh.PublicKey, in cardInput) ([]byte, error) {
	issuer, err := o.currentIssuer(tx)
	if err != nil {
		return nil, err
	}
	if in.LastDay > issuer.LastDay {
		return nil, &FieldError{"valid-through", "give " + issuer.LastDay.Date().Format(time.DateOnly) + " at most, the last day of the issuing key", nil}
	}
	if in.LastDay == 0 {
		in.LastDay = min(card.DayOf(tx.Now().Add(cardLife)), issuer.LastDay)
	}
	cert := card.Certificate{CA: issuer.ID(), Card: card.ID(id), Key: key, Scheme: issuer.Scheme, LastDay: in.LastDay,
		Flags: card.CertificateFlags(in.Flags)}
	private, err := o.home.issuingKey(issuer.ID())
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(cert.MarshalTBS())
	signature, err := ecdsa.SignASN1(rand.Reader, private, digest[:])
	if err != nil {
		return nil, fmt.Errorf("sign card %v: %w", id, err)
	}
	if err := cert.SetSignatureASN1(signature); err != nil {
		return nil, err
	}
	return cert.Marshal(), nil
}

type blockInput struct {
	Card   loyalty.CardID `json:"card"`
	Reason string         `json:"reason"`
}

func (o *Office) blockCard(ctx context.Context, in blockInput) (none, error) {
	err := o.db.Update(ctx, func(tx *hodb.Tx) error {
		if _, err := tx.Card(in.Card); err != nil {
			return &FieldError{"card", "give the 16 digits of a card that head office has signed", err}
		}
		return tx.BlockCard(in.Card, in.Reason)
	})
	return none{}, err
}

type publishInput struct {
	Document json.RawMessage `json:"document"` // canonical
}

// PublishOutcome says which version was published.
type PublishOutcome struct {
	Digest    string `json:"digest"`
	ID        string `json:"id"`
	Version   int64  `json:"version"`
	ValidFrom string `json:"valid_from"`
	Known     bool   `json:"known"` // it was published before; nothing changed
}

func (o *Office) publish(ctx context.Context, in publishInput) (out PublishOutcome, err error) {
	p, err := loyalty.Compile(in.Document)
	if err != nil {
		return out, err
	}
	if !bytes.Equal(p.Canonical(), in.Document) {
		return out, errors.New("publish: the document is not in its canonical form")
	}
	if p.Currency() != o.home.Settings.Currency {
		return out, &FieldError{"currency", "head office counts in " + o.home.Settings.Currency, fmt.Errorf("the programme counts in %s", p.Currency())}
	}
	out = PublishOutcome{Digest: p.Digest(), ID: p.ID(), Version: p.Version(), ValidFrom: p.ValidFrom()}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		added, err := tx.PutProgramme(p.Digest(), p.Canonical())
		if out.Known = !added; err != nil || !added {
			return err
		}
		if err := tx.ReviewFrom(p.ValidFrom()[:len(time.DateOnly)]); err != nil || !p.LooksBack() {
			return err
		}
		// It may ask what stores were not told, of days that were joined.
		if err := tx.ForgetPasts(); err != nil {
			return err
		}
		return tx.TouchMembers()
	})
	return out, err
}

type dayInput struct {
	Day string `json:"day"` // empty: today
}

// beginGiven begins a day now; today's when none is given.
func (o *Office) beginGiven(ctx context.Context, in dayInput) (DayOutcome, error) {
	err := o.db.View(ctx, func(tx *hodb.Tx) error {
		today, err := o.today(tx)
		if err == nil && in.Day == "" {
			in.Day = today
		}
		if err == nil && in.Day > today {
			err = &FieldError{"day", "give a day that has begun in every store", fmt.Errorf("today is %s", today)}
		}
		return err
	})
	if err != nil {
		return DayOutcome{}, err
	}
	return o.BeginDay(ctx, in.Day)
}

// language is two letters of ISO 639-1.
func checkLanguage(s string) error {
	if len(s) != 2 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") != "" {
		return &FieldError{"language", "give two letters such as lv", fmt.Errorf("%q", s)}
	}
	return nil
}

// cardLife is how long a card's certificate is good.
const cardLife = 5 * 365 * 24 * time.Hour
