package headoffice

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/internal/pgserver"
	"loyaltill/store/hodb"
)

// ceremony is a root on a machine of its own, and a head office that has only its public half.
type ceremony struct {
	*centre
	dir  string
	root *Root
}

func newCeremony(t *testing.T) *ceremony {
	t.Helper()
	dir := t.TempDir()
	root, err := MakeRoot(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := ReadRootPublic(filepath.Join(dir, "root", fileCardRoot))
	if err != nil {
		t.Fatal(err)
	}
	home, err := Init(filepath.Join(dir, "ho"), Settings{Scheme: "4c595431", Currency: "EUR", Hosts: []string{"127.0.0.1"}}, public, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := &ceremony{centre: &centre{t: t, home: home, log: &bytes.Buffer{}}, dir: dir, root: root}
	c.open()
	t.Cleanup(func() { c.close() })
	return c
}

// request has head office make a key; the root's answer is still missing.
func (c *ceremony) request(name string, first time.Time) IssuingRequest {
	c.t.Helper()
	path := filepath.Join(c.dir, name+".json")
	if _, err := c.manager().NewIssuingKey(first, time.Time{}, path); err != nil {
		c.t.Fatal(err)
	}
	in, err := ReadIssuingRequest(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return in
}

// carry brings a statement from the root to head office, in a file as on the stick between them.
func (c *ceremony) carry(k *card.IssuingKey, err error) ([]IssuingKeyState, error) {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "statement")
	if err == nil {
		err = WriteStatement(path, k)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	statement, err := ReadStatement(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.manager().AcceptStatement(c.t.Context(), statement)
}

func TestIssuingKeysFollowEachOtherAndOneIsRevoked(t *testing.T) {
	c := newCeremony(t)
	c.serve()
	prog := c.publish()
	b := c.enrol(1, prog)
	anna := c.member("6034000000000018")
	err := c.office.db.View(t.Context(), func(tx *hodb.Tx) error {
		_, err := c.office.currentIssuer(tx)
		return err
	})
	if !errors.Is(err, errNoIssuer) {
		t.Fatalf("a head office whose root signed nothing yet signs cards: %v", err)
	}
	lastYear := c.request("2025", time.Now().AddDate(-1, 0, 0))
	if _, err := c.carry(c.root.Sign(lastYear)); err != nil {
		t.Fatal(err)
	}
	old := c.chip(anna, "6034000000000018", b.id.CardRoot)
	keys, err := c.carry(c.root.Sign(c.request("2026", time.Time{})))
	if err != nil || len(keys) != 2 || keys[0].Signs || !keys[1].Signs || keys[0].Cards != 1 {
		t.Fatalf("the new key signs, the old one has a card: %+v %v", keys, err)
	}
	young := c.chip(anna, "6034000000000018", b.id.CardRoot)
	old.tap().End()
	young.tap().End()

	end, err := c.root.Sign(lastYear)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := end.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if keys, err = c.carry(c.root.Revoke(statement)); err != nil || !keys[0].Revoked {
		t.Fatalf("%+v %v", keys, err)
	}
	if _, err := card.Open(t.Context(), old, old.trust, time.Now()); !errors.Is(err, card.ErrIssuerRevoked) {
		t.Errorf("a card of the revoked key: %v", err)
	}
	young.tap().End()
	if _, err := c.manager().AcceptStatement(t.Context(), statement); err == nil {
		t.Error("a revocation was taken back")
	}
	last := b.feed(0, 0).Rows
	if i := last[len(last)-1].Issuer; i == nil || !i.Revoked {
		t.Errorf("stores hear of the revocation last: %+v", last[len(last)-1])
	}

	if out, err := c.manager().RenewCards(t.Context(), 0); err != nil || out != (RenewOutcome{Revoked: 1, Looked: 2}) {
		t.Errorf("%+v %v", out, err)
	}
	last = b.feed(0, 0).Rows
	row := last[len(last)-1].Renewal
	if row == nil || row.Card != old.id {
		t.Fatalf("stores are to hand over a new certificate: %+v", last[len(last)-1])
	}
	if err := card.Renew(t.Context(), old, card.Renewal{Certificate: row.Certificate, MAC: [16]byte(row.MAC)}); err != nil {
		t.Fatal(err)
	}
	old.tap().End()
	if out, err := c.manager().RenewCards(t.Context(), 0); err != nil || out != (RenewOutcome{Looked: 2}) {
		t.Errorf("again: %+v %v", out, err)
	}
}

func TestHeadOfficeTakesNoKeyThatItsRootDidNotSign(t *testing.T) {
	c := newCeremony(t)
	c.serve()
	other, err := MakeRoot(filepath.Join(c.dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	foreign := c.request("foreign", time.Time{})
	foreign.Scheme[0]++
	stranger, _, err := newHome(t).makeIssuingKey(time.Now(), time.Now().Add(issuingLife))
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() ([]IssuingKeyState, error){
		"another root":        func() ([]IssuingKeyState, error) { return c.carry(other.Sign(c.request("a", time.Time{}))) },
		"another chain":       func() ([]IssuingKeyState, error) { return c.carry(c.root.Sign(foreign)) },
		"another head office": func() ([]IssuingKeyState, error) { return c.carry(c.root.Sign(stranger)) },
	} {
		var field *FieldError
		if keys, err := try(); !errors.As(err, &field) || field.Field != "statement" {
			t.Errorf("%s: %+v, %v", name, keys, err)
		}
	}
}

func TestStatementFilesBringARestoredDatabaseUpToDate(t *testing.T) {
	c := newCentre(t)
	c.close()
	books, err := filepath.Glob(c.home.DatabasePath() + "*")
	for _, path := range books {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		t.Fatal(err)
	}
	c.home.Database = pgserver.Chosen(t)
	c.open()
	keys, err := c.office.listIssuingKeys(t.Context(), none{})
	if err != nil || len(keys) != 1 || !keys[0].Signs {
		t.Errorf("%+v %v", keys, err)
	}
}

func TestVoucherThatACardRefusedIsACase(t *testing.T) {
	c, b := shop(t)
	anna := c.member("6034000000000018")
	chip := c.chip(anna, "6034000000000018", b.id.CardRoot)
	e := b.entry(loyalty.KindSuspect)
	e.Lane = 3
	e.Suspect = &loyalty.SuspectBody{Card: chip.id, Certificate: "00112233445566ff", Reason: "mac", Voucher: 7}
	b.write(e)
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseVoucherRefused)
	for _, want := range []string{"lane 3", chip.id.String(), "member 1's", "voucher 7", "mac"} {
		if !strings.Contains(r.Cases[0].Note, want) {
			t.Errorf("the note does not say %q: %s", want, r.Cases[0].Note)
		}
	}
}

func TestRefusedCardIsACaseWithItsStoreLaneAndReason(t *testing.T) {
	c, b := shop(t)
	anna := c.member("6034000000000018")
	chip := c.chip(anna, "6034000000000018", b.id.CardRoot)
	for _, honest := range []string{"card_expired", "card_terminated", "card_wrong_issuer"} { // evidence, and nobody's fault
		e := b.entry(loyalty.KindSuspect)
		e.Suspect = &loyalty.SuspectBody{Card: chip.id, Certificate: "00112233445566ff", Reason: honest}
		b.write(e)
	}
	e := b.entry(loyalty.KindSuspect)
	e.Lane = 3
	e.Suspect = &loyalty.SuspectBody{Card: chip.id, Certificate: "00112233445566ff", Reason: "card_counterfeit"}
	b.write(e)
	b.sync()
	c.settled()
	r, err := c.manager().Report(t.Context())
	if err != nil || len(r.Cases) != 1 || r.Cases[0].Kind != hodb.CaseCardSuspect || r.Cases[0].Store != 1 {
		t.Fatalf("%+v %v", r.Cases, err)
	}
	for _, want := range []string{"lane 3", chip.id.String(), "member 1's", "00112233445566ff", "card_counterfeit"} {
		if !strings.Contains(r.Cases[0].Note, want) {
			t.Errorf("the note does not say %q: %s", want, r.Cases[0].Note)
		}
	}
}

// Whoever finds a card must not have the time until somebody reads the case.
func TestACardThatItsMemberLostIsBlockedEverywhereAndACaseSaysToReplaceIt(t *testing.T) {
	c, b := shop(t)
	anna := c.member("6034000000000018")
	chip := c.chip(anna, "6034000000000018", b.id.CardRoot)
	e := b.entry(loyalty.KindSuspect)
	e.Lane, e.Cashier = 3, "ilze"
	e.Suspect = &loyalty.SuspectBody{Card: chip.id, Reason: loyalty.SuspectLost}
	b.write(e)
	b.sync()
	r := c.settled()
	wantKinds(t, r, hodb.CaseCardSuspect)
	for _, want := range []string{"lane 3", chip.id.String(), "member 1's", "is lost", "replace"} {
		if !strings.Contains(r.Cases[0].Note, want) {
			t.Errorf("the note does not say %q: %s", want, r.Cases[0].Note)
		}
	}
	if m := r.member(t, anna); m.Cards[0].Blocked == "" {
		t.Error("the card is not blocked")
	}
}
