package uplink

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
)

// asksMuch is a programme that is told of people what it can be told.
const asksMuch = `format: 1
programme: {id: private, name: {en: Private}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
members: {consent: {version: "2026-1", text: {en: "We keep your number and what you buy."}}}
occasions: [{id: birthday, name: {en: Birthday}, before: 180, after: 180}]
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: near, bonus: 7, when: {attributes: {city: [riga]}}}
activities: [{id: phone, points: 10, proof: phone}]
returns: {earned: per_line}
`

// canary is a person, with everything that the product can come to know.
type canary struct {
	o       *office
	b       *box
	number  string
	id      loyalty.MemberID
	proof   string
	wrapped []byte
}

func newCanary(t *testing.T) *canary {
	o := newOffice(t)
	if _, err := o.manager().Publish(t.Context(), []byte(asksMuch)); err != nil {
		t.Fatal(err)
	}
	p, err := loyalty.Compile([]byte(asksMuch))
	if err != nil {
		t.Fatal(err)
	}
	c := &canary{o: o, b: o.enrol(7, p), number: "6034000000000018"}
	c.b.connect()
	c.b.untilInSync()
	eventually(t, "the store has numbers to give", func() bool { r, _ := c.b.db.MemberRanges(t.Context()); return len(r) > 0 }, func() string { return "" })
	c.enrol()
	c.b.untilInSync()
	eventually(t, "head office knows the member", func() bool {
		return o.manager().SetAttributes(t.Context(), c.id, []string{"city=canaryville"}) == nil
	}, func() string { return "" })
	c.until("the store knows the attribute", func(m agentdb.Member) bool { return len(m.Past.Attributes) == 1 })
	if c.proof, err = loyalty.HashProof(c.b.identity.ProofKey(), "phone", "+371 20001000"); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *canary) append(build func(loyalty.EntryHead, agentdb.Tally) (loyalty.Entry, error)) agentdb.Committed {
	c.b.t.Helper()
	id := loyalty.TxnID(uuid.Must(uuid.NewV7()))
	e, err := c.b.db.Append(c.b.t.Context(), agentdb.Commit{Txn: id, Enrols: true, Build: func(h loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
		h.Lane, h.Cashier = 1, "ilze"
		return build(h, used)
	}})
	if err != nil {
		c.b.t.Fatal(err)
	}
	return e
}

// enrol makes the member in the store.
func (c *canary) enrol() {
	c.b.t.Helper()
	ranges, err := c.b.db.MemberRanges(c.b.t.Context())
	if err != nil {
		c.b.t.Fatal(err)
	}
	e := c.append(func(h loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
		return c.b.prog.Enrol(loyalty.Enrolment{Member: loyalty.NextMember(ranges, used.Enrolled), Number: c.b.identity.NumberHMAC(c.number),
			Masked: "6034…0018", Language: "lv", Consent: "2026-1"}, h)
	})
	c.id = e.Entry.Member
	again, err := c.b.db.EntryBySeq(c.b.t.Context(), e.Entry.Seq)
	if err != nil || again.Entry.Enrol.Masked != "6034…0018" || bytes.Contains(again.Body, []byte("0018")) {
		c.b.t.Fatalf("%s as %+v, %v", again.Body, again.Entry.Enrol, err)
	}
	if err := c.b.db.ShowEnrolled(c.b.t.Context()); err != nil {
		c.b.t.Fatal(err)
	}
}

// buys sells to the member as the store knows him.
func (c *canary) buys() agentdb.Committed {
	c.b.t.Helper()
	s, err := c.b.db.State(c.b.t.Context(), c.id)
	if err != nil {
		c.b.t.Fatal(err)
	}
	return c.append(func(h loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
		m := s.MemberState
		m.Medium = loyalty.MediumNumber
		if err := c.b.prog.Recall(&m, &s.Past, h.Day); err != nil {
			return loyalty.Entry{}, err
		}
		in := loyalty.QuoteInput{Member: &m, Place: loyalty.Place{Store: h.Store, Lane: h.Lane, At: h.At, Day: h.Day},
			Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Name: "Milk", Quantity: 1000, Amount: 500, Tax: 2100}}}}
		q, err := c.b.prog.Quote(in)
		if err != nil {
			return loyalty.Entry{}, err
		}
		in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.Due}}
		return c.b.prog.Post(q, in, h)
	})
}

// proves has the member give a phone number.
func (c *canary) proves() {
	c.b.t.Helper()
	c.append(func(h loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
		return c.b.prog.Activity(loyalty.ActivityInput{Activity: "phone", Proof: c.proof, Member: &loyalty.MemberState{ID: c.id, Medium: loyalty.MediumNumber,
			History: &loyalty.History{}}}, h)
	})
}

func (c *canary) until(what string, ok func(agentdb.Member) bool) {
	c.b.t.Helper()
	eventually(c.b.t, what, func() bool { m, err := c.b.db.Member(context.Background(), c.id); return err == nil && ok(m) },
		func() string { return fmt.Sprintf("%+v", c.b.status()) })
}

// key is the member's, as head office keeps it.
func (c *canary) key() (wrapped []byte) {
	c.b.t.Helper()
	db, err := hodb.OpenReadOnly(c.b.t.Context(), c.o.home.DatabasePath(), time.Now)
	if err == nil {
		err = db.View(c.b.t.Context(), func(tx *hodb.Tx) (err error) { wrapped, err = tx.Key(c.id); return err })
	}
	if err != nil {
		c.b.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		c.b.t.Fatal(err)
	}
	return wrapped
}

// lies says which of some bytes are in a file of head office or the store, neither of which runs.
func (c *canary) lies(what map[string][]byte) (found []string) {
	c.b.t.Helper()
	c.b.close()
	c.o.off()
	for _, dir := range []string{c.o.home.Dir, c.b.dir} {
		in, err := searched(dir, what)
		for n := 0; errors.Is(err, fs.ErrNotExist) && n < 100; n++ { // the last connection takes its log along when it closes
			in, err = searched(dir, what)
		}
		if err != nil {
			c.b.t.Fatal(err)
		}
		found = append(found, in...)
	}
	return found
}

// searched says what of some bytes stands in which file of a folder.
func searched(dir string, what map[string][]byte) (found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for name, bytesOf := range what {
			if bytes.Contains(raw, bytesOf) {
				found = append(found, name+" in "+filepath.Base(path))
			}
		}
		return err
	})
	return found, err
}

func (c *canary) inClear() map[string][]byte {
	return map[string][]byte{"town": []byte("canaryville"), "birthday": []byte("1987-06-05"), "phone": []byte("20001000"), "number": []byte(c.number)}
}

// traces is what leads to the person, for who has the chain's keys.
func (c *canary) traces() map[string][]byte {
	hash := c.b.identity.NumberHMAC(c.number)
	all := map[string][]byte{"key": c.wrapped, "number's hash": hash[:], "number's hash in text": []byte(hex.EncodeToString(hash[:])),
		"proof": []byte(c.proof), "mask": []byte("6034…0018")}
	for name, text := range c.inClear() {
		all[name] = text
	}
	return all
}

func (c *canary) on() {
	c.b.t.Helper()
	c.o.on()
	c.b.open()
	c.b.connect()
}

func (c *canary) sound() {
	c.b.t.Helper()
	if r, err := c.b.db.Verify(c.b.t.Context(), nil); err != nil || len(r.Findings) > 0 {
		c.b.t.Errorf("the store's ledger: %+v, %v", r.Findings, err)
	}
	if found, err := c.o.Verify(c.b.t.Context()); err != nil || len(found) > 0 {
		c.b.t.Errorf("the books: %+v, %v", found, err)
	}
	if r := c.o.report(); len(r.Cases) > 0 {
		c.b.t.Errorf("cases %+v", r.Cases)
	}
}

func TestAnErasedPersonIsInNoFileAndThePointsStillAddUp(t *testing.T) {
	c := newCanary(t)
	at, err := c.o.manager().AddMember(t.Context(), headoffice.NewMember{Number: mustNumber(t, "6034000000000026"), Language: "lv", Birthday: "1987-06-05"})
	if err != nil {
		t.Fatal(err)
	}
	if e := c.buys(); e.Entry.Sale.Earned != 5 || !store.HoldsSealed(e.Body) {
		t.Fatalf("%s", e.Body)
	}
	c.proves()
	c.b.untilInSync()
	c.until("head office has counted", func(m agentdb.Member) bool { return m.Balance == 5+10 })
	eventually(t, "the store knows the birthday", func() bool { m, err := c.b.db.Member(t.Context(), at); return err == nil && m.Past.Birthday == "06-05" },
		func() string { return "" })
	c.sound()
	c.wrapped = c.key()
	backup := t.TempDir()
	if err := c.b.db.BackupAll(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	before := c.o.dump()
	if found := c.lies(c.inClear()); len(found) > 0 {
		t.Errorf("in clear: %v", found)
	}
	if found := c.lies(c.traces()); len(found) == 0 {
		t.Error("nothing is found that ought to be: the search shows nothing")
	}

	c.on()
	c.b.untilInSync()
	c.b.disconnect()
	for _, id := range []loyalty.MemberID{c.id, at} {
		if out, err := c.o.manager().Erase(t.Context(), id, "request 12", true); err != nil || !out.Erased {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	c.buys() // the store has not heard
	c.b.connect()
	c.b.untilInSync()
	c.until("the store has heard", func(m agentdb.Member) bool { return m.Status == agentdb.MemberErased })
	if _, err := c.b.db.MemberByNumber(t.Context(), c.b.identity.NumberHMAC(c.number)); err == nil {
		t.Error("the number is still somebody's")
	}
	c.sound()
	if found := c.lies(c.traces()); len(found) > 0 {
		t.Errorf("after the erasure: %v", found)
	}

	for _, name := range []string{agentdb.LedgerFile, agentdb.MembersFile} { // an older backup of the store
		raw, err := os.ReadFile(filepath.Join(backup, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(c.b.dir, name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.on()
	c.b.untilInSync()
	c.until("the store has heard again", func(m agentdb.Member) bool { return m.Status == agentdb.MemberErased })
	c.sound()
	if found := c.lies(c.traces()); len(found) > 0 {
		t.Errorf("after the store's backup: %v", found)
	}

	c.o.restore(before) // an older dump of head office
	c.o.off()
	if found := c.lies(c.traces()); len(found) > 0 {
		t.Errorf("after head office's dump: %v", found)
	}
}

func mustNumber(t *testing.T, digits string) loyalty.CardNumber {
	t.Helper()
	n, err := loyalty.NewCardNumber(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
