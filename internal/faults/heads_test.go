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
	known   bool // an answer came
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
			case !out.known: // taken or not
				if in.first <= head+1 {
					return true, max(head, in.last)
				}
				return true, head
			case in.first > head+1:
				return out.code == wire.CodeGap && out.want == head+1, head
			}
			next := max(head, in.last)
			return out.code == "" && out.through == next && out.replay == (in.last <= head), next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}

// Many clients push pieces of one store's log to the real head office at once, in any order, with gaps and overlaps. What each
// was told fits one order of all of them: the head is moved by one at a time.
func TestTheHeadMovesAsIfOneClerkTookAllBatches(t *testing.T) {
	t.Parallel()
	const pushers, each, longest = 4, 40, 6
	shop := openShop(t, nil)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	b := openBox(t, shop.Identity, "", time.Now)
	const entries = 60
	for range entries {
		b.post(t)
	}
	if _, err := b.hello(t.Context(), b.client); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var history []porcupine.Operation
	begun := time.Now()
	var all sync.WaitGroup
	for p := range pushers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(*seedFlag, uint64(100+p)))
			for n := range each {
				// About where the head may be by now, so that there are gaps, overlaps and replays.
				first := loyalty.Seq(1 + max(0, min(entries-longest, n*entries/each+random.IntN(12)-6)))
				batch := b.batch(t, first, 1+random.IntN(longest))
				op := porcupine.Operation{ClientId: p, Input: pushed{batch.First, batch.Last()}, Call: int64(time.Since(begun))}
				op.Output = judged(b.client.Push(t.Context(), batch))
				op.Return = int64(time.Since(begun))
				mu.Lock()
				history = append(history, op)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	gaps, replays := 0, 0
	for _, op := range history {
		out := op.Output.(verdict)
		if out.code == wire.CodeGap {
			gaps++
		}
		if out.replay {
			replays++
		}
		if out.code != "" && out.code != wire.CodeGap {
			t.Errorf("%+v was answered %s", op.Input, out.code)
		}
	}
	if result := porcupine.CheckOperationsTimeout(headModel(), history, syncLimit); result != porcupine.Ok {
		t.Errorf("%d pushes do not fit one order: %s", len(history), result)
	}
	t.Logf("seed %d: %d pushes, %d gaps, %d replays", *seedFlag, len(history), gaps, replays)
	if gaps == 0 || replays == 0 {
		t.Error("the test shows too little")
	}
}

func judged(a wire.Accepted, err error) verdict {
	var p *wire.Problem
	switch {
	case err == nil:
		return verdict{known: true, through: a.AcceptedThrough, replay: a.Replayed}
	case errors.As(err, &p):
		return verdict{known: true, code: p.Code, want: p.Expected}
	}
	return verdict{}
}

// The checker itself is put to the proof: a head office that answers from a head that it read before another batch moved it is
// caught.
func TestTheOrderOfBatchesIsReallyChecked(t *testing.T) {
	two := []porcupine.Operation{
		{ClientId: 0, Input: pushed{1, 3}, Call: 0, Output: verdict{known: true, through: 3}, Return: 10},
		{ClientId: 1, Input: pushed{1, 3}, Call: 5, Output: verdict{known: true, through: 3}, Return: 15}, // should be a replay
	}
	if porcupine.CheckOperations(headModel(), two) {
		t.Error("two pushes that both moved the head pass")
	}
}
