//go:build linux

package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

// pushed is a batch of the one log that there is, and what head office made of it.
type pushed struct{ first, last loyalty.Seq }

type verdict struct {
	code    wire.Code
	through loyalty.Seq
	replay  bool
	want    loyalty.Seq // what a gap asks for
}

// headModel is head office as one clerk who takes one batch after the other: the head moves by whole batches and never back.
func headModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return loyalty.Seq(0) },
		Step: func(state, input, output any) (bool, any) {
			head, in, out := state.(loyalty.Seq), input.(pushed), output.(verdict)
			switch {
			case in.first > head+1:
				return out.code == wire.CodeGap && out.want == head+1, head
			}
			next := max(head, in.last)
			return out.code == "" && out.through == next && out.replay == (in.last <= head), next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}

// atOnce deals what is pushed in one round onto a head that all know: a piece that moves it, one that goes on from there or leaves a
// gap, one that is known already, and one that begins further on than the others can bring the head. Whoever comes first, each round
// has a replay and a gap.
func atOnce(head loyalty.Seq, random *rand.Rand) []pushed {
	upTo := func(n loyalty.Seq) loyalty.Seq { return loyalty.Seq(random.Int64N(int64(n) + 1)) }
	moves := pushed{head + 1 - upTo(min(2, head)), head + 1 + upTo(2)}
	further := head + 1 + upTo(2)
	goesOn := pushed{further, further + upTo(2)}
	beyond := max(moves.last, goesOn.last) + 2
	round := []pushed{moves, goesOn, {head - upTo(min(2, head-1)), head}, {beyond, beyond + upTo(2)}}
	random.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
	return round
}

// pushers are clients of one store who push pieces of its log.
type pushers struct {
	*box
	begun   time.Time
	history []porcupine.Operation
}

// push sends a round all at once and gives the head that it leads to.
func (p *pushers) push(t *testing.T, round ...pushed) (head loyalty.Seq) {
	t.Helper()
	batches, told := make([]*wire.Batch, len(round)), make([]porcupine.Operation, len(round))
	for client, piece := range round {
		batches[client] = p.batch(t, piece.first, int(piece.last-piece.first+1))
	}
	var all sync.WaitGroup
	for client, piece := range round {
		all.Go(func() {
			op := porcupine.Operation{ClientId: client, Input: piece, Call: int64(time.Since(p.begun))}
			op.Output = judged(t, p.box, batches[client])
			op.Return = int64(time.Since(p.begun))
			told[client] = op
		})
	}
	all.Wait()
	for _, op := range told {
		head = max(head, op.Output.(verdict).through)
	}
	p.history = append(p.history, told...)
	return head
}

func judged(t *testing.T, b *box, batch *wire.Batch) verdict {
	a, err := b.client.Push(t.Context(), batch)
	var p *wire.Problem
	switch {
	case errors.As(err, &p):
		return verdict{code: p.Code, want: p.Expected}
	case err != nil:
		t.Errorf("on a good line: %v", err)
	}
	return verdict{through: a.AcceptedThrough, replay: a.Replayed}
}

// Many clients push pieces of one store's log to the real head office at once, with gaps and overlaps. What each was told fits one
// order of all of them: the head is moved by one at a time.
func TestTheHeadMovesAsIfOneClerkTookAllBatches(t *testing.T) {
	t.Parallel()
	const rounds, mostMoved, mostAhead = 40, 5, 9
	shop := openShop(t, nil)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	p := &pushers{box: openBox(t, shop.Identity, "", time.Now), begun: time.Now()}
	for range rounds*mostMoved + mostAhead {
		p.post(t)
	}
	if _, err := p.hello(t.Context(), p.client); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(*seedFlag, 100))
	head := p.push(t, pushed{1, 1})
	for range rounds {
		head = p.push(t, atOnce(head, random)...)
	}
	gaps, replays := 0, 0
	for _, op := range p.history {
		out := op.Output.(verdict)
		if out.code == wire.CodeGap {
			gaps++
		}
		if out.replay {
			replays++
		}
	}
	if result := porcupine.CheckOperationsTimeout(headModel(), p.history, syncLimit); result != porcupine.Ok {
		t.Errorf("%d pushes do not fit one order: %s", len(p.history), result)
	}
	if gaps < rounds || replays < rounds {
		t.Errorf("each round has a gap and a replay: %d rounds, %d gaps, %d replays", rounds, gaps, replays)
	}
	t.Logf("seed %d: %d pushes, %d gaps, %d replays, head %d", *seedFlag, len(p.history), gaps, replays, head)
}

// The checker itself is put to the proof: a head office that answers from a head that it read before another batch moved it is
// caught.
func TestTheOrderOfBatchesIsReallyChecked(t *testing.T) {
	two := []porcupine.Operation{
		{ClientId: 0, Input: pushed{1, 3}, Call: 0, Output: verdict{through: 3}, Return: 10},
		{ClientId: 1, Input: pushed{1, 3}, Call: 5, Output: verdict{through: 3}, Return: 15}, // should be a replay
	}
	if porcupine.CheckOperations(headModel(), two) {
		t.Error("two pushes that both moved the head pass")
	}
}
