package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

func sell(t *testing.T, shop *stage.Shop, n int) {
	t.Helper()
	for range n {
		if _, err := ring(t.Context(), shop.API, uuid.Must(uuid.NewV7()).String(), 1240); err != nil {
			t.Fatal(err)
		}
	}
}

func synced(t *testing.T, shop *stage.Shop) {
	t.Helper()
	if err := shop.Synced(t.Context(), syncLimit); err != nil {
		t.Fatal(err)
	}
}

// command runs one of the store that has to succeed.
func command(t *testing.T, shop *stage.Shop, args ...string) string {
	t.Helper()
	out, err := shop.Run(t.Context(), "loyaltill", append(args, "--config", shop.AgentConfig())...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A disk dies. The backup of the morning is put on a new one: what was sold since comes back from head office. When the box sells
// first instead, head office sees two branches and takes none of the second.
func TestARestoredBackupIsBehindUntilItSellsAndForkedAfterwards(t *testing.T) {
	shop := openShop(t, nil)
	key, err := age.GenerateX25519Identity()
	must(t, err)
	keyFile, file := filepath.Join(t.TempDir(), "key.txt"), filepath.Join(t.TempDir(), "morning.backup")
	must(t, os.WriteFile(keyFile, []byte(key.String()+"\n"), 0o600))
	sell(t, shop, 3)
	synced(t, shop)
	command(t, shop, "backup", file, "--to", key.Recipient().String()) // while the agent runs
	sell(t, shop, 3)
	synced(t, shop)
	must(t, shop.Agent.Stop())

	out, err := shop.Run(t.Context(), "loyaltill", "restore", file, "--key", keyFile, "--config", shop.AgentConfig())
	if err == nil || !strings.Contains(string(out)+err.Error(), "ends at entry 6, the backup at 3") {
		t.Fatalf("over a newer ledger: %v\n%s", err, out)
	}
	must(t, os.RemoveAll(shop.AgentData()))
	command(t, shop, "restore", file, "--key", keyFile)
	must(t, shop.StartAgent(t.Context()))
	await(t, shop, "three entries to come back", func(st syncStatus) bool { return st.State == "in_sync" && st.Head == 6 })
	verify(t, shop)

	must(t, shop.Agent.Stop())
	if said := command(t, shop, "restore", file, "--key", keyFile, "--over-newer"); !strings.Contains(said, "what was here is in") {
		t.Errorf("the newer ledger was not put aside: %s", said)
	}
	must(t, shop.HeadOffice.Stop(), shop.StartAgent(t.Context()))
	sell(t, shop, 1)
	must(t, shop.StartHeadOffice(t.Context()))
	await(t, shop, "the fork to be told", func(st syncStatus) bool { return st.State == "forked" })
}

// syncStatus is how the agent stands to head office.
type syncStatus struct {
	State, Code string
	Head        int64
}

func await(t *testing.T, shop *stage.Shop, what string, is func(syncStatus) bool) {
	t.Helper()
	must(t, stage.Until(t.Context(), what, syncLimit, func(ctx context.Context) (bool, string, error) {
		var st struct{ Sync syncStatus }
		err := shop.API.Do(ctx, "GET", "/v1/status", nil, &st)
		return is(st.Sync), fmt.Sprintf("%+v", st.Sync), err
	}))
}

// The registers of head office are thrown away and come again; a till finds its members as before.
func TestRebuildFetchesTheRegistersAnewAndLosesNothing(t *testing.T) {
	shop := openShop(t, nil)
	sell(t, shop, 2)
	synced(t, shop)
	if out, err := shop.Run(t.Context(), "loyaltill", "rebuild", "--config", shop.AgentConfig()); err == nil || !strings.Contains(string(out)+err.Error(), "stop the agent first") {
		t.Errorf("beside a running agent: %v\n%s", err, out)
	}
	must(t, shop.Agent.Stop(), shop.HeadOffice.Stop())
	members := filepath.Join(shop.AgentData(), "members.db")
	before, err := os.Stat(members)
	must(t, err)
	if out, err := shop.Run(t.Context(), "loyaltill", "rebuild", "--wait", "1s", "--config", shop.AgentConfig()); err == nil || !strings.Contains(string(out)+err.Error(), "back in its place") {
		t.Errorf("without head office: %v\n%s", err, out)
	}
	if after, err := os.Stat(members); err != nil || !os.SameFile(before, after) {
		t.Errorf("the members were lost: %v", err)
	}
	must(t, shop.StartHeadOffice(t.Context()))
	command(t, shop, "rebuild")
	must(t, shop.StartAgent(t.Context()))
	sell(t, shop, 1)
	synced(t, shop)
	verify(t, shop)
	if said := command(t, shop, "verify", "--json"); !json.Valid([]byte(said)) || !strings.Contains(said, `"exit": 0`) {
		t.Errorf("verify --json: %s", said)
	}
	must(t, shop.Agent.Stop())
	if said := command(t, shop, "prune"); !strings.Contains(said, "nothing to prune") {
		t.Errorf("prune: %s", said)
	}
}

// A folder of backups keeps the newest.
func TestAFolderOfBackupsKeepsSoMany(t *testing.T) {
	shop := openShop(t, nil)
	dir := t.TempDir()
	for n := range 3 {
		sell(t, shop, 1)
		if said := command(t, shop, "backup", dir, "--keep", "2"); !strings.Contains(said, fmt.Sprintf("%d entries", n+1)) {
			t.Errorf("backup %d: %s", n, said)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
}
