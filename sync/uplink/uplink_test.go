package uplink

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

func TestWhatAStoreSellsReachesHeadOfficeOnce(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	member := o.member("6034000000000018")
	for range 5 {
		b.sell(member, 1250)
	}
	b.connect()
	for range 5 {
		b.sell(0, 990)
	}
	b.untilInSync()
	sameLog(t, o, b)
	if s := b.status(); s.AckedThrough != 10 || s.Problem != "" {
		t.Errorf("status %+v", s)
	}
}

func TestMembersProgrammeAndWatermarkComeDownAndNothingCountsTwice(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	b.connect()
	member := o.member("6034000000000018")
	eventually(t, "the member", func() bool { _, err := b.db.Member(t.Context(), member); return err == nil }, func() string { return "" })
	m, err := b.db.MemberByNumber(t.Context(), b.identity.NumberHMAC("6034000000000018"))
	if err != nil || m.ID != member || m.Numbers[0].Masked != "6034…0018" {
		t.Fatalf("member by number: %+v, %v", m, err)
	}
	p, err := b.db.ProgrammeAt(t.Context(), "2026-11-24T10:00:00.000+02:00", 0)
	if err != nil || p.ID.String() != b.prog.Digest() {
		t.Fatalf("programme %s, %v", p.ID, err)
	}
	var want loyalty.Points
	for i := range 20 {
		want += b.sell(member, 1000+int64(i)*100).Entry.Sale.Earned
		// Whatever has been uploaded, posted and sent down by now, the balance is what was earned.
		got, err := b.db.Balance(t.Context(), member)
		if err != nil || got != want {
			t.Fatalf("after sale %d: balance %d, want %d (%v)", i+1, got, want, err)
		}
		state, err := b.db.State(t.Context(), member)
		if err != nil || loyalty.Balance(state.Lots) != want {
			t.Fatalf("after sale %d: lots hold %d, want %d (%v)", i+1, loyalty.Balance(state.Lots), want, err)
		}
	}
	b.until("watermark at the head", func(s Status) bool { return s.Feed.Watermark == 20 })
	m, err = b.db.Member(t.Context(), member)
	if err != nil || m.Balance != want {
		t.Errorf("head office's balance %d, want %d (%v)", m.Balance, want, err)
	}
	// Rows that count no more go in a transaction of their own, after the page's.
	var c agentdb.Counts
	eventually(t, "pending rows to go", func() bool {
		c, err = b.db.Counts(t.Context())
		return err == nil && c.Pending == 0
	}, func() string { return fmt.Sprintf("%d rows, %v", c.Pending, err) })
}

func TestHeadOfficeSwitchedOffChangesNothing(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	b.connect()
	b.sell(0, 500)
	b.untilInSync()
	o.off()
	b.sell(0, 600)
	b.untilState(StateOffline)
	b.sell(0, 700)
	if s := b.status(); s.Lag != 2 || s.AckedThrough != 1 {
		t.Errorf("status %+v", s)
	}
	o.on()
	b.untilInSync()
	sameLog(t, o, b)
}

// Head office commits every batch, but each third answer is lost on its way.
func TestAnswersLostAfterTheCommitChangeNothing(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	var batches, lost counter
	b.line = func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/batches") && batches.next()%3 == 0 {
				lost.next()
				return nil, errors.Join(errors.New("connection reset by peer"), resp.Body.Close())
			}
			return resp, err
		})
	}
	b.connect()
	const rounds = 12 // with a batch or more in each
	for range rounds {
		for range 3 {
			b.sell(0, 500)
		}
		b.until("acked", func(s Status) bool { return s.Lag == 0 })
	}
	b.untilInSync()
	sameLog(t, o, b)
	if n := lost.next() - 1; n < rounds/3 {
		t.Errorf("%d answers were lost in %d batches", n, batches.n)
	}
}

// The line breaks in the middle of requests and answers, at seeded places.
func TestALineThatBreaksAnywhereChangesNothing(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	const seed = 20261122
	dice := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	b.line = func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			fate := dice.IntN(5)
			mu.Unlock()
			switch fate {
			case 0: // never arrives
				return nil, errors.New("no route to host")
			case 1: // arrives, the answer does not
				resp, err := next.RoundTrip(r)
				if err == nil {
					err = errors.Join(errors.New("connection reset"), resp.Body.Close())
				}
				return nil, err
			case 2: // arrives twice
				body := r.GetBody
				resp, err := next.RoundTrip(r)
				if err != nil || body == nil {
					return resp, err
				}
				again := r.Clone(r.Context())
				if again.Body, err = body(); err != nil {
					return nil, err
				}
				second, err := next.RoundTrip(again)
				return second, errors.Join(err, resp.Body.Close())
			case 3: // the answer is cut short
				resp, err := next.RoundTrip(r)
				if err == nil {
					resp.Body = &cutBody{resp.Body, 30}
				}
				return resp, err
			}
			return next.RoundTrip(r)
		})
	}
	b.connect()
	for range 15 {
		b.sell(0, 500)
	}
	eventually(t, "everything at head office", func() bool { return len(o.holds(b)) == 15 }, func() string { return b.status().Detail })
	sameLog(t, o, b)
	t.Logf("seed %d", seed)
}

// cutBody ends after a few bytes as a broken connection does.
type cutBody struct {
	body interface {
		Read([]byte) (int, error)
		Close() error
	}
	left int
}

func (c *cutBody) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errors.New("unexpected EOF")
	}
	n, err := c.body.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func (c *cutBody) Close() error { return c.body.Close() }

// A backup from before lunch is put back. Nothing was sold since: the morning comes back from head office.
func TestARestoredBackupGetsItsOwnEntriesBack(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	backup := sellAroundABackup(t, b, 3, 4)
	sold := b.log()
	b.close()
	replaceFolder(t, b.dir, backup)
	b.open()
	b.connect()
	b.untilInSync()
	if own := b.log(); len(own) != len(sold) || string(own[len(own)-1]) != string(sold[len(sold)-1]) {
		t.Fatalf("%d entries came back, %d were sold", len(own), len(sold))
	}
	sameLog(t, o, b)
	report, err := b.db.Verify(t.Context(), nil)
	if err != nil || len(report.Findings) != 0 {
		t.Errorf("verify: %v, %v", report.Findings, err)
	}
	b.sell(0, 100)
	b.untilInSync()
	sameLog(t, o, b)
}

// sellAroundABackup sells, backs the folder up, sells on, and has all of it at head office. It gives the backup.
func sellAroundABackup(t *testing.T, b *box, before, after int) string {
	t.Helper()
	for range before {
		b.sell(0, 500)
	}
	b.close()
	backup := t.TempDir()
	copyTree(t, b.dir, backup)
	b.open()
	b.connect()
	for range after {
		b.sell(0, 700)
	}
	b.untilInSync()
	b.disconnect()
	return backup
}

func replaceFolder(t *testing.T, dir, with string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	copyTree(t, with, dir)
}

// A backup is put back and the store sells on before it hears from head office: whether it sold less or more than was
// lost, the fork is seen, nothing of it is absorbed, and selling goes on.
func TestARestoredBackupThatSoldOnIsForkedNeverAbsorbed(t *testing.T) {
	for name, sold := range map[string]int{"less than was lost": 2, "as much as was lost": 4, "more than was lost": 9} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			b := o.enrol(17, o.publish())
			backup := sellAroundABackup(t, b, 3, 4)
			known := o.holds(b)
			b.close()
			replaceFolder(t, b.dir, backup)
			b.open()
			for range sold {
				b.sell(0, 900)
			}
			b.connect()
			b.untilState(StateForked)
			b.sell(0, 1000)
			if got := o.holds(b); len(got) != len(known) {
				t.Errorf("head office absorbed %d entries", len(got)-len(known))
			}
			if own := b.log(); len(own) != 3+sold+1 {
				t.Errorf("the store has %d entries, it sold %d", len(own), 3+sold+1)
			}
			if report, err := o.Report(t.Context()); err != nil || len(report.Cases) != 1 {
				t.Errorf("cases %+v, %v", report.Cases, err)
			}
			// The registers still come: a card blocked now must be refused in the forked store too.
			member := o.member("6034000000000026")
			eventually(t, "the member", func() bool { _, err := b.db.Member(t.Context(), member); return err == nil }, func() string { return "" })
		})
	}
}

// The data folder and the identity are copied to a second box: the older session is fenced and keeps selling.
func TestACopiedBoxFencesTheOther(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	b.sell(0, 500)
	b.connect()
	b.untilInSync()
	b.close()
	dir := t.TempDir()
	copyTree(t, b.dir, dir)
	b.open()
	b.connect()
	b.untilInSync()
	copied := openBox(t, b.identity.Path(""), dir, b.prog)
	copied.connect()
	copied.untilInSync()
	b.sell(0, 600)
	b.untilState(StateFenced)
	b.sell(0, 700)
	if own := b.log(); len(own) != 3 {
		t.Errorf("the fenced box has %d entries", len(own))
	}
	if n := len(o.holds(b)); n != 1 {
		t.Errorf("head office took %d entries, one of them from a fenced box", n)
	}
}

func TestABoxOfAnEarlierLifeStopsUploading(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	b := o.enrol(17, prog)
	b.sell(0, 500)
	o.enrol(17, prog) // the same store again: a new epoch
	b.connect()
	b.until("stopped", func(s Status) bool { return s.State.Stopped() })
	b.sell(0, 600)
	report, err := o.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range report.Stores[0].Epochs {
		if e.Seq != 0 {
			t.Errorf("head office took %d entries of epoch %d", e.Seq, e.Epoch)
		}
	}
	var p *wire.Problem
	_, err = o.Entries(t.Context(), wire.EntriesQuery{Store: b.db.Store(), Epoch: b.db.Epoch(), From: 1, Limit: 1})
	if !errors.As(err, &p) || p.Code != wire.CodeEpochClosed {
		t.Errorf("head office answers a box of an earlier life: %v", err)
	}
}

func TestAnotherCAIsRefusedAndShown(t *testing.T) {
	o, stranger := newOffice(t), newOffice(t)
	b := o.enrol(17, o.publish())
	other := stranger.enrol(17, b.prog)
	ca, err := os.ReadFile(other.identity.Path(store.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.identity.Path(store.CAFile), ca, 0o644); err != nil {
		t.Fatal(err)
	}
	b.sell(0, 500)
	b.connect()
	s := b.untilState(StateRefused)
	if s.Problem != wire.CodeUnauthorised || s.Lag != 1 {
		t.Errorf("status %+v", s)
	}
}

// Each answer of the table of errors comes once to a batch; afterwards the line is good again.
func TestEveryAnswerThatMayPassIsOutlived(t *testing.T) {
	retry := wire.NewProblem(wire.CodeUnavailable, "deploying")
	retry.RetryAfter = time.Second
	gap := wire.NewProblem(wire.CodeGap, "gap")
	gap.Expected = 1
	shrink := wire.NewProblem(wire.CodeTooLarge, "too large")
	shrink.Max = 4
	for name, problem := range map[string]*wire.Problem{
		"damaged is sent again at once":           wire.NewProblem(wire.CodeDamaged, "bits fell over"),
		"unavailable waits as long as it is told": retry,
		"an internal fault is waited out":         wire.NewProblem(wire.CodeInternal, "oops"),
		"busy is waited out":                      wire.NewProblem(wire.CodeOverloaded, "busy"),
		"a gap rewinds":                           gap,
		"too large halves":                        shrink,
		"a false fork asks for the verdict":       wire.NewProblem(wire.CodeFork, "fork"),
		"a false fence asks for the verdict":      wire.NewProblem(wire.CodeFenced, "fenced"),
		"a false end asks for the verdict":        wire.NewProblem(wire.CodeEpochClosed, "closed"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			b := o.enrol(17, o.publish())
			for range 8 {
				b.sell(0, 500)
			}
			var batches counter
			var mu sync.Mutex
			var asked time.Time
			var counts []string
			b.line = func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if !strings.HasSuffix(r.URL.Path, "/batches") {
						return next.RoundTrip(r)
					}
					mu.Lock()
					defer mu.Unlock()
					counts = append(counts, r.Header.Get(wire.HeaderRange))
					if batches.next() == 1 {
						asked = time.Now()
						return answer(r, problem), nil
					}
					if pause := time.Since(asked); problem == retry && pause < time.Second && batches.n == 2 {
						t.Errorf("came back after %v", pause)
					}
					return next.RoundTrip(r)
				})
			}
			b.connect()
			b.untilInSync()
			sameLog(t, o, b)
			mu.Lock()
			defer mu.Unlock()
			if problem == shrink && (len(counts) < 3 || !strings.HasSuffix(counts[1], "count=4")) {
				t.Errorf("ranges %v", counts)
			}
		})
	}
}

// Answers that only a person can change stop the upload, are shown with their code, and delete nothing.
func TestAnswersForAPersonStopTheUploadAndAreShown(t *testing.T) {
	for code, state := range map[wire.Code]State{
		wire.CodeUnauthorised: StateRefused, wire.CodeForbidden: StateRefused, wire.CodeChainBroken: StateChainFault,
		wire.CodeUpgradeRequired: StateRefused, wire.CodeBadRequest: StateRefused, wire.CodeUnsupported: StateRefused,
		wire.CodeNotFound: StateRefused, wire.CodeRevoked: StateRefused,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			b := o.enrol(17, o.publish())
			b.sell(0, 500)
			var batches counter
			b.line = func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/batches") {
						batches.next()
						return answer(r, wire.NewProblem(code, "no")), nil
					}
					return next.RoundTrip(r)
				})
			}
			b.connect()
			if s := b.untilState(state); s.Problem != code || s.Lag != 1 {
				t.Errorf("status %+v", s)
			}
			b.sell(0, 600)
			if own := b.log(); len(own) != 2 {
				t.Errorf("%d entries left in the store", len(own))
			}
			if batches.next() != 2 {
				t.Errorf("%d batches were tried", batches.n-1)
			}
		})
	}
}

// Each code of the table is met by a test of its own above or in the file named; a new one fails here until it is.
func TestNoCodeOfTheTableIsLeftOut(t *testing.T) {
	met := []wire.Code{
		wire.CodeDamaged, wire.CodeUnavailable, wire.CodeInternal, wire.CodeOverloaded, wire.CodeGap, wire.CodeTooLarge, wire.CodeFork, wire.CodeFenced, wire.CodeEpochClosed,
		wire.CodeUnauthorised, wire.CodeForbidden, wire.CodeChainBroken, wire.CodeUpgradeRequired, wire.CodeBadRequest, wire.CodeUnsupported, wire.CodeNotFound, wire.CodeRevoked,
		wire.CodeFeedReset,     // restored_test.go
		wire.CodeFeedCompacted, // snapshot_test.go
		wire.CodeCodeRefused,   // enrol_test.go
		wire.CodePointsShort,   // internal/doors
	}
	for _, code := range wire.Codes() {
		if !slices.Contains(met, code) {
			t.Errorf("no test meets %s", code)
		}
	}
}

func TestALargeBacklogIsCutIntoBatches(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(17, o.publish())
	for range batchEntries + 30 {
		b.sell(0, 500)
	}
	var batches counter
	b.line = func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/batches") {
				batches.next()
			}
			return next.RoundTrip(r)
		})
	}
	b.connect()
	b.untilInSync()
	sameLog(t, o, b)
	if batches.next() != 3 {
		t.Errorf("%d batches, want 2", batches.n-1)
	}
}

func TestPatienceNeverEndsAndNeverExceedsFiveMinutes(t *testing.T) {
	wait := newPatience()
	longest := time.Duration(0)
	for range 10_000 {
		d := wait.NextBackOff()
		if d < 0 || d > longestWait {
			t.Fatalf("pause of %v", d)
		}
		longest = max(longest, d)
	}
	if longest < longestWait*8/10 {
		t.Errorf("the longest of many pauses is %v: not the full range", longest)
	}
	p := wire.NewProblem(wire.CodeUnavailable, "")
	p.RetryAfter = 7 * time.Minute
	if d := wait.after(p); d != 7*time.Minute {
		t.Errorf("told to wait 7 minutes, waits %v", d)
	}
	wait.Reset()
	if d := wait.NextBackOff(); d > firstPause {
		t.Errorf("first pause after a success is %v", d)
	}
}
