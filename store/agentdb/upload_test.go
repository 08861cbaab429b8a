package agentdb

import (
	"errors"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

func TestEntriesAreReadInRangesWithTheirChain(t *testing.T) {
	b := newBox(t)
	for n := 1; n <= 10; n++ {
		b.sell(t, n, 0, 0)
	}
	r, err := b.EntriesFrom(t.Context(), 4, 3, 1<<20)
	must(t, err)
	if r.First != 4 || r.Last() != 6 || len(r.Bodies) != 3 {
		t.Fatalf("range %d to %d", r.First, r.Last())
	}
	h := r.Prev
	for _, body := range r.Bodies {
		h = h.Next(body)
	}
	if h != r.Head {
		t.Error("the range's chain does not add up")
	}
	if one, err := b.EntriesFrom(t.Context(), 4, 10, 1); err != nil || len(one.Bodies) != 1 {
		t.Errorf("one entry always fits: %d, %v", len(one.Bodies), err)
	}
	if none, err := b.EntriesFrom(t.Context(), 11, 10, 1); err != nil || len(none.Bodies) != 0 || none.Prev != none.Head {
		t.Errorf("beyond the head: %+v, %v", none, err)
	}
	if _, err := b.EntriesFrom(t.Context(), 13, 10, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("far beyond the head: %v", err)
	}
	if count, bytes, err := b.Unsent(t.Context(), 7); err != nil || count != 3 || bytes < 300 {
		t.Errorf("unsent %d entries, %d bytes, %v", count, bytes, err)
	}
}

func TestACommitWakesTheUplink(t *testing.T) {
	b := newBox(t)
	b.sell(t, 1, 0, 0)
	b.sell(t, 2, 0, 0)
	select {
	case <-b.Wake():
	default:
		t.Fatal("nothing woke")
	}
	select {
	case <-b.Wake():
		t.Fatal("woke twice for what is done in one go")
	default:
	}
	b.sell(t, 2, 0, 0) // known
	select {
	case <-b.Wake():
		t.Fatal("a replay woke the uplink")
	default:
	}
}

func TestOnlyAPositionThatHeadOfficeSignedOnOurChainIsKept(t *testing.T) {
	b := newBox(t)
	first, second := b.sell(t, 1, 0, 0), b.sell(t, 2, 0, 0)
	_, stranger := newIdentity(t)
	at := func(seq int64, h store.Hash) store.Position {
		return store.Position{Store: b.identity.Store, Epoch: b.identity.Epoch, Seq: seq, Hash: h}
	}
	p := at(1, first.Hash)
	if err := b.Acked(t.Context(), p, p.Sign(stranger)); !errors.Is(err, store.ErrSignature) {
		t.Errorf("another key: %v", err)
	}
	p = at(1, second.Hash)
	if err := b.Acked(t.Context(), p, p.Sign(b.position)); !errors.Is(err, ErrOtherChain) {
		t.Errorf("another chain: %v", err)
	}
	p = at(3, second.Hash)
	if err := b.Acked(t.Context(), p, p.Sign(b.position)); !errors.Is(err, ErrNotFound) {
		t.Errorf("beyond the head: %v", err)
	}
	if _, signature, err := b.Signed(t.Context()); err != nil || signature != nil {
		t.Errorf("something was kept: %v", err)
	}
	for _, p := range []store.Position{at(2, second.Hash), at(1, first.Hash)} {
		must(t, b.Acked(t.Context(), p, p.Sign(b.position)))
	}
	if got, signature, err := b.Signed(t.Context()); err != nil || got.Seq != 2 || got.Verify(b.identity.PositionKey, signature) != nil {
		t.Errorf("kept %+v, %v: an older position does not replace a newer one", got, err)
	}
	b.verifyClean(t)
}

func TestABatchIsMarkedSentBeforeItIsHandedOutAndTheMarkNeverGoesBack(t *testing.T) {
	b := newBox(t)
	for n := 1; n <= 10; n++ {
		b.sell(t, n, 0, 0)
	}
	for _, row := range []struct {
		what            string
		from            loyalty.Seq
		count, bytes    int
		last, sentAfter loyalty.Seq
	}{
		{"a batch of three", 1, 3, 1 << 20, 3, 3},
		{"one entry always fits", 4, 10, 1, 4, 4},
		{"an older batch goes once more", 1, 2, 1 << 20, 2, 4},
		{"all that there is", 5, 100, 1 << 20, 10, 10},
		{"nothing is left", 11, 100, 1 << 20, 10, 10},
	} {
		r, err := b.Outgoing(t.Context(), row.from, row.count, row.bytes)
		must(t, err)
		if r.First != row.from || r.Last() != row.last {
			t.Errorf("%s: entries %d to %d, want %d to %d", row.what, r.First, r.Last(), row.from, row.last)
		}
		if c, err := b.Counts(t.Context()); err != nil || c.SentThrough != row.sentAfter {
			t.Errorf("%s: sent through %d, want %d (%v)", row.what, c.SentThrough, row.sentAfter, err)
		}
	}
}

func TestOwnEntriesComeBackOnlyIfTheyContinueTheChain(t *testing.T) {
	b := newBox(t)
	for n := 1; n <= 3; n++ {
		b.sell(t, n, 7, 10)
	}
	if _, err := b.CloseDay(t.Context(), closeOf(4)); err != nil {
		t.Fatal(err)
	}
	b.sell(t, 5, 7, 10)
	all, err := b.EntriesFrom(t.Context(), 1, 100, 1<<20)
	must(t, err)
	empty := &box{dir: t.TempDir(), identity: b.identity, clock: b.clock}
	empty.open(t)
	t.Cleanup(func() { must(t, empty.Close()) })
	damage := func(change func(*Range)) *Range {
		r := *all
		r.Bodies = append([][]byte(nil), all.Bodies...)
		change(&r)
		return &r
	}
	for name, r := range map[string]*Range{
		"from further on": damage(func(r *Range) { r.First = 2 }),
		"another prev":    damage(func(r *Range) { r.Prev[0]++ }),
		"another head":    damage(func(r *Range) { r.Head[0]++ }),
		"one missing":     damage(func(r *Range) { r.Bodies = r.Bodies[1:] }),
		"one changed":     damage(func(r *Range) { r.Bodies[2] = append([]byte(nil), r.Bodies[1]...) }),
		"not even JSON":   damage(func(r *Range) { r.Bodies[0] = []byte("x") }),
	} {
		if err := empty.AppendOwn(t.Context(), r); err == nil {
			t.Errorf("%s went through", name)
		}
	}
	if head, err := empty.Head(t.Context()); err != nil || head.Seq != 0 {
		t.Fatalf("something of it is there: %d, %v", head.Seq, err)
	}
	must(t, empty.AppendOwn(t.Context(), all))
	empty.verifyClean(t)
	if c, err := empty.Counts(t.Context()); err != nil || c.SentThrough != 5 {
		t.Errorf("what came from head office counts as sent: through %d, %v", c.SentThrough, err)
	}
	if c, err := empty.Append(t.Context(), commitOf(3, 7, 10)); err != nil || !c.Replayed || c.Entry.Seq != 3 {
		t.Errorf("a sale that came back is sold again: %+v, %v", c, err)
	}
	if days, err := empty.ClosedDays(t.Context(), 10); err != nil || len(days) != 1 {
		t.Errorf("closed days %+v, %v", days, err)
	}
}
