//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/stage"
	"loyaltill/store"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// kills is how often head office dies in the test below; each costs about a third of a second.
const kills = 12

// Head office is killed at random moments while a store uploads without a pause. Whatever was acknowledged is there
// afterwards, once and in order, and posted to the point.
func TestKillingHeadOfficeLosesAndDoublesNothing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	p := newProcess(t)
	s := p.store()
	for range kills {
		p.start()
		die := time.AfterFunc(time.Duration(20+random.IntN(250))*time.Millisecond, p.kill)
		s.upload(random)
		die.Stop()
		p.wait()
	}
	p.start()
	s.uploadAll()
	p.terminate()

	r := p.report()
	head := r.Stores[0].Epochs[0]
	if head.Seq != s.seq() || head.Posted != s.seq() || head.Hash != s.hashAt(s.seq()) {
		t.Errorf("head office ends at %d (posted %d), the store at %d", head.Seq, head.Posted, s.seq())
	}
	if m := r.Members[0]; m.Balance != s.earned {
		t.Errorf("the member has %d points, earned %d", m.Balance, s.earned)
	}
	if len(r.Cases)+len(r.Differences) > 0 {
		t.Errorf("cases %+v, differences %+v", r.Cases, r.Differences)
	}
	p.run("verify", "--dir", p.dir)
	t.Logf("%d entries, %d kills, %d answers never came", s.seq(), kills, s.unanswered)
}

// process is head office as a program of its own.
type process struct {
	t      *testing.T
	dir    string
	listen string
	cmd    *exec.Cmd
}

func newProcess(t *testing.T) *process {
	t.Helper()
	p := &process{t: t, dir: filepath.Join(t.TempDir(), "ho"), listen: freeAddress(t)}
	p.run("init", "--dir", p.dir, "--scheme", "4c595431", "--currency", "EUR", "--host", "127.0.0.1")
	p.run("publish", "--dir", p.dir, filepath.Join("..", "..", "docs", "programmes", "plain.yaml"))
	p.run("member", "add", "--dir", p.dir, "--number", "6034000000000018", "--language", "lv")
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := stage.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func (p *process) run(args ...string) []byte {
	p.t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(p.t.Context(), "headoffice", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("headoffice %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return out
}

func (p *process) report() (r headoffice.Report) {
	p.t.Helper()
	if err := json.Unmarshal(p.run("report", "--dir", p.dir), &r); err != nil {
		p.t.Fatal(err)
	}
	return r
}

// start serves and returns when the ready line is there.
func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.CommandContext(p.t.Context(), "headoffice", "serve", "--dir", p.dir, "--listen", p.listen)
	log, err := os.OpenFile(filepath.Join(filepath.Dir(p.dir), "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, `"ready":true`) {
		content, _ := os.ReadFile(log.Name())
		p.t.Fatalf("serve said %q, %v\n%s", line, err, content)
	}
}

// kill is SIGKILL: nothing is flushed, nothing is said.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

func (p *process) wait() {
	p.t.Helper()
	p.kill()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
}

// terminate asks the server to stop, which it must do well.
func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("stopped with %v", err)
	}
}

// uploader is a store's log and the agent's own client.
type uploader struct {
	t          *testing.T
	id         *store.Identity
	client     *uplink.Client
	programme  *loyalty.Programme
	boot       store.ID16
	session    uint64
	bodies     [][]byte
	hashes     []store.Hash
	acked      loyalty.Seq
	earned     loyalty.Points
	unanswered int
}

func (p *process) store() *uploader { return p.enrol("1") }

// enrol makes a store, which reaches head office where this process listens.
func (p *process) enrol(no string) *uploader {
	p.t.Helper()
	dir := filepath.Join(p.t.TempDir(), "identity")
	p.run("enrol", "--dir", p.dir, "--store", no, "--name", "Riga", "--time-zone", "Europe/Riga", "--language", "lv",
		"--head-office", "https://"+p.listen, "--out", dir)
	identity, err := store.LoadIdentity(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	client, err := uplink.NewClient(identity, time.Now)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(client.Close)
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", "plain.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	programme, err := loyalty.Compile(document)
	if err != nil {
		p.t.Fatal(err)
	}
	return &uploader{t: p.t, id: identity, client: client, programme: programme, boot: store.ID16(uuid.New())}
}

func (s *uploader) seq() loyalty.Seq { return loyalty.Seq(len(s.bodies)) }

func (s *uploader) hashAt(seq loyalty.Seq) store.Hash {
	if seq == 0 {
		return s.id.Genesis()
	}
	return s.hashes[seq-1]
}

// sell writes one sale into the log.
func (s *uploader) sell(cents int64) {
	s.t.Helper()
	now := time.Now()
	cal := s.id.Calendar()
	head := loyalty.EntryHead{Store: loyalty.StoreID(s.id.Store), Epoch: loyalty.Epoch(s.id.Epoch), Seq: s.seq() + 1,
		Txn: loyalty.TxnID(uuid.Must(uuid.NewV7())), Day: cal.BusinessDay(now), At: cal.Local(now), Lane: 1}
	in := loyalty.QuoteInput{Member: &loyalty.MemberState{ID: 1, Medium: loyalty.MediumNumber},
		Sale:  loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Quantity: 1000, Amount: cents}}, Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: cents}}},
		Place: loyalty.Place{Store: head.Store, Lane: 1, At: head.At, Day: head.Day}}
	quote, err := s.programme.Quote(in)
	if err != nil {
		s.t.Fatal(err)
	}
	e, err := s.programme.Post(quote, in, head)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.hashes = append(s.hashes, s.hashAt(s.seq()).Next(body))
	s.bodies = append(s.bodies, body)
	s.earned += e.Sale.Earned
}

// upload sells and sends until head office is gone.
func (s *uploader) upload(random *rand.Rand) {
	s.t.Helper()
	if !s.hello() {
		return
	}
	for {
		for range 1 + random.IntN(20) {
			s.sell(int64(100 + random.IntN(5000)))
		}
		if !s.push() {
			s.unanswered++
			return
		}
	}
}

// hello opens a session; head office must have all that it ever acknowledged.
func (s *uploader) hello() bool {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	a, err := s.client.OpenSession(ctx, loyalty.StoreID(s.id.Store), wire.SessionRequest{Protocol: wire.Protocol, Epoch: loyalty.Epoch(s.id.Epoch),
		InstallID: s.id.InstallID, BootNonce: s.boot, Head: wire.Head{Seq: s.seq(), Hash: s.hashAt(s.seq())}, Agent: "test", Clock: "2026-11-22T00:00:00.000Z"})
	if err != nil {
		return false
	}
	if a.Head.Seq < s.acked || a.Head.Hash != s.hashAt(a.Head.Seq) || a.Verdict != wire.VerdictAhead && a.Verdict != wire.VerdictInSync {
		s.t.Fatalf("head office acknowledged %d and is back at %+v", s.acked, a)
	}
	s.session, s.acked = a.Session, a.Head.Seq
	return true
}

func (s *uploader) push() bool {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	a, err := s.client.Push(ctx, &wire.Batch{Store: loyalty.StoreID(s.id.Store), Epoch: loyalty.Epoch(s.id.Epoch), Session: s.session,
		First: s.acked + 1, Prev: s.hashAt(s.acked), Head: s.hashAt(s.seq()), Bodies: s.bodies[s.acked:]})
	var refused *wire.Problem
	if errors.As(err, &refused) && refused.Code != wire.CodeUnavailable {
		s.t.Fatalf("push after %d: %v", s.acked, err)
	}
	if err != nil {
		return false
	}
	s.acked = a.AcceptedThrough
	return true
}

// uploadAll sends what is left to a head office that lives, and waits until it is posted.
func (s *uploader) uploadAll() {
	s.t.Helper()
	if !s.hello() || s.acked < s.seq() && !s.push() {
		s.t.Fatal("head office does not take the rest")
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for at := int64(0); ; {
		page, err := s.client.Feed(ctx, wire.FeedQuery{Store: loyalty.StoreID(s.id.Store), Epoch: 1, After: at, Limit: wire.MaxFeedRows, Wait: 5 * time.Second})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, row := range page.Rows {
			if row.Watermark != nil && row.Watermark.Seq == s.seq() {
				return
			}
		}
		at = page.Next
	}
}
