package uplink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// A batch leaves when one of these is reached (ledger-sync.md, client loop). A backlog is cut into larger ones.
const (
	enoughEntries = 200
	enoughBytes   = 256 << 10
	defaultLinger = 2 * time.Second // since the first entry that was not sent
	batchEntries  = 500
	batchBytes    = 1 << 20
)

// Options say what an uplink works on.
type Options struct {
	DB         *agentdb.DB
	HeadOffice wire.HeadOffice
	Agent      string // program and version, for head office's list of stores
	Log        zerolog.Logger
	Now        func() time.Time
	Linger     time.Duration // how long an entry waits for company; 2 s when 0
	Listen     time.Duration // how long a request for the feed waits for news; 25 s when 0

	// TakeLife prepares the life in which a forked store goes on, for the agent's next start; without it the store waits.
	TakeLife func(context.Context, wire.NextLife) error
}

// Uplink keeps one store in step with head office.
type Uplink struct {
	db     *agentdb.DB
	office wire.HeadOffice
	agent  string
	now    func() time.Time
	linger time.Duration
	listen time.Duration
	boot   store.ID16
	board  *board
	codec  *wire.Codec // of a snapshot's parts

	takeLife func(context.Context, wire.NextLife) error
	shown    loyalty.Seq // of a forked log, what head office has seen of it; the pushing goroutine's own
}

// New makes an uplink; Run does the work.
func New(o Options) (*Uplink, error) {
	u := &Uplink{db: o.DB, office: o.HeadOffice, agent: o.Agent, now: o.Now, linger: o.Linger, listen: o.Listen, board: newBoard(o.Log, o.Now), takeLife: o.TakeLife}
	if u.linger == 0 {
		u.linger = defaultLinger
	}
	if u.listen == 0 {
		u.listen = feedWait
	}
	if _, err := rand.Read(u.boot[:]); err != nil {
		return nil, fmt.Errorf("boot nonce: %w", err)
	}
	var err error
	u.codec, err = wire.NewCodec()
	return u, err
}

// Run works until ctx ends and returns when all of it has ended. Nothing that head office does makes it return earlier.
func (u *Uplink) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { u.push(ctx) })
	wg.Go(func() { u.pull(ctx) })
	wg.Wait()
	return ctx.Err()
}

// push opens sessions for ever.
func (u *Uplink) push(ctx context.Context) {
	wait := newPatience()
	for ctx.Err() == nil {
		err := u.session(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		pause := u.judge(err, wait)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// errStop is a verdict that only a person can change.
type errStop struct{ state State }

func (e *errStop) Error() string { return "head office's verdict is " + string(e.state) }

// errFork is what the store sees itself: its chain and head office's differ although head office does not say so.
var errFork = errors.New("head office's head does not lie on this log's chain")

// judge shows what ended a session and says how long to wait before the next one.
func (u *Uplink) judge(err error, wait *patience) time.Duration {
	var stop *errStop
	if errors.As(err, &stop) || errors.Is(err, errFork) || errors.Is(err, agentdb.ErrOtherChain) || errors.Is(err, agentdb.ErrPruned) {
		u.db.FreeLeases(false)
	}
	switch {
	case err == nil:
		return firstPause // entries came back: the next session finds the heads equal
	case errors.As(err, &stop):
		u.board.set(stop.state, err)
		return recheck
	case errors.Is(err, errFork), errors.Is(err, agentdb.ErrOtherChain):
		u.board.set(StateForked, err)
		return recheck
	case errors.Is(err, agentdb.ErrPruned):
		u.board.set(StatePruned, err)
		return recheck
	case errors.Is(err, store.ErrSignature):
		u.board.set(StateRefused, err)
		return recheck
	}
	var p *wire.Problem
	if errors.As(err, &p) && p.Class() == wire.StopAndTell {
		state := StateRefused
		if p.Code == wire.CodeChainBroken {
			state = StateChainFault
		}
		u.board.set(state, err)
		return max(recheck, p.RetryAfter)
	}
	if wire.ClassOf(err) != wire.Rehandshake {
		u.board.set(StateOffline, err)
	}
	return wait.after(err)
}

// session opens a session, obeys its verdict, and pushes until something else than patience is needed.
func (u *Uplink) session(ctx context.Context, wait *patience) error {
	answer, err := u.handshake(ctx)
	if err != nil {
		return err
	}
	switch answer.Verdict {
	case wire.VerdictInSync, wire.VerdictAhead:
		u.db.FreeLeases(true)
		return u.pushFrom(ctx, answer, wait)
	case wire.VerdictBehind:
		u.board.set(StateFetching, nil)
		return u.fetchOwn(ctx, answer.Head.Seq)
	case wire.VerdictForked:
		return u.forked(ctx, answer)
	case wire.VerdictFenced:
		return &errStop{StateFenced}
	case wire.VerdictUnknownInstall, wire.VerdictAheadOfGrant: // with our grant shown, or without one to show
		return &errStop{StateUnknown}
	}
	return wire.NewProblem(wire.CodeUpgradeRequired, "verdict %q is not known here", answer.Verdict)
}

// handshake opens a session. When head office's head lies on another chain than ours it asks again with the proof.
func (u *Uplink) handshake(ctx context.Context) (wire.SessionAnswer, error) {
	answer, own, err := u.ask(ctx, proof{})
	if id := u.db.Identity(); err == nil && answer.Verdict == wire.VerdictAheadOfGrant && id.Grant != nil {
		answer, own, err = u.ask(ctx, proof{grant: &wire.ShownGrant{Nonce: id.Nonce, Signature: id.Grant, Name: id.Name,
			TimeZone: id.TimeZone, DayCut: id.DayCut, Language: id.Language}})
	}
	if err != nil || answer.Verdict != wire.VerdictAhead || own == answer.Head.Hash {
		return answer, err
	}
	answer, _, err = u.ask(ctx, proof{check: &wire.Head{Seq: answer.Head.Seq, Hash: own}})
	if err == nil && answer.Verdict == wire.VerdictAhead {
		return answer, errFork
	}
	return answer, err
}

// proof is what a session request shows beside the heads when head office asked for it.
type proof struct {
	check *wire.Head
	grant *wire.ShownGrant
}

// signed is the newest position that head office signed, nil before the first.
func (u *Uplink) signed(ctx context.Context) (*wire.SignedHead, error) {
	p, signature, err := u.db.Signed(ctx)
	if err != nil || signature == nil {
		return nil, err
	}
	return &wire.SignedHead{Head: wire.Head{Seq: loyalty.Seq(p.Seq), Hash: p.Hash}, Signature: signature}, nil
}

// ask sends one session request; it gives the answer and our own chain value at the head that the answer names. A signed
// head on our chain is kept.
func (u *Uplink) ask(ctx context.Context, shown proof) (wire.SessionAnswer, store.Hash, error) {
	head, err := u.db.Head(ctx)
	if err != nil {
		return wire.SessionAnswer{}, store.Hash{}, err
	}
	signed, err := u.signed(ctx)
	if err != nil {
		return wire.SessionAnswer{}, store.Hash{}, err
	}
	id := u.db.Identity()
	answer, err := u.office.OpenSession(ctx, u.db.Store(), wire.SessionRequest{
		Protocol: wire.Protocol, Epoch: u.db.Epoch(), InstallID: id.InstallID, BootNonce: u.boot,
		Head: wire.Head{Seq: loyalty.Seq(head.Seq), Hash: head.Hash}, Check: shown.check, Signed: signed, Grant: shown.grant,
		Agent: u.agent, Clock: u.now().UTC().Format("2006-01-02T15:04:05.000Z"),
	})
	if err != nil {
		return answer, store.Hash{}, err
	}
	u.board.clock(answer.Clock)
	if answer.Verdict == wire.VerdictUnknownInstall || answer.Verdict == wire.VerdictAheadOfGrant {
		return answer, store.Hash{}, nil
	}
	p := u.position(answer.Head.Seq, answer.Head.Hash)
	if err := p.Verify(id.PositionKey, answer.Signature); err != nil {
		return answer, store.Hash{}, err
	}
	if int64(answer.Head.Seq) > head.Seq {
		return answer, store.Hash{}, nil
	}
	own, err := u.db.HashAt(ctx, answer.Head.Seq)
	if err == nil && own == answer.Head.Hash {
		err = u.db.Acked(ctx, p, answer.Signature)
	}
	return answer, own, err
}

func (u *Uplink) position(seq loyalty.Seq, hash store.Hash) store.Position {
	return store.Position{Store: uint32(u.db.Store()), Epoch: uint32(u.db.Epoch()), Seq: int64(seq), Hash: hash}
}

// fetchOwn takes back what head office has of this log and a restored backup has not.
func (u *Uplink) fetchOwn(ctx context.Context, through loyalty.Seq) error {
	for {
		head, err := u.db.Head(ctx)
		if err != nil {
			return err
		}
		if head.Seq >= int64(through) {
			return nil // a new session finds the heads equal, or more to fetch
		}
		b, err := u.office.Entries(ctx, wire.EntriesQuery{Store: u.db.Store(), Epoch: u.db.Epoch(),
			From: loyalty.Seq(head.Seq) + 1, Limit: batchEntries})
		if err != nil {
			return err
		}
		if b.Epoch != u.db.Epoch() || len(b.Bodies) == 0 {
			return wire.NewProblem(wire.CodeDamaged, "entries %d to %d of epoch %d instead of ours", b.First, b.Last(), b.Epoch)
		}
		if err := u.db.AppendOwn(ctx, &agentdb.Range{First: b.First, Prev: b.Prev, Head: b.Head, Bodies: b.Bodies}); err != nil {
			return err
		}
	}
}
