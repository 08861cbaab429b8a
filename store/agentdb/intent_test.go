package agentdb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"loyaltill/agent/loyalty"
)

func intentOf(n int) Intent {
	return Intent{Txn: txn(n), Card: loyalty.CardID{7}, Ctr0: 4, Amount: 50, Unlock: Unlock{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		Lane: 1, RequestHash: commitOf(n, 0, 0).RequestHash, Request: []byte(`{"sale":1}`)}
}

func states(t *testing.T, b *box, card loyalty.CardID) (out []IntentState) {
	t.Helper()
	list, err := b.Intents(t.Context(), card)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		out = append(out, i.State)
	}
	return out
}

func TestAnIntentIsThereAfterARestart(t *testing.T) {
	b := newBox(t)
	want := intentOf(1)
	if err := b.OpenIntent(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	b.reopen(t)
	got, err := b.Intents(t.Context(), want.Card)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if i := got[0]; i.Txn != want.Txn || i.Ctr0 != 4 || i.Amount != 50 || i.Unlock != want.Unlock || i.State != IntentOpen ||
		!bytes.Equal(i.Request, want.Request) || i.RequestHash != want.RequestHash || !i.Open() {
		t.Errorf("got %+v", i)
	}
	if other := states(t, b, loyalty.CardID{8}); len(other) != 0 {
		t.Errorf("another card has %v", other)
	}
}

func TestTheSaleEndsItsIntentInOneTransactionAndForgetsTheSecret(t *testing.T) {
	b := newBox(t)
	if err := b.OpenIntent(t.Context(), intentOf(1)); err != nil {
		t.Fatal(err)
	}
	c := commitOf(1, 7, 10)
	c.Intent = IntentDone
	boom := errors.New("boom")
	c.Jobs = func(*loyalty.Entry) ([]NewJob, error) { return nil, boom }
	if _, err := b.Append(t.Context(), c); !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	if got := states(t, b, loyalty.CardID{7}); len(got) != 1 {
		t.Errorf("a sale that failed ended the intent: %v", got)
	}
	c.Jobs = nil
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	i, err := b.Intent(t.Context(), txn(1))
	if err != nil || i.State != IntentDone || i.Unlock != (Unlock{}) || i.Open() {
		t.Errorf("got %+v, %v", i, err)
	}
	if again, err := b.Append(t.Context(), c); err != nil || !again.Replayed {
		t.Errorf("the same key: %v", err)
	}
	if err := b.DropIntent(t.Context(), txn(1)); !errors.Is(err, ErrState) {
		t.Errorf("a done intent was dropped: %v", err)
	}
}

func TestADroppedIntentIsCancelledOrVoided(t *testing.T) {
	b := newBox(t)
	for n := 1; n <= 2; n++ {
		if err := b.OpenIntent(t.Context(), intentOf(n)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // dropping again changes nothing
			if err := b.DropIntent(t.Context(), txn(n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := states(t, b, loyalty.CardID{7}); len(got) != 2 || got[0] != IntentDropped {
		t.Fatalf("states %v", got)
	}
	if err := b.OpenIntent(t.Context(), intentOf(1)); !errors.Is(err, ErrState) {
		t.Errorf("a dropped intent was opened again before the card was asked: %v", err)
	}
	c := commitOf(1, 0, 0)
	c.Intent = IntentCancelled
	c.Build = func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		return loyalty.Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: loyalty.KindCancel, Txn: h.Txn, Day: h.Day, At: h.At,
			Card: &loyalty.CardRecord{Card: loyalty.CardID{7}, Ctr: 6, Type: 2, Amount: 50, NewBalance: 100}}, nil
	}
	if _, err := b.Append(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := b.VoidIntent(t.Context(), txn(2)); err != nil {
		t.Fatal(err)
	}
	if got := states(t, b, loyalty.CardID{7}); len(got) != 0 {
		t.Errorf("still open: %v", got)
	}
	if err := b.OpenIntent(t.Context(), intentOf(2)); err != nil {
		t.Errorf("a void intent can be tried again: %v", err)
	}
	if list, err := b.OpenIntents(t.Context(), 10); err != nil || len(list) != 1 || list[0].Txn != txn(2) {
		t.Errorf("open intents %+v, %v", list, err)
	}
	b.verifyClean(t)
}

func TestAnIntentIsOneKeyOneContentOneSecret(t *testing.T) {
	b := newBox(t)
	for range 2 {
		if err := b.OpenIntent(t.Context(), intentOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	other := intentOf(1)
	other.Amount = 51
	if err := b.OpenIntent(t.Context(), other); !errors.Is(err, ErrConflict) {
		t.Errorf("another amount: %v", err)
	}
	other = intentOf(1)
	other.Unlock[0]++
	if err := b.OpenIntent(t.Context(), other); !errors.Is(err, ErrState) {
		t.Errorf("another secret while DEBIT may be under way: %v", err)
	}
	if err := b.DropIntent(t.Context(), txn(9)); !errors.Is(err, ErrNotFound) {
		t.Errorf("no intent: %v", err)
	}
	c := commitOf(9, 0, 0)
	c.Intent = IntentDone
	if _, err := b.Append(t.Context(), c); !errors.Is(err, ErrState) {
		t.Errorf("a sale ended an intent that is not there: %v", err)
	}
}

func TestTheSecretOfAnIntentIsNeverPrinted(t *testing.T) {
	i := intentOf(1)
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s", "%d"} {
		if text := fmt.Sprintf(verb, i); bytes.Contains([]byte(text), []byte("01020304")) || bytes.Contains([]byte(text), []byte("1 2 3 4")) ||
			bytes.Contains([]byte(text), []byte("0x1, 0x2")) {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

// What is in the files after a sale by card number: neither the number nor its key.
func TestNoCardNumberStandsInTheFiles(t *testing.T) {
	b := newBox(t)
	const number = "6034000000000018"
	if _, err := b.ApplyFeed(t.Context(), FeedPage{Epoch: 1, Next: 1, UpToDate: true, Changes: []Change{{Seq: 1, Member: &Member{ID: 7,
		Status: MemberActive, Numbers: []Number{{HMAC: b.identity.NumberHMAC(number), Masked: "6034…0018"}}}}}}); err != nil {
		t.Fatal(err)
	}
	if m, err := b.MemberByNumber(t.Context(), b.identity.NumberHMAC(number)); err != nil || m.ID != 7 {
		t.Fatalf("%+v, %v", m, err)
	}
	b.sell(t, 1, 7, 10)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	defer b.open(t)
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(number)) || bytes.Contains(raw, []byte(number[6:])) || bytes.Contains(raw, bytes.Repeat([]byte{7}, 32)) {
			t.Errorf("%s holds the number or its key", name)
		}
	}
}
