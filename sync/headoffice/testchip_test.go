package headoffice

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// chip is a simulated card made a member's by the real command, and the store's driver that speaks with it.
type chip struct {
	t      testing.TB
	id     loyalty.CardID
	member loyalty.MemberID
	sim    *cardsim.Card
	trust  *card.Trust
	perso  string // the personalisation file
}

const (
	testPIN = "31415926" // looked for in every file and log afterwards
	testPUK = "27182818"
)

// chip makes a card for a member; the centre serves.
func (c *centre) chip(member loyalty.MemberID, digits string, root store.HexBytes) *chip {
	c.t.Helper()
	sim, err := cardsim.Create(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	dir := c.t.TempDir()
	request := filepath.Join(dir, "request.json")
	if err := os.WriteFile(request, sim.Request(), 0o600); err != nil {
		c.t.Fatal(err)
	}
	key, err := ReadCardRequest(request)
	if err != nil {
		c.t.Fatal(err)
	}
	k := &chip{t: c.t, member: member, sim: sim, perso: filepath.Join(dir, "perso.json")}
	k.id, err = c.manager().SignCard(c.t.Context(), NewCard{Member: member, Number: number(c.t, digits), PublicKey: key,
		PIN: testPIN, PUK: testPUK}, k.perso)
	if err != nil {
		c.t.Fatal(err)
	}
	file, err := os.ReadFile(k.perso)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := sim.Personalise(file); err != nil {
		c.t.Fatal(err)
	}
	if err := sim.PowerOn(); err != nil {
		c.t.Fatal(err)
	}
	k.trust = c.trustOf(root)
	return k
}

// trustOf is what a store believes about cards: the root of its identity folder, and what head office sent of issuing keys.
func (c *centre) trustOf(root store.HexBytes) *card.Trust {
	t, scheme := c.t, c.home.Settings.Scheme
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), root)
	if err != nil {
		t.Fatal(err)
	}
	var s card.Scheme
	if err := s.UnmarshalText([]byte(scheme)); err != nil {
		t.Fatal(err)
	}
	trust, err := card.NewTrust(s, key, card.Lists{IssuingKey: func(id card.KeyID) (statement []byte) {
		_ = c.office.db.View(context.Background(), func(tx *hodb.Tx) error {
			i, err := tx.Issuer(id[:])
			statement = i.Statement
			return err
		})
		return statement
	}})
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// Transmit, Control, ATR and Close make the simulated card a card.Transmitter without a reader between.
func (k *chip) Transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	return copy(rapdu, k.sim.Process(capdu)), nil
}
func (k *chip) Control(context.Context, uint32, []byte) ([]byte, error) {
	return nil, errors.New("a card without a reader")
}
func (k *chip) ATR() []byte                  { return k.sim.ATR() }
func (k *chip) Close(card.Disposition) error { return k.sim.Reset() }

// tap opens a session.
func (k *chip) tap() *card.Session {
	k.t.Helper()
	s, err := card.Open(k.t.Context(), k, k.trust, time.Now())
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

// take loads the vouchers of a feed page in their order and gives the card's records.
func (k *chip) take(page *wire.FeedPage) (records []*loyalty.CardRecord) {
	k.t.Helper()
	s := k.tap()
	for _, row := range page.Rows {
		v := row.Voucher
		if v == nil || v.Card != k.id {
			continue
		}
		r, err := s.Load(k.t.Context(), card.Voucher{Card: card.ID(v.Card), Seq: v.Seq, Kind: card.VoucherKind(v.Kind), Amount: v.Amount,
			Ref: [8]byte(v.Ref), MAC: [16]byte(v.MAC)})
		if err != nil {
			k.t.Fatal(err)
		}
		records = append(records, k.record(r))
	}
	return records
}

// pay takes points for a sale with the PIN.
func (k *chip) pay(b *box, txn loyalty.TxnID, points uint32) (*loyalty.CardRecord, card.Debit, card.Unlock) {
	k.t.Helper()
	s := k.tap()
	pin, err := card.NewPIN([]byte(testPIN))
	if err != nil {
		k.t.Fatal(err)
	}
	defer pin.Zero()
	if err := s.VerifyPIN(k.t.Context(), pin); err != nil {
		k.t.Fatal(err)
	}
	unlock := card.NewUnlock()
	debit := card.Debit{Amount: points, Store: b.id.Store, Lane: 1, TxID: card.TxID(txn), Lock: unlock.Lock()}
	r, err := s.Debit(k.t.Context(), debit)
	if err != nil {
		k.t.Fatal(err)
	}
	return k.record(r), debit, unlock
}

func (k *chip) record(r card.Record) *loyalty.CardRecord {
	return &loyalty.CardRecord{Card: k.id, Ctr: r.Ctr, Type: uint8(r.Type), Amount: r.Amount, NewBalance: r.NewBalance,
		Store: loyalty.StoreID(r.Store), Lane: loyalty.LaneID(r.Lane), Txn: loyalty.TxnID(r.TxID),
		TXMAC: hex.EncodeToString(r.MAC[:]), LoadSeq: r.LoadSeq}
}

// load writes the entries of a voucher taken in.
func (b *box) load(records []*loyalty.CardRecord) {
	b.t.Helper()
	for _, r := range records {
		e := b.entry(loyalty.KindLoad)
		e.Card = r
		b.write(e)
	}
}

// redeem writes a sale that the card pays for in part.
func (b *box) redeem(k *chip, cents int64, points loyalty.Points) loyalty.Entry {
	b.t.Helper()
	head := b.head()
	available := loyalty.Points(k.tap().Balance().Points)
	e := b.sale(head, &loyalty.MemberState{ID: k.member, Medium: loyalty.MediumPurse, Available: available}, cents, &loyalty.Ask{Points: points})
	if e.Sale.Redeemed != points {
		b.t.Fatalf("the programme lets %d of %d points be redeemed", e.Sale.Redeemed, points)
	}
	e.Card, _, _ = k.pay(b, e.Txn, uint32(points))
	return e
}
