package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

// Canaries: digits that stand nowhere else. All are really used, the right PIN too.
const (
	canaryPIN   = "31415926"
	canaryWrong = "27182818"
	canaryOther = "14142135" // chosen with the PUK
)

// TestNoPINLeavesTheCard plays a day with a card whose PIN is a canary, at the most verbose log level, and then looks for it in
// everything that the programs wrote or sent: logs, databases with their write-ahead logs, event stream, answers, paper.
func TestNoPINLeavesTheCard(t *testing.T) {
	key, sealing := supportKey(t)
	shop := openShop(t, func(o *stage.Options) {
		o.PINAtTill = true
		sealing(o)
	})
	events := listen(t, shop)
	d := &pinDay{T: t, shop: shop}
	d.earn()
	d.choose()
	d.insert()
	d.refused("4711x", "pin_format", 3)
	d.refused(canaryWrong, "pin_wrong", 2)
	d.refused(canaryWrong, "pin_wrong", 1)
	d.refused(canaryPIN, "pin_last_try", 1)
	d.must(shop.API.Do(t.Context(), "POST", "/v1/lanes/1/pin", map[string]any{"pin": canaryPIN, "last_try": true}, nil))
	puk := shop.Members[0].PUK
	d.unblock(canaryWrong, "puk_wrong")
	d.unblock(puk, "")
	d.redeem()
	noCoreDump(t, shop)

	// Nothing is stopped before it is read: write-ahead logs are searched too.
	found := d.written()
	found["event stream"] = events()
	for from, client := range map[string]*stage.Client{"agent metrics": shop.API, "head office metrics": {Base: shop.HeadOffice.Text("watch")}} {
		var text []byte
		d.must(client.Do(d.Context(), "GET", "/metrics", nil, &text))
		found[from] = text
		if bytes.Contains(text, []byte(shop.Members[0].Number)) {
			t.Errorf("%s hold a card number", from)
		}
	}
	bundle := unsealed(t, key, askBundle(t, shop))
	holdsNoSecret(t, shop, bundle)
	for name, text := range bundle {
		found["bundle: "+name] = text
	}
	for _, needed := range []string{"bundle: log.jsonl", "bundle: status.json", "agent metrics", "head office metrics", "ledger.db", "ledger.db-wal", "agent.log", "event stream", "headoffice.log"} {
		if len(found[needed]) == 0 {
			t.Errorf("%s was not searched: only %d texts", needed, len(found))
		}
	}
	for where, content := range found {
		for _, secret := range []string{canaryPIN, canaryWrong, canaryOther, puk} {
			for form, needle := range formsOf(secret) {
				if bytes.Contains(content, needle) {
					t.Errorf("%s holds a PIN as %s", where, form)
				}
			}
		}
	}
}

func formsOf(digits string) map[string][]byte {
	bcd, _ := hex.DecodeString(digits) // digits are hexadecimal too
	return map[string][]byte{
		"digits": []byte(digits), "hexadecimal": []byte(hex.EncodeToString([]byte(digits))), "BCD": bcd,
		"base64": []byte(base64.RawStdEncoding.EncodeToString([]byte(digits))[:10]), // its last letters hang on what follows
		"bytes":  []byte(strings.Trim(fmt.Sprint([]byte(digits)), "[]")),
	}
}

// pinDay is what the till does.
type pinDay struct {
	*testing.T
	shop *stage.Shop
}

func (d *pinDay) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// earn has points travel to the card: a sale by number, head office's voucher back in the store.
func (d *pinDay) earn() {
	_, err := ring(d.Context(), d.shop.API, uuid.Must(uuid.NewV7()).String(), 12400)
	d.must(err)
	d.must(d.shop.Synced(d.Context(), syncLimit))
}

// choose gives the card its PIN.
func (d *pinDay) choose() {
	d.must(d.shop.Insert(d.Context(), 1, "liga"))
	d.lane("the card", func(l pinLane) bool { return l.Card.State == "ready" })
	d.must(d.shop.ChoosePIN(d.Context(), 1, canaryPIN))
	d.must(d.shop.Remove(d.Context(), 1))
	d.lane("no card", func(l pinLane) bool { return l.Card.State != "ready" })
}

type pinLane struct {
	Card   struct{ State string }
	Member *struct {
		Available int64
		PIN       struct {
			TriesLeft int `json:"tries_left"`
		} `json:"pin"`
	}
}

func (d *pinDay) lane(what string, ok func(pinLane) bool) {
	d.Helper()
	d.must(stage.Until(d.Context(), what, syncLimit, func(ctx context.Context) (bool, string, error) {
		var l pinLane
		err := d.shop.API.Do(ctx, "GET", "/v1/lanes/1", nil, &l)
		return err == nil && ok(l), fmt.Sprintf("%+v", l), err
	}))
}

// insert taps until the voucher, which follows the sale by way of head office, is on the card.
func (d *pinDay) insert() {
	d.must(stage.Until(d.Context(), "points on the card", syncLimit, func(ctx context.Context) (bool, string, error) {
		d.must(d.shop.Insert(ctx, 1, "liga"))
		var l pinLane
		d.lane("the card", func(seen pinLane) bool { l = seen; return seen.Card.State == "ready" })
		if l.Member != nil && l.Member.Available > 0 {
			return true, "", nil
		}
		d.must(d.shop.Remove(ctx, 1))
		d.lane("no card", func(seen pinLane) bool { return seen.Card.State != "ready" })
		return false, fmt.Sprintf("%+v", l), nil
	}))
}

// refused types digits and expects one code, and that so many tries are left afterwards.
func (d *pinDay) refused(digits, code string, triesLeft int) {
	d.Helper()
	err := d.shop.API.Do(d.Context(), "POST", "/v1/lanes/1/pin", map[string]string{"pin": digits}, nil)
	var p *stage.Problem
	if !errors.As(err, &p) || p.Code != code {
		d.Fatalf("PIN: %v, want %s", err, code)
	}
	if strings.Contains(p.Body, digits) {
		d.Errorf("the answer repeats the PIN: %s", p.Body)
	}
	d.lane(fmt.Sprintf("%d tries left", triesLeft), func(l pinLane) bool { return l.Member != nil && l.Member.PIN.TriesLeft == triesLeft })
}

// unblock gives a PUK and a new PIN, and expects one code, none for success.
func (d *pinDay) unblock(puk, code string) {
	d.Helper()
	asked := map[string]string{"puk": puk, "pin": canaryOther, "again": canaryOther}
	err := d.shop.API.Do(d.Context(), "POST", "/v1/lanes/1/unblock", asked, nil)
	var p *stage.Problem
	switch {
	case code == "" && err == nil:
	case !errors.As(err, &p) || p.Code != code:
		d.Fatalf("PUK: %v, want %q", err, code)
	case strings.Contains(p.Body, puk):
		d.Errorf("the answer repeats the PUK: %s", p.Body)
	}
}

func (d *pinDay) redeem() {
	sale := map[string]any{
		"lines":   []map[string]any{{"sku": "4751005", "name": "Sula", "category": "food/juice", "quantity": 1000, "amount": 1240, "tax": 2100}},
		"cashier": "ilze", "redeem": map[string]int{"points": 100},
	}
	var quote struct {
		Quote string
		ToPay int64 `json:"to_pay"`
	}
	d.must(d.shop.API.Do(d.Context(), "POST", "/v1/lanes/1/quote", sale, &quote))
	sale["quote"], sale["tenders"] = quote.Quote, []map[string]any{{"kind": "cash", "amount": quote.ToPay}}
	var done struct{ Redeemed int64 }
	d.must(d.shop.API.Do(d.Context(), "POST", "/v1/lanes/1/sales", sale, &done, "Idempotency-Key", uuid.Must(uuid.NewV7()).String()))
	if done.Redeemed != 100 {
		d.Fatalf("redeemed %d", done.Redeemed)
	}
	d.must(d.shop.Synced(d.Context(), syncLimit))
}

// written is every file of the shop but the cards.
func (d *pinDay) written() map[string][]byte {
	found := map[string][]byte{}
	d.must(filepath.WalkDir(d.shop.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name := e.Name(); name == "cards" {
				return fs.SkipDir
			}
			return nil
		}
		if e.Type().IsRegular() {
			found[e.Name()], err = os.ReadFile(path)
		}
		return err
	}))
	return found
}

// listen keeps what the agent's event stream says until the returned function asks for it.
func listen(t *testing.T, shop *stage.Shop) (heard func() []byte) {
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", shop.API.Base+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+shop.API.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(&text, resp.Body) }) // ends with an error: cancelled
	stop := sync.OnceFunc(func() { cancel(); reading.Wait(); resp.Body.Close() })
	t.Cleanup(stop)
	return func() []byte { stop(); return text.Bytes() }
}

// noCoreDump asks the system whether it would write the agent's memory to disk.
func noCoreDump(t *testing.T, shop *stage.Shop) {
	if runtime.GOOS != "linux" {
		return
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", shop.Agent.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Join(strings.Fields(line)[4:6], " ") != "0 0" {
			t.Errorf("the agent may be dumped: %s", line)
		}
	}
}
