package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

// The size of the proof of the papers; `make soak` takes more of it.
var (
	papersWanted = flag.Int("papers", 48, "papers to be printed")
	papersFaults = flag.Int("papers.faults", 30, "of a hundred papers so many meet an accident")
	papersLanes  = flag.Int("papers.lanes", 2, "tills")
	papersSeed   = flag.Uint64("papers.seed", 20261122, "what papers, accidents and their moments are drawn with")
)

const (
	papersAtOnce = 12              // papers of a till between two looks at what is on the table
	quietLimit   = 3 * time.Minute // until a till's papers have come to an end
	agentBack    = time.Minute     // until an agent that was killed answers again
	killsOf      = 100             // one paper in so many goes with the agent's sudden end
)

// accidents are those that hide no letter on the paper from us: what is on a sheet can be read there. Each mends itself.
func accidents() []string {
	return []string{"ack-coalesced", "ack-delay", "ack-lost", "ack-xoff", "black-hole", "cover-open", "cutter-jam", "feed-button", "overheat", "paper-near-end",
		"paper-out", "power-off", "slow-answers", "slow-mechanism", "stuck-busy", "stuck-xoff", "unplug"}
}

// sheet is what is read from one piece of paper.
type sheet struct {
	of    string // number of the receipt or serial of the coupon
	copy  int    // 1 for paper that says nothing of a copy
	whole bool
	text  string
}

var (
	receiptNumber = regexp.MustCompile(`Čeks (\S+)`)
	couponSerial  = regexp.MustCompile(`(?m)^ *(1-[0-9A-Z]{12})$`)
	copyMark      = regexp.MustCompile(`KOPIJA (\d+)`)
)

// read takes a sheet as a person would, in the store's language: whose it is, which copy, and whether it is all there.
func read(text string, torn bool) (s sheet, names int) {
	s = sheet{copy: 1, text: text}
	found := map[string]bool{}
	for _, m := range slices.Concat(receiptNumber.FindAllStringSubmatch(text, -1), couponSerial.FindAllStringSubmatch(text, -1)) {
		s.of = m[1]
		found[m[1]] = true
	}
	if m := copyMark.FindStringSubmatch(text); m != nil {
		s.copy, _ = strconv.Atoi(m[1]) // digits
	}
	ends := strings.Contains(text, "Paldies!") || strings.Contains(text, "Izmantojams vienu reizi")
	s.whole = s.of != "" && ends && !torn && !strings.Contains(text, "[torn]") && !strings.Contains(text, "XXXXXXXX")
	return s, len(found)
}

// counts are what the proof reports.
type counts struct {
	papers, confirmed, copied, uncertain, torn, drawers, kicks, accidents, kills, lost int
}

func (c *counts) add(o counts) {
	c.papers += o.papers
	c.confirmed += o.confirmed
	c.copied += o.copied
	c.uncertain += o.uncertain
	c.torn += o.torn
	c.drawers += o.drawers
	c.kicks += o.kicks
	c.accidents += o.accidents
	c.kills += o.kills
	c.lost += o.lost
}

// paperJob is a print job as the API tells of it.
type paperJob struct {
	ID        int64
	Class     string
	State     string
	Copy      int
	Cause     string
	Successor int64
}

// paperTill is one till under proof.
type paperTill struct {
	t      *testing.T
	shop   *stage.Shop
	alive  *sync.RWMutex // written to while the agent is killed and started
	lane   int
	random *rand.Rand
	asked  map[int64]string // the paper of each job that was asked for
	counts counts
	told   int // the last event of the printer's journal that was read
}

// TestEveryPaperIsTrue prints receipts and coupons on several tills while accidents befall the printers and the agent is
// killed, and compares what lies on the table with what the journal says (docs/printing.md):
//
//	I1 a confirmed paper lies there once, whole; I2 two whole papers of one thing differ by their copy mark; I3 no paper mixes
//	two; I4 nothing is printed that is not in the journal; I5 no coupon has two serials; I6 no printer's buffer ran over;
//	I7 the drawer was not kicked more often than asked. And nothing is lost: of every paper there is one, or the journal asks.
func TestEveryPaperIsTrue(t *testing.T) {
	shop := openShop(t, func(o *stage.Options) { o.Lanes = *papersLanes })
	var alive sync.RWMutex
	var tills []*paperTill
	var running sync.WaitGroup
	each := *papersWanted / *papersLanes
	for lane := 1; lane <= *papersLanes; lane++ {
		p := &paperTill{t: t, shop: shop, alive: &alive, lane: lane, random: rand.New(rand.NewPCG(*papersSeed, uint64(lane)))}
		tills = append(tills, p)
		running.Go(func() { p.run(each) })
	}
	running.Wait()
	var all counts
	for _, p := range tills {
		all.add(p.counts)
	}
	t.Logf("seed %d: %d papers, %d confirmed, %d copies, %d uncertain, %d torn, %d drawer jobs with %d kicks; %d accidents, %d kills; lost %d",
		*papersSeed, all.papers, all.confirmed, all.copied, all.uncertain, all.torn, all.drawers, all.kicks, all.accidents, all.kills, all.lost)
	if all.lost > 0 {
		t.Errorf("%d papers are lost", all.lost)
	}
}

// run prints in rounds; after each, what lies on the table is read and taken away.
func (p *paperTill) run(papers int) {
	for papers > 0 && !p.t.Failed() {
		n := min(papers, papersAtOnce)
		papers -= n
		p.asked = map[int64]string{}
		for range n {
			p.step()
		}
		if err := p.quiet(); err != nil {
			var printer, lane any
			err = errors.Join(err, p.shop.Bench.Do(p.t.Context(), "GET", p.printer(""), nil, &printer),
				p.shop.API.Do(p.t.Context(), "GET", fmt.Sprintf("/v1/lanes/%d", p.lane), nil, &lane))
			p.t.Errorf("till %d: %v\nprinter %v\nlane %v", p.lane, err, printer, lane)
			p.tell(p.t.Context(), nil)
			return
		}
		p.judge()
	}
}

func (p *paperTill) step() {
	if p.random.IntN(100) < *papersFaults {
		p.accident()
	}
	if p.random.IntN(killsOf) == 0 {
		p.kill()
	}
	p.counts.papers++
	switch n := p.random.IntN(20); {
	case n == 0:
		p.counts.drawers++
		p.counts.papers-- // a kick is none
		p.change("POST", fmt.Sprintf("/v1/lanes/%d/drawer", p.lane), map[string]any{}, nil)
	case n < 6:
		var issued struct {
			Serial string
			Job    int64
		}
		p.change("POST", fmt.Sprintf("/v1/lanes/%d/coupons", p.lane), map[string]any{"coupon": "coffee"}, &issued)
		p.asked[issued.Job] = issued.Serial
	default:
		p.sell()
	}
}

func (p *paperTill) sell() {
	sale := map[string]any{"lines": []map[string]any{{"sku": "4751005", "name": "Juice", "quantity": 1000, "amount": 1240, "tax": 2100}}}
	var quote struct{ Quote string }
	p.change("POST", fmt.Sprintf("/v1/lanes/%d/quote", p.lane), sale, &quote)
	sale["quote"], sale["tenders"] = quote.Quote, []map[string]any{{"kind": "cash", "amount": 1240}}
	var done struct{ Seq, Job int64 }
	p.change("POST", fmt.Sprintf("/v1/lanes/%d/sales", p.lane), sale, &done)
	p.asked[done.Job] = fmt.Sprintf("1-1-%d", done.Seq)
}

// change calls the agent until it answers, under one key: it may be dead meanwhile.
func (p *paperTill) change(method, path string, body, into any) {
	p.t.Helper()
	key := uuid.Must(uuid.NewV7()).String()
	err := stage.Until(p.t.Context(), path, agentBack, func(ctx context.Context) (bool, string, error) {
		p.alive.RLock()
		defer p.alive.RUnlock()
		err := p.shop.API.Do(ctx, method, path, body, into, "Idempotency-Key", key)
		var refused *stage.Problem
		if errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
			return false, "", err
		}
		return err == nil, fmt.Sprint(err), nil
	})
	if err != nil {
		p.t.Errorf("till %d: %v", p.lane, err)
	}
}

// accident plans one at a drawn moment.
func (p *paperTill) accident() {
	kinds := accidents()
	fault := map[string]any{"kind": kinds[p.random.IntN(len(kinds))], "for_ms": 200 + p.random.IntN(2500), "ms": 200 + p.random.IntN(1500), "count": 1 + p.random.IntN(3),
		"times": 20}
	if fault["kind"] == "power-off" {
		fault["for_ms"] = 1000 + p.random.IntN(2500) // no printer is back sooner; the simulator's starts fifty times as fast
	}
	at := []string{"now", "byte", "row", "segment", "cut"}[p.random.IntN(5)]
	fault["at"] = at
	switch at {
	case "byte":
		fault["n"] = p.random.IntN(1500)
	case "row":
		fault["n"] = p.random.IntN(600)
	case "segment":
		fault["n"] = p.random.IntN(6)
	}
	if err := p.shop.Bench.Do(p.t.Context(), "POST", p.printer("/fault"), fault, nil); err != nil {
		p.t.Errorf("till %d: %v: %v", p.lane, fault, err)
	}
	p.counts.accidents++
}

func (p *paperTill) printer(rest string) string {
	return fmt.Sprintf("/printers/till%d%s", p.lane, rest)
}

func (p *paperTill) kill() {
	p.alive.Lock()
	defer p.alive.Unlock()
	p.shop.Agent.Kill()
	p.counts.kills++
	if err := p.shop.StartAgent(p.t.Context()); err != nil {
		p.t.Errorf("till %d: %v", p.lane, err)
	}
}

// quiet waits until every job has come to an end, and says of doubtful ones what is on the table.
func (p *paperTill) quiet() error {
	told := map[int64]bool{}
	return stage.Until(p.t.Context(), "the papers", quietLimit, func(ctx context.Context) (bool, string, error) {
		open, err := p.jobs(ctx, "queued,sending,flushed,uncertain,interrupted,expired")
		if down := (*url.Error)(nil); errors.As(err, &down) {
			return false, err.Error(), nil // the agent is on its way up
		}
		if err != nil {
			return false, "", err
		}
		if len(open) == 0 {
			return true, "", nil
		}
		return p.help(ctx, open, told)
	})
}

// help does for open jobs what a person would: look, say, ask for another copy.
func (p *paperTill) help(ctx context.Context, open []paperJob, told map[int64]bool) (bool, string, error) {
	waits := 0
	for _, j := range open {
		switch {
		case j.Class == "drawer" && j.State != "queued": // nobody hears of a kick; it is never repeated
		case j.State == "uncertain":
			waits++
			if !told[j.ID] {
				p.counts.uncertain++
				told[j.ID] = true
			}
			seen, err := p.lies(ctx, j)
			if err != nil {
				return false, "", err
			}
			p.change("POST", fmt.Sprintf("/v1/jobs/%d/answer", j.ID), map[string]any{"printed": seen}, nil)
		case j.State == "interrupted":
			waits++
			p.change("POST", fmt.Sprintf("/v1/jobs/%d/reprint", j.ID), map[string]any{}, nil)
		case j.State == "expired" && j.Class != "drawer":
			waits++
			p.change("POST", fmt.Sprintf("/v1/jobs/%d/approve", j.ID), nil, nil)
		case j.Class != "drawer" || j.State == "queued":
			waits++
		}
	}
	return waits == 0, fmt.Sprintf("%+v", open), nil
}

// lies says whether a job's paper is on the table, whole.
func (p *paperTill) lies(ctx context.Context, j paperJob) (bool, error) {
	of, err := p.paperOf(ctx, j)
	if err != nil {
		return false, err
	}
	sheets, err := p.sheets(ctx)
	return slices.ContainsFunc(sheets, func(s sheet) bool { return s.whole && s.of == of && s.copy == j.Copy }), err
}

// paperOf follows copies back to what was asked for.
func (p *paperTill) paperOf(ctx context.Context, j paperJob) (string, error) {
	all, err := p.jobs(ctx, "")
	if err != nil {
		return "", err
	}
	for range all {
		if of, ok := p.asked[j.ID]; ok {
			return of, nil
		}
		i := slices.IndexFunc(all, func(before paperJob) bool { return before.Successor == j.ID })
		if i < 0 {
			break
		}
		j = all[i]
	}
	return "", fmt.Errorf("job %d comes from nothing that was asked for", j.ID)
}

// jobs lists this till's jobs of the round, newest first.
func (p *paperTill) jobs(ctx context.Context, states string) ([]paperJob, error) {
	const page = 200
	p.alive.RLock()
	defer p.alive.RUnlock()
	var list []paperJob
	path := fmt.Sprintf("/v1/jobs?lane=%d&limit=%d", p.lane, page)
	if states != "" {
		path += "&state=" + states
	}
	err := p.shop.API.Do(ctx, "GET", path, nil, &list)
	return list, err
}

func (p *paperTill) sheets(ctx context.Context) ([]sheet, error) {
	var list struct {
		Sheets []struct {
			N    int
			Torn bool
		}
	}
	if err := p.shop.Bench.Do(ctx, "GET", p.printer("/sheets"), nil, &list); err != nil {
		return nil, err
	}
	var all []sheet
	for _, one := range list.Sheets {
		var text []byte
		if err := p.shop.Bench.Do(ctx, "GET", p.printer(fmt.Sprintf("/sheets/%d.txt", one.N)), nil, &text); err != nil {
			return nil, err
		}
		s, names := read(string(text), one.Torn)
		if names > 1 {
			p.t.Errorf("I3: till %d: a sheet mixes %d papers:\n%s", p.lane, names, text)
		}
		all = append(all, s)
	}
	return all, nil
}

// judge holds the table against the journal and clears it.
func (p *paperTill) judge() {
	ctx := p.t.Context()
	sheets, err := p.sheets(ctx)
	if err != nil {
		p.t.Error(err)
		return
	}
	journal, err := p.jobs(ctx, "")
	if err != nil {
		p.t.Error(err)
		return
	}
	whole := map[string]int{} // "number copy" to how many
	things := map[string]bool{}
	for _, s := range sheets {
		if !s.whole {
			p.counts.torn++
			continue
		}
		whole[fmt.Sprint(s.of, " ", s.copy)]++
		things[s.of] = true
	}
	for what, n := range whole {
		if n > 1 {
			p.t.Errorf("I2: till %d: %d whole papers of %s:\n%s", p.lane, n, what, p.papersOf(sheets, what))
		}
	}
	known := map[string]int{} // copies in the journal by paper
	for _, j := range journal {
		of, err := p.paperOf(ctx, j)
		if err != nil {
			continue // of an earlier round, or a drawer
		}
		known[of] = max(known[of], j.Copy)
		if j.Copy > 1 {
			p.counts.copied++
		}
		if j.State != "confirmed" {
			continue
		}
		p.counts.confirmed++
		if what := fmt.Sprint(of, " ", j.Copy); whole[what] != 1 {
			p.t.Errorf("I1: till %d: job %d is confirmed by %q and %d papers of %s lie there:\n%s", p.lane, j.ID, j.Cause, whole[what], what, p.papersOf(sheets, of))
		}
	}
	for _, s := range sheets {
		if s.whole && known[s.of] < s.copy {
			p.t.Errorf("I4: till %d: copy %d of %s is on paper and not in the journal", p.lane, s.copy, s.of)
		}
	}
	for _, of := range p.asked {
		if !things[of] {
			p.counts.lost++
			p.t.Errorf("till %d: %s is lost; the table:\n%s", p.lane, of, p.papersOf(sheets, of))
		}
	}
	p.tell(ctx, sheets)
	p.look(ctx)
}

// tell shows what happened at the printer in a round that failed.
func (p *paperTill) tell(ctx context.Context, sheets []sheet) {
	var journal struct {
		Events []struct {
			N              int
			At, Kind, Text string
		}
	}
	if err := p.shop.Bench.Do(ctx, "GET", p.printer(fmt.Sprintf("/journal?after=%d", p.told)), nil, &journal); err != nil {
		p.t.Error(err)
		return
	}
	for _, e := range journal.Events {
		p.told = e.N
	}
	if !p.t.Failed() {
		return
	}
	for _, e := range journal.Events {
		p.t.Logf("till %d: %s %s %s", p.lane, e.At, e.Kind, e.Text)
	}
	for _, s := range sheets {
		p.t.Logf("till %d: sheet of %q, copy %d, whole %t", p.lane, s.of, s.copy, s.whole)
	}
}

// papersOf is the text of the sheets that name something.
func (p *paperTill) papersOf(sheets []sheet, what string) string {
	of, _, _ := strings.Cut(what, " ")
	text := ""
	for _, s := range sheets {
		if s.of == of {
			text += fmt.Sprintf("--- copy %d, whole %t\n%s\n", s.copy, s.whole, s.text)
		}
	}
	return text
}

// look reads the printer's own counts and clears the table.
func (p *paperTill) look(ctx context.Context) {
	var printer struct {
		Counts struct {
			BufferOverflows int `json:"buffer_overflows"`
			DrawerPulses    int `json:"drawer_pulses"`
		}
	}
	if err := p.shop.Bench.Do(ctx, "GET", p.printer(""), nil, &printer); err != nil {
		p.t.Error(err)
		return
	}
	if n := printer.Counts.BufferOverflows; n > 0 {
		p.t.Errorf("I6: till %d: %d bytes ran over", p.lane, n)
	}
	if p.counts.kicks = printer.Counts.DrawerPulses; p.counts.kicks > p.counts.drawers {
		p.t.Errorf("I7: till %d: %d kicks of the drawer for %d jobs", p.lane, p.counts.kicks, p.counts.drawers)
	}
	for _, call := range []struct {
		method, path string
		body         any
	}{{"DELETE", "/fault", nil}, {"POST", "/paper", map[string]any{"loaded": true, "mm": 80_000}}, {"DELETE", "/sheets", nil}} { // a new roll
		if err := p.shop.Bench.Do(ctx, call.method, p.printer(call.path), call.body, nil); err != nil {
			p.t.Error(err)
		}
	}
}
