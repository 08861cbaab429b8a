package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A store whose line is down for days brings its sales to head office on a stick, and takes home what head office signed.
func TestSalesTravelOnAStick(t *testing.T) {
	shop, stick := openShop(t, nil), t.TempDir()
	synced(t, shop)
	must(t, shop.HeadOffice.Stop())
	sell(t, shop, 3)
	out, err := shop.Run(t.Context(), "loyaltill", "export", stick, "--config", shop.AgentConfig())
	if err == nil || !strings.Contains(string(out)+err.Error(), "stop the agent first") {
		t.Errorf("while the agent runs: %v %s", err, out)
	}
	must(t, shop.Agent.Stop())
	if said := command(t, shop, "export", stick); !strings.Contains(said, "1 batches, entries 1 to 3") {
		t.Error(said)
	}
	office := func() (string, error) {
		out, err := shop.Run(t.Context(), "headoffice", "import", "--dir", shop.HeadOfficeDir(), stick)
		return string(out), err
	}
	names, err := filepath.Glob(filepath.Join(stick, "*.batch.ndjson"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	whole, err := os.ReadFile(names[0])
	must(t, err, os.WriteFile(names[0], []byte(strings.Replace(string(whole), `"total":1240`, `"total":1241`, 1)), 0o600))
	if said, err := office(); err == nil || !strings.Contains(said, "entry 1 of store 1, line 2 of the file") {
		t.Errorf("a batch that was changed: %v %s", err, said)
	}
	if out, err := shop.Run(t.Context(), "loyaltill", "import", stick, "--config", shop.AgentConfig()); err == nil || !strings.Contains(string(out)+err.Error(), "refused") {
		t.Errorf("the answer to it: %v %s", err, out)
	}
	must(t, os.WriteFile(names[0], whole, 0o600))
	for range 2 {
		if said, err := office(); err != nil || !strings.Contains(said, `"accepted_through":3`) {
			t.Fatal(said, err)
		}
	}
	if said := command(t, shop, "import", stick); !strings.Contains(said, "head office has every entry through 3") {
		t.Error(said)
	}
	if said := command(t, shop, "export", t.TempDir()); !strings.Contains(said, "0 batches") {
		t.Errorf("exported again: %s", said)
	}
	must(t, shop.StartHeadOffice(t.Context()), shop.StartAgent(t.Context()))
	sell(t, shop, 1)
	synced(t, shop)
	verify(t, shop)
}
