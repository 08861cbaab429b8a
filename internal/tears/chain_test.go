package tears

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/uplink"
)

// programmeText: 10 points for 1.00, a point is worth 0.01.
const programmeText = `
format: 1
programme: { id: tears, name: { en: Tears }, version: 1, valid_from: 2020-01-01T00:00, currency: EUR }
earn:
  - { id: base, per: amount, rate: { points: 10, per: "1.00" }, steps: proportional }
redeem: { point_value: { points: 1, value: "0.01" }, minimum: 10, step: 10, max_share: "100" }
expiry: { months: 12 }
tiers: [{ id: plain, name: { en: Plain } }, { id: gold, name: { en: Gold }, from: "20.00" }]
ladder: { by: spend, over: rolling, months: 12 }
`

// advances has both stores give points in advance.
const advances = "limits: { floor: { member_day: 1000, store_day: 1000, hours: 24, advance: true } }\n"

const (
	cardNumber = "6034000000000018"
	cardPIN    = "4711"
	cardPUK    = "12345678"

	loaded      = 100 // points in voucher 1, which both stores have from the start
	loadedLater = 50  // points in voucher 2, which only the second store has
	takenBack   = 120 // points of a purchase whose goods were brought back, before the card heard of either: see orders

	syncLimit = time.Minute
	syncLook  = time.Millisecond

	maxVouchers = 10
	anyVouchers = -1
)

// noon is when everything happens: the same instant makes the same bytes.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// chain is head office with a member, his card and two stores, each of which has the card's first voucher.
type chain struct {
	t          testing.TB
	identities [2]*store.Identity
	member     loyalty.MemberID
	card       loyalty.CardID
	issuer     []byte // head office's word for the key that issued the card
	start      *world
}

func newChain(t testing.TB, programme string) *chain {
	t.Helper()
	c := &chain{t: t, start: &world{home: filepath.Join(scratch(t), "ho")}}
	home := must[*headoffice.Home](t)(headoffice.Init(c.start.home, headoffice.Settings{Scheme: "4c595431", Currency: "EUR", Hosts: []string{"127.0.0.1"}}, nil, noon))
	m := headoffice.Manager{Home: home, Options: officeOptions()}
	must[headoffice.PublishOutcome](t)(m.Publish(t.Context(), []byte(programme)))
	for i := range c.identities {
		dir := filepath.Join(scratch(t), "identity")
		must[loyalty.Epoch](t)(m.Enrol(t.Context(), headoffice.Enrolment{Store: loyalty.StoreID(i + 1), Name: fmt.Sprintf("Store %d", i+1),
			TimeZone: "Europe/Riga", Language: "en", HeadOffice: "https://127.0.0.1:1"}, dir))
		c.identities[i] = must[*store.Identity](t)(store.LoadIdentity(dir))
	}
	number := must[loyalty.CardNumber](t)(loyalty.NewCardNumber(cardNumber))
	c.member = must[loyalty.MemberID](t)(m.AddMember(t.Context(), headoffice.NewMember{Number: number, Language: "en"}))
	c.start.card = c.issue(m, number)
	c.earn(home)
	return c
}

// trust is what a store believes about cards, with a word of head office for each issuing key.
func (c *chain) trust(issuing func(card.KeyID) []byte) *card.Trust {
	c.t.Helper()
	root := must[*ecdsa.PublicKey](c.t)(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), c.identities[0].CardRoot))
	scheme := must[uint32](c.t)(c.identities[0].SchemeID())
	return must[*card.Trust](c.t)(card.NewTrust(card.Scheme(binary.BigEndian.AppendUint32(nil, scheme)), root, card.Lists{IssuingKey: issuing}))
}

// learn keeps what a store was told of the card's issuing key, which is no secret.
func (c *chain) learn(db *agentdb.DB) {
	c.t.Helper()
	chip := must[*cardsim.Card](c.t)(cardsim.Restore(c.start.card, rand.Reader))
	check(c.t, chip.PowerOn())
	p := &plastic{card: chip, seen: func(int, string) {}}
	trust := c.trust(func(k card.KeyID) []byte {
		c.issuer = must[[]byte](c.t)(db.IssuerStatement(c.t.Context(), k))
		return c.issuer
	})
	must[*card.Session](c.t)(card.Open(c.t.Context(), p, trust, noon())).End()
}

func officeOptions() headoffice.Options {
	return headoffice.Options{Clock: noon, Entropy: rand.Reader, Log: zerolog.Nop()}
}

// scratch is a folder in memory where there is one: the proof is about the order of writes, not about the disk.
func scratch(t testing.TB) string {
	t.Helper()
	const memory = "/dev/shm"
	if _, err := os.Stat(memory); err != nil {
		return t.TempDir()
	}
	dir := must[string](t)(os.MkdirTemp(memory, "loyaltill-tears-"))
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// issue makes the member's card and gives its memory.
func (c *chain) issue(m headoffice.Manager, number loyalty.CardNumber) []byte {
	c.t.Helper()
	plain := must[*cardsim.Card](c.t)(cardsim.Create(rand.Reader))
	dir := scratch(c.t)
	request, perso := filepath.Join(dir, "request"), filepath.Join(dir, "perso")
	check(c.t, os.WriteFile(request, plain.Request(), 0o600))
	key := must[[]byte](c.t)(headoffice.ReadCardRequest(request))
	c.card = must[loyalty.CardID](c.t)(m.SignCard(c.t.Context(), headoffice.NewCard{Member: c.member, Number: number, PublicKey: key,
		PIN: cardPIN, PUK: cardPUK}, perso))
	check(c.t, plain.Personalise(must[[]byte](c.t)(os.ReadFile(perso))))
	return plain.Image()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// earn has the member buy twice in the first store, so that head office makes the card's vouchers.
func (c *chain) earn(home *headoffice.Home) {
	c.t.Helper()
	office := must[*headoffice.Office](c.t)(headoffice.OpenOffice(c.t.Context(), home, officeOptions()))
	r := newRig(c.t, c)
	c.start.stores = [2]*disk{{}, {}}
	bring := func(store, vouchers int) {
		c.start.stores[store] = r.visit(c.start, store, func(l *life) {
			c.sync(office, l.db, vouchers)
			c.start.vouchers = must[[]agentdb.Voucher](c.t)(l.db.Vouchers(c.t.Context(), c.card, 0, maxVouchers))
		})
		check(c.t, office.PostAll(c.t.Context()))
	}
	buy := func(points int64) {
		c.start.stores[0] = r.visit(c.start, 0, func(l *life) { l.earn(points) })
	}
	bring(0, 0)
	buy(loaded)
	bring(0, 0)
	bring(0, 1)
	buy(loadedLater)
	unheard := c.start.stores[0] // sent up from here, but no longer heard of
	bring(0, 1)
	c.start.stores[0] = unheard
	bring(1, 2)
	r.visit(c.start, 1, func(l *life) { c.learn(l.db) })
	check(c.t, office.Close())
}

// earn sells for cash to the member, known by number.
func (l *life) earn(points int64) {
	t := l.rig.t
	sell := basket(points * 10)
	sell.Number = cardNumber
	quote := must[agent.Quote](t)(l.agent.Quote(t.Context(), 1, sell))
	sell.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: quote.ToPay}}
	must[agent.SaleAnswer](t)(l.agent.Commit(t.Context(), 1, purchase(points), agent.CommitRequest{SaleRequest: sell, Quote: quote.ID}))
}

// sync has the store's real uplink bring its entries up and head office's news down, until the store knows of so many vouchers.
func (c *chain) sync(office *headoffice.Office, db *agentdb.DB, vouchers int) {
	c.t.Helper()
	u := must[*uplink.Uplink](c.t)(uplink.New(uplink.Options{DB: db, HeadOffice: office, Agent: "tears", Log: zerolog.Nop(), Now: noon, Linger: syncLook}))
	ctx, cancel := context.WithTimeout(c.t.Context(), syncLimit)
	ended := make(chan error, 1)
	go func() { ended <- u.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	look := time.NewTicker(syncLook)
	defer look.Stop()
	for {
		s := must[uplink.Status](c.t)(u.Status(ctx))
		known := must[[]agentdb.Voucher](c.t)(db.Vouchers(ctx, c.card, 0, maxVouchers))
		if s.State == uplink.StateInSync && s.Lag == 0 && s.FeedState == uplink.StateInSync && (len(known) == vouchers || vouchers == anyVouchers) {
			return
		}
		select {
		case <-ctx.Done():
			c.t.Fatalf("uplink: %+v, %d vouchers", s, len(known))
		case <-look.C:
		}
	}
}

func basket(amount int64) agent.SaleRequest {
	return agent.SaleRequest{Lines: []loyalty.Line{{SKU: "1", Name: "Milk", Category: "food", Quantity: 1000, Amount: amount}}, Cashier: "ilze"}
}
