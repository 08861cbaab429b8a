//go:build linux

package faults

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"loyaltill/internal/stage"
)

// role names what this program does when a test starts it again.
const role = "LOYALTILL_FAULTS_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case roleSell:
		os.Exit(exitCode(sellFromEnvironment()))
	case roleRows:
		os.Exit(exitCode(writeRowsFromEnvironment()))
	case roleInside:
		if err := makeMountsPrivate(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		code := m.Run()
		if binDir != "" {
			os.RemoveAll(binDir)
		}
		os.Exit(code)
	}
	os.Exit(runInside())
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// lacks skips a test for want of a part that only some machines have; where everything was installed it is a fault.
func lacks(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

var (
	binOnce sync.Once
	binDir  string
	binErr  error
)

// programs builds the three programs once and gives their folder.
func programs(t testing.TB) string {
	t.Helper()
	binOnce.Do(func() {
		if binDir, binErr = os.MkdirTemp("", "loyaltill-faults-"); binErr != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", binDir+string(filepath.Separator),
			"loyaltill/cmd/loyaltill", "loyaltill/cmd/headoffice", "loyaltill/cmd/firmware-sim")
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

// openShop sets up a store and its head office, which stop with the test.
func openShop(t testing.TB, change func(*stage.Options)) *stage.Shop {
	t.Helper()
	o := stage.Options{Bin: programs(t), Dir: t.TempDir(), Programme: "../../docs/programmes/plain.yaml", NoPCSC: true, Speed: 50}
	if change != nil {
		change(&o)
	}
	shop, err := stage.Open(context.Background(), o)
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
