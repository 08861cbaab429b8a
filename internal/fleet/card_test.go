package fleet

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loyaltill/agent/loyalty"
	lyl "loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
	"loyaltill/sync/headoffice"
)

// withoutPIN is more points than any sale takes: nobody types a PIN in the fleet.
const withoutPIN = 1 << 20

// card is a member's card with a purse, simulated to its memory.
type card struct {
	id  loyalty.CardID
	sim *cardsim.Card
}

// newCard makes a member's card with the command's own code.
func (w *world) newCard(member loyalty.MemberID, number loyalty.CardNumber) (*card, error) {
	sim, err := cardsim.Create(rand.Reader)
	if err != nil {
		return nil, err
	}
	request := filepath.Join(w.dir, fmt.Sprintf("card-%d-request.json", member))
	perso := filepath.Join(w.dir, fmt.Sprintf("card-%d.json", member))
	if err := os.WriteFile(request, sim.Request(), 0o600); err != nil {
		return nil, err
	}
	key, err := headoffice.ReadCardRequest(request)
	if err != nil {
		return nil, err
	}
	c := &card{sim: sim}
	c.id, err = w.manager().SignCard(w.ctx, headoffice.NewCard{Member: member, Number: number, PublicKey: key, PIN: "4711", PUK: "12345678",
		NoPINSingle: withoutPIN, NoPINCumulative: withoutPIN}, perso)
	if err != nil {
		return nil, err
	}
	file, err := os.ReadFile(perso)
	if err != nil {
		return nil, err
	}
	return c, errors.Join(sim.Personalise(file), sim.PowerOn())
}

// Transmit, Control, ATR and Close make the simulated card one without a reader between.
func (c *card) Transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	return copy(rapdu, c.sim.Process(capdu)), nil
}
func (c *card) Control(context.Context, uint32, []byte) ([]byte, error) {
	return nil, errors.New("a card without a reader")
}
func (c *card) ATR() []byte                 { return c.sim.ATR() }
func (c *card) Close(lyl.Disposition) error { return c.sim.Reset() }

// tap is a card in a store's reader.
type tap struct {
	*lyl.Session
	card  *card
	shop  *shop
	purse loyalty.Points // when the sale began
}

// tap opens a session and loads the vouchers that wait for the card, each with its entry.
func (s *shop) tap(c *card) (*tap, error) {
	trust, err := s.trust()
	if err != nil {
		return nil, err
	}
	session, err := lyl.Open(s.w.ctx, c, trust, time.Now())
	if err != nil {
		return nil, err
	}
	t := &tap{Session: session, card: c, shop: s}
	vouchers, err := s.db.Vouchers(s.w.ctx, c.id, session.Balance().LoadSeq, maxVouchers)
	for _, v := range vouchers {
		if err == nil {
			err = t.load(v)
		}
	}
	t.purse = loyalty.Points(session.Balance().Points)
	return t, err
}

// maxVouchers is more than ever wait for one card in a plan.
const maxVouchers = 1000

func (s *shop) trust() (*lyl.Trust, error) {
	root, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), s.identity.CardRoot)
	if err != nil {
		return nil, err
	}
	var scheme lyl.Scheme
	if err := scheme.UnmarshalText([]byte(s.identity.Scheme)); err != nil {
		return nil, err
	}
	return lyl.NewTrust(scheme, root, lyl.Lists{IssuingKey: func(id lyl.KeyID) []byte {
		statement, err := s.db.IssuerStatement(s.w.ctx, id)
		if err != nil {
			return nil
		}
		return statement
	}})
}

// load has the card take a voucher in.
func (t *tap) load(v agentdb.Voucher) error {
	if t.Balance().LoadSeq+1 != v.Seq {
		return nil // another store has the ones before
	}
	r, err := t.Load(t.shop.w.ctx, lyl.Voucher{Card: lyl.ID(v.Card), Seq: v.Seq, Kind: lyl.VoucherKind(v.Kind), Amount: v.Amount, Ref: v.Ref, MAC: v.MAC})
	if err != nil {
		return err
	}
	txn := t.shop.w.txn("load", t.card.id, v.Seq)
	_, err = t.shop.db.Append(t.shop.w.ctx, agentdb.Commit{Txn: txn, RequestHash: [32]byte(append(txn[:], txn[:]...)),
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			head.Lane = 1
			e := head.Entry(loyalty.KindLoad)
			e.Card = t.record(r)
			return e, nil
		}})
	return err
}

func (t *tap) record(r lyl.Record) *loyalty.CardRecord {
	return &loyalty.CardRecord{Card: t.card.id, Ctr: r.Ctr, Type: uint8(r.Type), Amount: r.Amount, NewBalance: r.NewBalance,
		Store: loyalty.StoreID(r.Store), Lane: loyalty.LaneID(r.Lane), Txn: loyalty.TxnID(r.TxID), TXMAC: hex.EncodeToString(r.MAC[:]), LoadSeq: r.LoadSeq}
}

// debit takes points off the card, with the intent on disk before.
func (t *tap) debit(ctx context.Context, b *bill, points loyalty.Points) (*loyalty.CardRecord, error) {
	unlock := lyl.NewUnlock()
	err := b.shop.db.OpenIntent(ctx, agentdb.Intent{Txn: b.txn, Card: t.card.id, Ctr0: t.Balance().Ctr, Amount: points,
		Unlock: agentdb.Unlock(unlock), Lane: 1, RequestHash: b.request(), Request: []byte("{}")})
	if err != nil {
		return nil, err
	}
	r, err := t.Debit(ctx, lyl.Debit{Amount: uint32(points), Store: t.shop.identity.Store, Lane: 1, TxID: lyl.TxID(b.txn), Lock: unlock.Lock()})
	if err != nil {
		return nil, err
	}
	return t.record(r), nil
}
