package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"loyaltill/internal/pcscd"
	"loyaltill/internal/stage"
)

// TestMain gives the tests a private view of the card service's socket, where that can be.
func TestMain(m *testing.M) {
	code, isolated, err := pcscd.Isolate(context.Background())
	if isolated {
		os.Exit(code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: cards over the direct link:", err)
	}
	code = m.Run()
	if binDir != "" {
		os.RemoveAll(binDir)
	}
	os.Exit(code)
}

var (
	binOnce sync.Once
	binDir  string
	binErr  error
)

// programs builds the three programs and the demo once, as `make` would, and gives their folder.
func programs(t testing.TB) string {
	t.Helper()
	binOnce.Do(func() {
		if binDir, binErr = os.MkdirTemp("", "loyaltill-e2e-"); binErr != nil {
			return
		}
		cmd := exec.Command("go", "build", "-tags", buildTags, "-o", binDir+string(filepath.Separator),
			"loyaltill/cmd/loyaltill", "loyaltill/cmd/headoffice", "loyaltill/cmd/firmware-sim", "loyaltill/internal/demo")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			binErr = fmt.Errorf("build the programs: %w\n%s", err, out.String())
		}
	})
	if binErr != nil {
		t.Fatal(binErr)
	}
	return binDir
}

// members are the cards of the tests' shop.
func members() []stage.Member {
	return []stage.Member{
		{Name: "liga", Language: "lv", Number: "6034000000000018"},
		{Name: "dara", Language: "fa", Number: "6034000000000026"},
	}
}

// openShop sets a shop up that stops with the test.
func openShop(t testing.TB, change func(*stage.Options)) *stage.Shop {
	t.Helper()
	o := stage.Options{Bin: programs(t), Dir: t.TempDir(), Programme: "../demo/programme.yaml", Members: members(), Speed: 50, TimeZone: noonZone(time.Now())}
	if change != nil {
		change(&o)
	}
	shop, err := stage.Open(t.Context(), o)
	t.Cleanup(func() {
		if err := shop.Close(); err != nil {
			t.Errorf("close the shop: %v", err)
		}
		if t.Failed() {
			showLogs(t, shop.Log())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

// noonZone is where it is about noon: what is some hours away is of the same day there, whenever the tests run.
func noonZone(now time.Time) string {
	return fmt.Sprintf("Etc/GMT%+d", now.UTC().Hour()-12) // the sign is that of POSIX
}

// showLogs prints the end of what the processes logged.
func showLogs(t testing.TB, dir string) {
	const tail = 4000
	files, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, f := range files {
		if body, err := os.ReadFile(f); err == nil {
			t.Logf("%s:\n%s", filepath.Base(f), body[max(0, len(body)-tail):])
		}
	}
}

// needs skips a test for which this machine lacks something, and fails it in CI, which has everything.
func needs(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "" {
		t.Skipf("%s: %v", what, err)
	}
	t.Fatalf("%s: %v", what, err)
}
