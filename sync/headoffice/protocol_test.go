package headoffice

import (
	"bytes"
	"net/http"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// shop is a serving head office with one store.
func shop(t *testing.T) (*centre, *box) {
	t.Helper()
	c := newCentre(t)
	prog := c.publish()
	c.serve()
	return c, c.enrol(1, prog)
}

func (b *box) sellMany(n int) {
	b.t.Helper()
	for range n {
		b.sell(0, 500)
	}
}

func wantCode(t *testing.T, p *wire.Problem, code wire.Code) {
	t.Helper()
	if p == nil || p.Code != code {
		t.Fatalf("got %v, want %s", p, code)
	}
}

func TestAStoreIsToldHowItsLogStandsToHeadOffice(t *testing.T) {
	_, b := shop(t)
	if v := b.hello(nil).Verdict; v != wire.VerdictInSync {
		t.Errorf("two empty logs: %s", v)
	}
	b.sellMany(5)
	if a := b.hello(nil); a.Verdict != wire.VerdictAhead || a.Head.Seq != 0 {
		t.Errorf("five new sales: %+v", a)
	}
	b.sync()
	if a := b.hello(nil); a.Verdict != wire.VerdictInSync || a.Head.Seq != 5 {
		t.Errorf("after the upload: %+v", a)
	}
	whole := *b
	b.bodies, b.hashes = b.bodies[:3], b.hashes[:3]
	b.boot = randomID(t)
	if a := b.hello(nil); a.Verdict != wire.VerdictBehind || a.Head.Seq != 5 {
		t.Errorf("an older backup: %+v", a)
	}
	if back := b.entries(4, 10); len(back.Bodies) != 2 || back.Prev != whole.hashAt(3) || back.Head != whole.hashAt(5) {
		t.Errorf("own entries back: %d of them, prev %v, head %v", len(back.Bodies), back.Prev, back.Head)
	}
	if back := b.entries(6, 10); len(back.Bodies) != 0 || back.Prev != whole.hashAt(5) || back.Head != whole.hashAt(5) {
		t.Errorf("entries beyond the head: %+v", back)
	}
}

// entries asks for the box's own entries.
func (b *box) entries(from loyalty.Seq, limit int) *wire.Batch {
	b.t.Helper()
	q := wire.EntriesQuery{Store: loyalty.StoreID(b.id.Store), Epoch: loyalty.Epoch(b.id.Epoch), From: from, Limit: limit}
	batch, err := b.centre.office.Entries(b.t.Context(), q)
	if err != nil {
		b.t.Fatal(err)
	}
	return batch
}

func TestTheSameBatchInAnyCutAnyNumberOfTimesIsKeptOnce(t *testing.T) {
	c, b := shop(t)
	b.sellMany(10)
	b.hello(nil)
	for _, cut := range [][2]loyalty.Seq{{1, 4}, {1, 4}, {1, 6}, {3, 5}, {5, 9}, {1, 10}, {10, 10}} {
		if a, p := b.push(b.batch(cut[0], cut[1])); p != nil {
			t.Fatalf("entries %v: %v", cut, p)
		} else if a.AcceptedThrough < cut[1] || a.HeadHash != b.hashAt(a.AcceptedThrough) {
			t.Fatalf("entries %v: %+v", cut, a)
		}
	}
	if a, p := b.push(b.batch(2, 7)); p != nil || !a.Replayed || a.AcceptedThrough != 10 {
		t.Errorf("a replay: %+v, %v", a, p)
	}
	if r := c.settled(); r.Stores[0].Seq != 10 || len(r.Cases) != 0 {
		t.Errorf("head office has %d entries and %v", r.Stores[0].Seq, r.kinds())
	}
	c.inOrder()
}

func TestAGapIsAnsweredWithWhatIsMissing(t *testing.T) {
	_, b := shop(t)
	b.sellMany(6)
	b.hello(nil)
	if _, p := b.push(b.batch(1, 2)); p != nil {
		t.Fatal(p)
	}
	_, p := b.push(b.batch(4, 6))
	wantCode(t, p, wire.CodeGap)
	if p.Expected != 3 {
		t.Errorf("expected %d, want 3", p.Expected)
	}
}

func TestABackupThatSoldOnIsForkedAndStaysSoUntilAPersonDecides(t *testing.T) {
	c, b := shop(t)
	b.sellMany(5)
	b.sync()
	b.bodies, b.hashes = b.bodies[:3], b.hashes[:3]
	b.sellMany(4) // other sales under 4 and 5
	_, p := b.push(b.batch(4, 7))
	wantCode(t, p, wire.CodeFork)
	_, p = b.push(b.batch(1, 3)) // harmless by itself, but the box is not to be believed
	wantCode(t, p, wire.CodeFork)
	b.boot = randomID(t)
	if v := b.hello(nil).Verdict; v != wire.VerdictForked {
		t.Errorf("the next session: %s", v)
	}
	r := c.settled()
	if r.Stores[0].Seq != 5 || r.Stores[0].Epochs[0].State != hodb.HeadForked || len(r.Cases) != 1 || r.Cases[0].Kind != hodb.CaseFork {
		t.Errorf("head office holds %+v, cases %v", r.Stores[0], r.kinds())
	}
	c.inOrder()
}

func TestABatchThatFollowsAnotherEntryIsAFork(t *testing.T) {
	c, b := shop(t)
	b.sellMany(5)
	b.sync()
	b.bodies, b.hashes = b.bodies[:3], b.hashes[:3]
	b.sellMany(4)
	_, p := b.push(b.batch(6, 7)) // the number fits, the chain does not
	wantCode(t, p, wire.CodeFork)
	if r := c.report(); r.Stores[0].Seq != 5 {
		t.Errorf("head office took entries up to %d", r.Stores[0].Seq)
	}
	c.inOrder()
}

func TestAForkBelowAHigherHeadIsSeenByTheStoreAndProvedByItsCheck(t *testing.T) {
	c, b := shop(t)
	b.sellMany(5)
	b.sync()
	b.bodies, b.hashes = b.bodies[:3], b.hashes[:3]
	b.sellMany(6)
	b.boot = randomID(t)
	a := b.hello(nil)
	if a.Verdict != wire.VerdictAhead || a.Head.Hash == b.hashAt(a.Head.Seq) {
		t.Fatalf("head office cannot see this fork yet: %+v", a)
	}
	if v := b.hello(&wire.Head{Seq: a.Head.Seq, Hash: b.hashAt(a.Head.Seq)}).Verdict; v != wire.VerdictForked {
		t.Errorf("with the store's own value at head office's head: %s", v)
	}
	if r := c.report(); len(r.Cases) != 1 {
		t.Errorf("cases: %v", r.kinds())
	}
}

func TestACopiedBoxFencesTheOlderOneWhichKeepsItsSales(t *testing.T) {
	c, b := shop(t)
	b.sellMany(2)
	b.sync()
	clone := *b
	clone.boot = randomID(t)
	clone.hello(nil)
	b.sellMany(1)
	_, p := b.push(b.batch(3, 3))
	wantCode(t, p, wire.CodeFenced)
	if v := b.hello(nil).Verdict; v != wire.VerdictFenced {
		t.Errorf("the older box asks again: %s", v)
	}
	if r := c.report(); r.Stores[0].Seq != 2 {
		t.Errorf("head office took %d entries", r.Stores[0].Seq)
	}
}

func TestTheSameStartOfABoxHasOneSession(t *testing.T) {
	_, b := shop(t)
	first := b.hello(nil).Session
	if again := b.hello(nil).Session; again != first {
		t.Errorf("session %d, then %d", first, again)
	}
	b.boot = randomID(t)
	if next := b.hello(nil).Session; next <= first {
		t.Errorf("session %d after %d", next, first)
	}
}

func TestABoxOfAnEarlierLifeIsTurnedAway(t *testing.T) {
	c, old := shop(t)
	old.sellMany(2)
	old.sync()
	b := c.enrol(1, old.prog)
	if b.id.Epoch != 2 {
		t.Fatalf("enrolled again: epoch %d", b.id.Epoch)
	}
	if v := old.hello(nil).Verdict; v != wire.VerdictUnknownInstall {
		t.Errorf("the old box: %s", v)
	}
	old.sellMany(1)
	_, p := old.push(old.batch(3, 3))
	wantCode(t, p, wire.CodeEpochClosed)
	_, p = old.tryFeed(wire.FeedQuery{Limit: 1}) // whoever stole it learns nothing more
	wantCode(t, p, wire.CodeEpochClosed)
	var own bytes.Buffer
	wantCode(t, old.do(t.Context(), http.MethodGet, old.path("entries?epoch=1&from=1"), nil, nil, &own), wire.CodeEpochClosed)
	if v := b.hello(nil).Verdict; v != wire.VerdictInSync {
		t.Errorf("the new box: %s", v)
	}
}

func TestACertificateOpensItsOwnStoreAndNothingElse(t *testing.T) {
	c, b := shop(t)
	other := c.enrol(2, b.prog)
	b.sellMany(1)
	b.hello(nil)
	foreign := *other
	foreign.client, foreign.session = b.client, b.session // store 1's certificate on store 2's path
	foreign.sellMany(1)
	_, p := foreign.push(foreign.batch(1, 1))
	wantCode(t, p, wire.CodeForbidden)
	later := b.batch(1, 1)
	later.Epoch = 2
	_, p = b.push(later)
	wantCode(t, p, wire.CodeForbidden)
	var lines bytes.Buffer
	wantCode(t, b.do(t.Context(), http.MethodGet, c.address+"/v1/closes", nil, nil, &lines), wire.CodeForbidden)
}

func TestAStoreCanReadTheSchemaOfProgrammes(t *testing.T) {
	c, b := shop(t)
	var text bytes.Buffer
	if err := b.do(t.Context(), http.MethodGet, c.address+"/v1/programme.schema.json", nil, nil, &text); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text.Bytes(), []byte("json-schema.org/draft/2020-12/schema")) {
		t.Errorf("got %.80s", text.Bytes())
	}
}

func TestWithoutACertificateOfOursNobodyIsHeard(t *testing.T) {
	c, b := shop(t)
	stranger := newCentre(t)
	stranger.publish()
	foreign := stranger.enrol(1, b.prog)
	foreign.client = clientOfIdentity(t, foreign.id)
	pin := b.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
	foreign.client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pin // it trusts us; we do not know it
	if resp, err := foreign.client.Get(c.address + "/v1/feed"); err == nil {
		resp.Body.Close()
		t.Error("a certificate of another chain was accepted")
	}
	b.client.Transport.(*http.Transport).TLSClientConfig.Certificates = nil
	b.client.CloseIdleConnections()
	var lines bytes.Buffer
	wantCode(t, b.do(t.Context(), http.MethodGet, c.address+"/v1/feed", nil, nil, &lines), wire.CodeUnauthorised)
}

func TestWhatIsWrongWithABatchIsSaidAndNothingOfItIsKept(t *testing.T) {
	c, b := shop(t)
	b.sellMany(3)
	b.hello(nil)
	send := func(change func(*wire.Packed, *wire.Batch)) *wire.Problem {
		batch := b.batch(1, 3)
		packed := b.codec.PackBatch(batch)
		change(&packed, batch)
		var answer wire.Accepted
		return b.do(t.Context(), http.MethodPost, b.path("batches"), packed.Header, packed.Content, &answer)
	}
	for _, row := range []struct {
		what   string
		code   wire.Code
		change func(*wire.Packed, *wire.Batch)
	}{
		{"a bit of the content turned over", wire.CodeDamaged, func(p *wire.Packed, _ *wire.Batch) { p.Content[len(p.Content)/2] ^= 1 }},
		{"content cut short", wire.CodeDamaged, func(p *wire.Packed, _ *wire.Batch) { p.Content = p.Content[:len(p.Content)-5] }},
		{"count too high", wire.CodeDamaged, func(p *wire.Packed, _ *wire.Batch) { p.Header.Set(wire.HeaderRange, "epoch=1; first=1; count=4") }},
		{"not zipped as promised", wire.CodeUnsupported, func(p *wire.Packed, _ *wire.Batch) { p.Header.Set("Content-Encoding", "gzip") }},
		{"no session", wire.CodeBadRequest, func(p *wire.Packed, _ *wire.Batch) { p.Header.Del(wire.HeaderSession) }},
		{"protocol of tomorrow", wire.CodeUpgradeRequired, func(p *wire.Packed, _ *wire.Batch) { p.Header.Set(wire.HeaderProtocol, "99") }},
		{"an entry changed under the chain", wire.CodeChainBroken, func(p *wire.Packed, batch *wire.Batch) {
			bodies := append([][]byte{}, batch.Bodies...)
			bodies[1] = bytes.Replace(bodies[1], []byte(`"anna"`), []byte(`"maja"`), 1)
			batch.Bodies = bodies
			*p = b.codec.PackBatch(batch)
		}},
		{"too many entries", wire.CodeTooLarge, func(p *wire.Packed, _ *wire.Batch) { p.Header.Set(wire.HeaderRange, "epoch=1; first=1; count=2001") }},
	} {
		if p := send(row.change); p == nil || p.Code != row.code {
			t.Errorf("%s: got %v, want %s", row.what, p, row.code)
		}
	}
	if r := c.report(); r.Stores[0].Seq != 0 {
		t.Errorf("head office kept %d entries", r.Stores[0].Seq)
	}
	if _, p := b.push(b.batch(1, 3)); p != nil {
		t.Errorf("the whole batch afterwards: %v", p)
	}
}

func TestAnAnswerThatIsLostAfterTheCommitChangesNothing(t *testing.T) {
	c, b := shop(t)
	lossy := &loseAnswers{t: t, next: b.client.Transport, every: 3}
	b.client.Transport = lossy
	sent := loyalty.Seq(0)
	for range 30 {
		b.sellMany(2)
		for sent < b.seq() {
			if b.session == 0 || lossy.lost {
				lossy.lost = false
				if a := b.hello(nil); a.Head.Seq > sent {
					sent = a.Head.Seq
				}
				continue
			}
			a, ok := b.pushLossy(b.batch(sent+1, b.seq()))
			if ok {
				sent = a.AcceptedThrough
			}
		}
	}
	if r := c.settled(); r.Stores[0].Seq != 60 || len(r.Cases) != 0 || lossy.count == 0 {
		t.Errorf("%d entries, %v, %d answers lost", r.Stores[0].Seq, r.kinds(), lossy.count)
	}
	c.inOrder()
}

// loseAnswers lets every n-th batch through and its answer not back.
type loseAnswers struct {
	t      *testing.T
	next   http.RoundTripper
	every  int
	pushes int
	count  int
	lost   bool
}

func (l *loseAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil || r.Header.Get(wire.HeaderRange) == "" {
		return resp, err
	}
	if l.pushes++; l.pushes%l.every == 0 {
		l.lost, l.count = true, l.count+1
		resp.Body.Close()
		return nil, http.ErrServerClosed
	}
	return resp, nil
}

// pushLossy is push where the network may fail.
func (b *box) pushLossy(batch *wire.Batch) (wire.Accepted, bool) {
	b.t.Helper()
	packed := b.codec.PackBatch(batch)
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.path("batches"), bytes.NewReader(packed.Content))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header = packed.Header
	resp, err := b.client.Do(req)
	if err != nil {
		return wire.Accepted{}, false
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("push: %d", resp.StatusCode)
	}
	var a wire.Accepted
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(resp.Body); err != nil {
		return a, false
	}
	if err := decodeStrict(raw.Bytes(), &a); err != nil {
		b.t.Fatal(err)
	}
	return a, true
}

func TestASignedPositionIsTheHeadThatWasKept(t *testing.T) {
	c, b := shop(t)
	b.sellMany(3)
	b.sync()
	head := c.report().Stores[0].Epochs[0]
	if head.Hash != b.hashAt(3) {
		t.Errorf("head office's head %v, the box's %v", head.Hash, b.hashAt(3))
	}
	forged := store.Position{Store: 1, Epoch: 1, Seq: 4, Hash: head.Hash}
	if err := forged.Verify(b.posKey, c.home.Keys.position[:64]); err == nil {
		t.Error("a position that was never signed verifies")
	}
}
