package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

// TestOneSaleIsFoundInBothLogs sells once and follows the sale by its id: from the call through the store's log to head office.
func TestOneSaleIsFoundInBothLogs(t *testing.T) {
	shop := openShop(t, nil)
	sale := uuid.Must(uuid.NewV7()).String()
	if _, err := ring(t.Context(), shop.API, sale, 1240); err != nil {
		t.Fatal(err)
	}
	if err := shop.Synced(t.Context(), syncLimit); err != nil {
		t.Fatal(err)
	}
	agent, office := logged(t, shop, "agent", sale), logged(t, shop, "headoffice", sale)
	call, entry, judged := agent["call answered"], agent["entry committed"], office["entry judged"]
	if call == nil || entry == nil || judged == nil {
		t.Fatalf("agent: %v\nhead office: %v", agent, office)
	}
	if call["request"] == "" || call["request"] != entry["request"] {
		t.Errorf("the call is %v, the entry was made for %v", call["request"], entry["request"])
	}
	for _, place := range []string{"store", "epoch", "seq"} {
		if entry[place] == nil || entry[place] != judged[place] {
			t.Errorf("%s: the agent says %v, head office %v", place, entry[place], judged[place])
		}
	}
	scraped(t, shop.API, `loyaltill_entries_total{kind="sale"} 1`, `loyaltill_sync_lag_entries 0`, `loyaltill_sync_state{state="in_sync"} 1`,
		`loyaltill_ready 1`, `loyaltill_unreadable_states_total 0`)
	scraped(t, &stage.Client{Base: shop.HeadOffice.Text("watch")}, `headoffice_batches_total{answer="accepted"} 1`, `headoffice_posted_entries_total 1`,
		`headoffice_stores{state="open"} 1`, `headoffice_posting_waiting_entries 0`, `headoffice_ready 1`, `headoffice_unreadable_states_total 0`)
}

// logged are a program's lines about one sale, by their message.
func logged(t *testing.T, shop *stage.Shop, program, sale string) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shop.Log(), program+".log"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]any{}
	for line := range strings.Lines(string(text)) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil && fields["sale"] == sale {
			message, _ := fields["message"].(string)
			found[message] = fields
		}
	}
	return found
}

func scraped(t *testing.T, from *stage.Client, want ...string) {
	t.Helper()
	var text []byte
	if err := from.Do(t.Context(), "GET", "/metrics", nil, &text); err != nil {
		t.Fatal(err)
	}
	for _, line := range want {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("%s does not show %s:\n%s", from.Base, line, text)
		}
	}
	if err := from.Do(t.Context(), "GET", "/readyz", nil, nil); err != nil {
		t.Error(err)
	}
}
