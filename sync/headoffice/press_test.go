package headoffice

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/hodb"
)

// press is a desk with a reader: blanks go in, the batch makes them members' cards.
type press struct {
	*centre
	dir   string
	list  string
	batch *Batch
	lost  int // the card leaves the reader after so many more commands; below zero it stays
	gone  bool
}

const twoCards = "number,language\n6034000000000018,lv\n6034 0000 0000 0026,fa\n"

func newPress(t *testing.T, list string) *press {
	t.Helper()
	p := &press{centre: newCentre(t), dir: filepath.Join(t.TempDir(), "batch"), list: list, lost: -1}
	p.serve()
	p.resume()
	return p
}

// resume opens the batch as the command does each time that it is called.
func (p *press) resume() {
	p.t.Helper()
	theirs := cardsim.TestTransportKeys()
	var err error
	p.batch, err = p.manager().OpenBatch(p.t.Context(), p.dir, []byte(p.list),
		BatchOptions{Transport: card.TransportKeys{Version: theirs.Version, Enc: theirs.Enc, MAC: theirs.MAC}})
	if err != nil {
		p.t.Fatal(err)
	}
}

// plastic is a simulated card in the press's reader.
type plastic struct {
	*press
	sim *cardsim.Card
}

func (p *press) blank() *plastic {
	p.t.Helper()
	sim, err := cardsim.Create(rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	return &plastic{p, sim}
}

var errGone = errors.New("card is gone")

func (c *plastic) Transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	if c.gone {
		return 0, errGone
	}
	n := copy(rapdu, c.sim.Process(capdu))
	if c.lost--; c.lost == -1 {
		c.gone = true
		return 0, errGone
	}
	return n, nil
}
func (c *plastic) Control(context.Context, uint32, []byte) ([]byte, error) { return nil, errGone }
func (c *plastic) ATR() []byte                                             { return c.sim.ATR() }
func (c *plastic) Close(card.Disposition) error                            { return c.sim.Reset() }

// insert puts a card into the reader and has the batch work on it.
func (p *press) insert(c *plastic) (Made, error) {
	p.t.Helper()
	c.sim.PowerOff()
	p.gone = false
	if err := c.sim.PowerOn(); err != nil {
		p.t.Fatal(err)
	}
	return p.batch.Make(p.t.Context(), c)
}

// states counts the register's cards of a number by how far they have come.
func (p *press) states(digits string) map[hodb.CardState]int {
	p.t.Helper()
	out := map[hodb.CardState]int{}
	err := p.office.db.View(p.t.Context(), func(tx *hodb.Tx) error {
		owner, err := tx.NumberOwner(p.home.Keys.numberRef(number(p.t, digits)).row())
		if err != nil || owner == 0 {
			return err
		}
		cards, err := tx.Cards(owner)
		for _, c := range cards {
			state, serr := tx.CardState(c.ID)
			hot, herr := tx.Hot(c.ID)
			if err = errors.Join(err, serr, herr); (hot != "") != (state == hodb.CardGivenUp) {
				p.t.Errorf("card %v is %s and blocked for %q", c.ID, state, hot)
			}
			out[state]++
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// pinOf reads the letter as the member does.
func (p *press) pinOf(m Made) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, m.Letter))
	if err != nil {
		p.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?:^|\s)([0-9]{4})\s`).FindSubmatch(text)
	if found == nil {
		p.t.Fatalf("no PIN in the letter:\n%s", text)
	}
	return string(found[1])
}

// opens taps a finished card in a store and checks its PIN.
func (p *press) opens(c *plastic, m Made, root []byte) {
	p.t.Helper()
	session, err := card.Open(p.t.Context(), c, p.trustOf(root), time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	pin, err := card.NewPIN([]byte(p.pinOf(m)))
	if err == nil {
		err = session.VerifyPIN(p.t.Context(), pin)
	}
	if err != nil || loyalty.CardID(session.Identity().ID) != m.Card {
		p.t.Errorf("card %v: %v", session.Identity().ID, err)
	}
}

func TestBatchMakesACardForEachLine(t *testing.T) {
	p := newPress(t, twoCards)
	root, err := p.home.Keys.CardRoot().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for range 2 {
		c := p.blank()
		made, err := p.insert(c)
		if err != nil || !made.Done {
			t.Fatal(made, err)
		}
		numbers = append(numbers, made.Number)
		p.opens(c, made, root)
		if _, err := p.insert(c); !errors.Is(err, ErrSomebodys) {
			t.Errorf("a card that is done: %v", err)
		}
	}
	if !slices.Equal(numbers, []string{"6034…0018", "6034…0026"}) {
		t.Error(numbers)
	}
	if _, more := p.batch.Next(); more {
		t.Error("more cards are wanted")
	}
	p.resume()
	if done, all := p.batch.Count(); done != 2 || all != 2 {
		t.Errorf("after a restart %d of %d are done", done, all)
	}
}

// The card leaves after each command of its making, and the program dies each time. In the end the number has one card, and every
// other that might exist is blocked.
func TestCardTornWhileABatchIsMadeIsNeitherLostNorDoubled(t *testing.T) {
	const commands = 8
	for lost := range commands {
		for _, same := range []bool{true, false} {
			p := newPress(t, "number,language\n6034000000000018,lv\n")
			root, err := p.home.Keys.CardRoot().Bytes()
			if err != nil {
				t.Fatal(err)
			}
			c := p.blank()
			p.lost = lost
			torn := func() bool { _, err := p.insert(c); return err != nil }()
			p.resume()
			if p.lost = -1; torn && !same {
				c = p.blank()
			}
			made, err := Made{}, error(nil)
			if torn {
				made, err = p.insert(c)
			} else {
				made = p.batch.made[0]
			}
			if err != nil || !made.Done {
				t.Fatalf("torn after %d commands, same card %v: %+v %v", lost, same, made, err)
			}
			if n := p.states("6034000000000018"); n[hodb.CardActive] != 1 || n[hodb.CardMade] != 0 {
				t.Errorf("torn after %d commands, same card %v: %v", lost, same, n)
			}
			p.opens(c, made, root)
		}
	}
}

func TestPointsWaitForACardOnlyWhenItIsFinished(t *testing.T) {
	p := newPress(t, "number,language\n6034000000000018,lv\n")
	prog := p.publish()
	b := p.enrol(1, prog)
	anna := p.member("6034000000000018")
	b.sell(anna, 10000)
	b.sync()
	p.settled()
	c := p.blank()
	p.lost = 6 // the last answer but one
	if _, err := p.insert(c); err == nil {
		t.Fatal("the card was not torn")
	}
	vouchers := func() (n int) {
		for _, row := range b.feed(0, 0).Rows {
			if row.Voucher != nil && row.Voucher.Kind == uint8(card.KindPoints) {
				n++
			}
		}
		return n
	}
	if n := vouchers(); n != 0 {
		t.Errorf("%d vouchers for a card that may not exist", n)
	}
	p.lost = -1
	if _, err := p.insert(c); err != nil {
		t.Fatal(err)
	}
	if n := vouchers(); n != 1 {
		t.Errorf("%d vouchers for the finished card", n)
	}
	if m := p.report().member(t, anna); m.OnCard == 0 || m.InPurse != 0 { // it has loaded nothing, nor its member's language
		t.Errorf("on its way %d, in the purse %d", m.OnCard, m.InPurse)
	}
}

func TestCardOfAnotherHeadOfficeOrGivenUpIsLeftAlone(t *testing.T) {
	p := newPress(t, twoCards)
	stranger := newPress(t, twoCards)
	c := stranger.blank()
	if _, err := stranger.insert(c); err != nil {
		t.Fatal(err)
	}
	if _, err := p.insert(&plastic{p, c.sim}); !errors.Is(err, ErrStranger) {
		t.Error(err)
	}
	lost := p.blank()
	p.lost = 6
	if _, err := p.insert(lost); err == nil {
		t.Fatal("the card was not torn")
	}
	p.lost = -1
	p.gone = false
	if look := p.look(lost); look.Blank {
		t.Fatal("the card is blank; the test wants it active with its answer lost")
	}
	if _, err := p.insert(p.blank()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.insert(lost); !errors.Is(err, ErrGivenUp) {
		t.Error(err)
	}
}

func (p *press) look(c *plastic) card.Look {
	p.t.Helper()
	look, err := card.LookAt(p.t.Context(), c)
	if err != nil {
		p.t.Fatal(err)
	}
	return look
}

func TestListNamesEveryFaultWithItsPlace(t *testing.T) {
	for _, row := range []struct{ name, list, want string }{
		{"nothing", "", "empty"},
		{"no column of numbers", "language\nlv\n", "number: the column is missing"},
		{"a column that there is not", "number,pin\n", `1:8: pin: no column`},
		{"no cards", "number,language\n", "no cards"},
		{"no number", "number,language\n123,lv\n", "2:1: number"},
		{"a number twice", "number,language\n6034000000000018,lv\n6034000000000018,lv\n", "3:1: number: stands in line 2"},
		{"a new member without language", "number\n6034000000000018\n", "language"},
		{"no member", "number,member\n6034000000000018,anna\n", "2:18: member"},
	} {
		_, err := ReadBatch([]byte(row.list))
		var faults loyalty.Errors
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestNumberThatHasACardIsRefusedBeforeAnyCardIsMade(t *testing.T) {
	p := newPress(t, "number,language\n6034000000000018,lv\n")
	if _, err := p.insert(p.blank()); err != nil {
		t.Fatal(err)
	}
	p.dir, p.list = filepath.Join(t.TempDir(), "another"), twoCards
	var faults loyalty.Errors
	if _, err := p.manager().OpenBatch(t.Context(), p.dir, []byte(p.list), BatchOptions{}); !errors.As(err, &faults) || len(faults) != 1 || faults[0].Line != 2 {
		t.Error(err)
	}
}

func TestFolderOfAnotherListIsRefused(t *testing.T) {
	p := newPress(t, twoCards)
	var field *FieldError
	if _, err := p.manager().OpenBatch(t.Context(), p.dir, []byte(twoCards+"6034000000000034,et\n"), BatchOptions{}); !errors.As(err, &field) || field.Field != "out" {
		t.Error(err)
	}
}

// PINs are in the letters alone, which only their owner may read; numbers are whole nowhere.
func TestBatchKeepsItsSecretsInTheLetters(t *testing.T) {
	p := newPress(t, twoCards)
	var secrets [][]byte
	for range 2 {
		made, err := p.insert(p.blank())
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(p.dir, made.Letter))
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, regexp.MustCompile(`[0-9]{8}`).Find(text), []byte("6034000000000018"))
	}
	err := filepath.WalkDir(filepath.Dir(p.dir), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		content, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(content, secret) && filepath.Base(filepath.Dir(path)) != lettersFolder {
				t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
