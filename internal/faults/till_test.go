//go:build linux

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

const (
	memberNumber = "6034000000000018"
	saleAmount   = 1240
	salePoints   = 12 // plain.yaml: a point for each whole euro

	syncLimit = 60 * time.Second
)

// till is a shop with a member, and what its tills were told.
type till struct {
	*stage.Shop
	mu       sync.Mutex
	answered map[string]int64 // number of the entry by the key of the sale
}

func openTill(t testing.TB, change func(*stage.Options)) *till {
	t.Helper()
	s := &till{Shop: openShop(t, change), answered: map[string]int64{}}
	if _, err := s.Run(t.Context(), "headoffice", "member", "add", "--dir", s.HeadOfficeDir(), "--number", memberNumber, "--language", "lv"); err != nil {
		t.Fatal(err)
	}
	err := stage.Until(t.Context(), "the member", syncLimit, func(ctx context.Context) (bool, string, error) {
		_, err := quote(ctx, s.API)
		return err == nil, fmt.Sprint(err), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// basket is what the member buys each time.
func basket() map[string]any {
	return map[string]any{
		"lines":  []map[string]any{{"sku": "4751005", "name": "Sula", "category": "food/juice", "quantity": 1000, "amount": saleAmount, "tax": 2100}},
		"number": memberNumber, "cashier": "ilze",
	}
}

func quote(ctx context.Context, api *stage.Client) (string, error) {
	var answer struct{ Quote string }
	err := api.Do(ctx, "POST", "/v1/lanes/1/quote", basket(), &answer)
	return answer.Quote, err
}

// ring quotes and commits one sale under a key.
func ring(ctx context.Context, api *stage.Client, key string) (int64, error) {
	digest, err := quote(ctx, api)
	if err != nil {
		return 0, err
	}
	sale := basket()
	sale["quote"], sale["tenders"] = digest, []map[string]any{{"kind": "cash", "amount": saleAmount}}
	var done struct{ Seq int64 }
	err = api.Do(ctx, "POST", "/v1/lanes/1/sales", sale, &done, "Idempotency-Key", key)
	return done.Seq, err
}

// sell rings one sale under a new key and remembers the answer.
func (s *till) sell(ctx context.Context) error {
	return s.sellAs(ctx, newKey())
}

func newKey() string { return uuid.Must(uuid.NewV7()).String() }

func (s *till) sellAs(ctx context.Context, key string) error {
	s.mu.Lock()
	api := *s.API
	s.mu.Unlock()
	seq, err := ring(ctx, &api, key)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered[key] = seq
	return nil
}

func (s *till) sellMany(t testing.TB, n int) {
	t.Helper()
	for range n {
		if err := s.sell(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *till) synced(t testing.TB) {
	t.Helper()
	if err := s.Synced(t.Context(), syncLimit); err != nil {
		t.Fatal(err)
	}
}

func (s *till) stop(t testing.TB) {
	t.Helper()
	if err := s.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
}

func (s *till) start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// restart is what an operator does after a fault: the agent may have ended by itself.
func (s *till) restart(t testing.TB) {
	t.Helper()
	_ = s.Agent.Stop() // its exit status tells of the fault
	s.start(t)
}

// state waits until the agent says how it stands to head office.
func (s *till) state(t testing.TB, want string) {
	t.Helper()
	if err := agentState(t.Context(), s.API, want); err != nil {
		t.Fatal(err)
	}
}

func agentState(ctx context.Context, api *stage.Client, want string) error {
	return stage.Until(ctx, "the state "+want, syncLimit, func(ctx context.Context) (bool, string, error) {
		var st struct{ Sync struct{ State, Code string } }
		err := api.Do(ctx, "GET", "/v1/status", nil, &st)
		return st.Sync.State == want, fmt.Sprintf("%+v", st.Sync), err
	})
}

// sentThrough waits until head office has signed that it has so many entries.
func (s *till) sentThrough(t testing.TB, seq int64) {
	t.Helper()
	err := stage.Until(t.Context(), "the upload", syncLimit, func(ctx context.Context) (bool, string, error) {
		var st struct{ Sync struct{ Through int64 } }
		err := s.API.Do(ctx, "GET", "/v1/status", nil, &st)
		return st.Sync.Through >= seq, fmt.Sprintf("%+v", st.Sync), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// books is what head office says it holds.
type books struct {
	Stores  []struct{ Epochs []struct{ Seq, Posted int64 } }
	Members []struct{ ID, Balance int64 }
	Cases   []struct{ Kind string }
	Sum     int64

	Differences []json.RawMessage
}

// books asks head office what it holds.
func (s *till) books(t testing.TB) (b books) {
	t.Helper()
	if err := s.Report(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// waitFor asks again and again.
func waitFor(t testing.TB, what string, ok func() (bool, string)) {
	t.Helper()
	err := stage.Until(t.Context(), what, syncLimit, func(context.Context) (bool, string, error) {
		done, seen := ok()
		return done, seen, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// count is what is left when store and head office are compared, answer by answer.
type count struct{ answered, entries, atHeadOffice, lost, doubled int64 }

// compare counts the answered sales that are not in the store's log or not at head office, and what is there more than once. Both
// must prove themselves.
func (s *till) compare(ctx context.Context) (c count, err error) {
	seen := map[int64]string{}
	for key, seq := range s.answered {
		c.answered++
		var sale struct{ Seq int64 }
		if err := s.API.Do(ctx, "GET", "/v1/sales/"+key, nil, &sale); err != nil || sale.Seq != seq {
			c.lost++
			continue
		}
		if seen[seq] != "" {
			c.doubled++
		}
		seen[seq] = key
	}
	var st struct{ Sync struct{ Head int64 } }
	if err := s.API.Do(ctx, "GET", "/v1/status", nil, &st); err != nil {
		return c, err
	}
	c.entries = st.Sync.Head
	c.doubled += max(0, c.entries-c.answered) // every sale was tried until it was answered
	var b books
	if err := s.Report(ctx, &b); err != nil {
		return c, err
	}
	if len(b.Stores) != 1 || len(b.Stores[0].Epochs) != 1 || len(b.Members) != 1 {
		return c, fmt.Errorf("head office holds %+v", b)
	}
	c.atHeadOffice = b.Stores[0].Epochs[0].Seq
	c.lost += max(0, c.entries-c.atHeadOffice)
	// Each sale gives the same points, so that a sale that counts twice, or not at all, shows in the balance.
	switch off := b.Members[0].Balance - salePoints*c.atHeadOffice; {
	case off > 0:
		c.doubled += (off + salePoints - 1) / salePoints
	case off < 0:
		c.lost += (-off + salePoints - 1) / salePoints
	}
	if b.Sum != 0 || len(b.Differences) > 0 {
		return c, fmt.Errorf("all accounts sum to %d, differences %s", b.Sum, b.Differences)
	}
	if out, err := s.Run(ctx, "loyaltill", "verify", "--config", s.AgentConfig()); err != nil {
		return c, fmt.Errorf("the store: %w\n%s", err, out)
	}
	if out, err := s.Run(ctx, "headoffice", "verify", "--dir", s.HeadOfficeDir()); err != nil {
		return c, fmt.Errorf("head office: %w\n%s", err, out)
	}
	return c, nil
}

// nothingLost waits until head office has everything and fails the test unless that is exactly what was sold.
func (s *till) nothingLost(t testing.TB) count {
	t.Helper()
	s.synced(t)
	c, err := s.compare(t.Context())
	if err != nil || c.lost != 0 || c.doubled != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	return c
}
