package headoffice

import (
	"testing"

	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

func TestTwoBoxesThatFenceEachOtherInTurnAreQuarantined(t *testing.T) {
	c, b := shop(t)
	b.sellMany(1)
	b.sync()
	clone := *b
	newer, older := &clone, b
	for range flipsOfClones {
		newer.boot = randomID(t) // it was started and takes the place
		if v := newer.hello(nil).Verdict; v != wire.VerdictInSync && v != wire.VerdictFenced {
			t.Fatalf("the box that was just started: %s", v)
		}
		if v := older.hello(nil).Verdict; v != wire.VerdictFenced {
			t.Fatalf("the box that has lost its place: %s", v)
		}
		older.hello(nil) // asking twice is no second flip
		newer, older = older, newer
	}
	if v := older.hello(nil).Verdict; v != wire.VerdictFenced {
		t.Errorf("the newest of two that cannot be told apart: %s", v)
	}
	older.sellMany(1)
	_, p := older.push(older.batch(2, 2))
	wantCode(t, p, wire.CodeFenced)
	r := c.report()
	if len(r.Cases) != 1 || r.Cases[0].Kind != hodb.CaseCopiedBox || r.Cases[0].State != "open" {
		t.Fatalf("cases %+v", r.Cases)
	}
	if _, err := c.manager().ResolveFork(t.Context(), 1, 1, "which box?"); err == nil {
		t.Error("a copied box was let go on without saying which")
	}
	if v := c.enrol(1, b.prog).hello(nil).Verdict; v != wire.VerdictInSync {
		t.Errorf("the box that was enrolled again: %s", v)
	}
	c.inOrder()
}
