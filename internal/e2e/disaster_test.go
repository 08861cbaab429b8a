package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

const (
	kills     = 50 // of each of the two programs
	killSeed  = 20261122
	syncLimit = 60 * time.Second
)

// till sells without end, each sale under its own key, and sends a sale again until it is answered, as a till does.
type till struct {
	shop     *stage.Shop
	mu       sync.Mutex // held while the agent is replaced
	answered map[string]int64
}

func (s *till) sell(ctx context.Context) {
	for ctx.Err() == nil {
		key := uuid.Must(uuid.NewV7()).String()
		for ctx.Err() == nil {
			seq, err := s.trySale(ctx, key)
			if err == nil {
				s.answered[key] = seq
				break
			}
		}
	}
}

func (s *till) trySale(ctx context.Context, key string) (int64, error) {
	s.mu.Lock()
	api := *s.shop.API
	s.mu.Unlock()
	return ring(ctx, &api, key, 1240)
}

// ring quotes and commits one sale of a member by number.
func ring(ctx context.Context, api *stage.Client, key string, amount int64) (int64, error) {
	sale := map[string]any{
		"lines":  []map[string]any{{"sku": "4751005", "name": "Sula", "category": "food/juice", "quantity": 1000, "amount": amount, "tax": 2100}},
		"number": "6034000000000018", "cashier": "ilze",
	}
	var quote struct{ Quote string }
	if err := api.Do(ctx, "POST", "/v1/lanes/1/quote", sale, &quote); err != nil {
		return 0, err
	}
	sale["quote"], sale["tenders"] = quote.Quote, []map[string]any{{"kind": "cash", "amount": amount}}
	var done struct{ Seq int64 }
	err := api.Do(ctx, "POST", "/v1/lanes/1/sales", sale, &done, "Idempotency-Key", key)
	return done.Seq, err
}

func TestPowerCutsLoseAndDoubleNothing(t *testing.T) {
	shop := openShop(t, nil)
	if err := shop.Synced(t.Context(), syncLimit); err != nil {
		t.Fatal(err)
	}
	s := &till{shop: shop, answered: map[string]int64{}}
	ctx, cancel := context.WithCancel(t.Context())
	var selling sync.WaitGroup
	selling.Go(func() { s.sell(ctx) })
	random := rand.New(rand.NewPCG(killSeed, 1))
	for range kills {
		pause(t, time.Duration(random.IntN(150))*time.Millisecond)
		shop.HeadOffice.Kill()
		if err := shop.StartHeadOffice(t.Context()); err != nil {
			t.Fatal(err)
		}
		pause(t, time.Duration(random.IntN(150))*time.Millisecond)
		s.mu.Lock()
		shop.Agent.Kill()
		err := shop.StartAgent(t.Context())
		s.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	selling.Wait()
	if err := shop.Synced(t.Context(), syncLimit); err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d: %d kills of each, %d sales answered", killSeed, kills, len(s.answered))
	s.compare(t)
}

// pause lets the shop run for a while: the seeded moment of the next cut.
func pause(t *testing.T, d time.Duration) {
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

// compare checks that every answered sale is in the store's log once, under the number it was answered with, and that head
// office has exactly what the store has.
func (s *till) compare(t *testing.T) {
	t.Helper()
	seen := map[int64]string{}
	for key, seq := range s.answered {
		var sale struct{ Seq int64 }
		if err := s.shop.API.Do(t.Context(), "GET", "/v1/sales/"+key, nil, &sale); err != nil {
			t.Errorf("lost: %v", err)
			continue
		}
		if sale.Seq != seq || seen[seq] != "" {
			t.Errorf("sale %s was answered as entry %d, is entry %d, which %q has too", key, seq, sale.Seq, seen[seq])
		}
		seen[seq] = key
	}
	head := storeHead(t, s.shop)
	var report struct {
		Stores  []struct{ Seq int64 }
		Members []struct {
			ID      int64
			Balance int64
		}
		Differences []any
	}
	if err := s.shop.Report(t.Context(), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Stores) != 1 || report.Stores[0].Seq != head || len(report.Differences) != 0 {
		t.Errorf("the store has %d entries, head office %+v, differences %v", head, report.Stores, report.Differences)
	}
	// Every sale earned 124 points; a sale that was cut before its answer may be there too, once.
	for _, m := range report.Members {
		if m.ID == 1 && m.Balance != 124*head {
			t.Errorf("%d entries of 124 points each give a balance of %d", head, m.Balance)
		}
	}
	verify(t, s.shop)
}

func storeHead(t *testing.T, shop *stage.Shop) int64 {
	t.Helper()
	var st struct{ Sync struct{ Head int64 } }
	if err := shop.API.Do(t.Context(), "GET", "/v1/status", nil, &st); err != nil {
		t.Fatal(err)
	}
	return st.Sync.Head
}

func verify(t *testing.T, shop *stage.Shop) {
	t.Helper()
	if out, err := shop.Run(t.Context(), "loyaltill", "verify", "--config", shop.AgentConfig()); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := shop.Run(t.Context(), "headoffice", "verify", "--dir", shop.HeadOfficeDir()); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNoKeyOfHeadOfficeIsInTheStore(t *testing.T) {
	shop := openShop(t, nil)
	if err := shop.Synced(t.Context(), syncLimit); err != nil {
		t.Fatal(err)
	}
	var secrets [][]byte
	err := filepath.WalkDir(shop.HeadOfficeDir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), "key") {
			return err
		}
		body, err := os.ReadFile(path)
		body = bytes.TrimSpace(body)
		if len(body) >= 16 {
			secrets = append(secrets, body, []byte(hex.EncodeToString(body)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(secrets) < 8 {
		t.Fatalf("head office has %d key files; the test does not find them", len(secrets)/2)
	}
	number, err := os.ReadFile(filepath.Join(shop.Identity, "number.key"))
	if err != nil {
		t.Fatal(err)
	}
	search := []string{filepath.Join(programs(t), "loyaltill"), shop.AgentConfig()}
	for _, dir := range []string{shop.AgentData(), shop.Identity} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				search = append(search, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range search {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			// The one key that a store shares: it turns card numbers into what the ledger keeps.
			if !bytes.Equal(secret, bytes.TrimSpace(number)) && bytes.Contains(body, secret) {
				t.Errorf("%s holds a key of head office", filepath.Base(path))
			}
		}
	}
}
