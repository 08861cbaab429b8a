//go:build linux && pcsc

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/internal/pcscd"
	"loyaltill/internal/stage"
)

// TestPINTypedOnTheReaderIsInNoMemoryOfTheHost plays a redemption with a PIN that the customer types on the reader, and then looks
// for it in the memory of every process that could have seen it on its way: the agent's and the card service's.
func TestPINTypedOnTheReaderIsInNoMemoryOfTheHost(t *testing.T) {
	if err := pcscd.Available(t.Context()); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	shop := openShop(t, func(o *stage.Options) {
		o.Pinpads, o.PINAtTill = true, true
	})
	d := &pinDay{T: t, shop: shop}
	d.choose() // which is typed at the till: nothing of it may be left when the customer's turn comes
	d.must(shop.Agent.Stop())
	d.must(shop.StartAgent(t.Context()))
	d.earn()
	d.insert()
	d.onReader(canaryWrong+"+", "pin_wrong")
	d.onReader("x", "pin_cancelled")
	d.onReader(canaryPIN+"+", "")
	d.redeem()

	searched := 0
	for _, p := range hostProcesses(t, shop) {
		for _, secret := range []string{canaryPIN, canaryWrong} {
			switch found, err := inMemory(p, []byte(secret)); {
			case errors.Is(err, fs.ErrPermission):
				t.Skip("this user may not read the memory of", p)
			case err != nil:
				t.Fatal(err)
			case found:
				t.Errorf("%v holds a PIN", p)
			}
		}
		searched++
	}
	// The simulator is card and keypad: there it must be, or the search finds nothing anywhere.
	if found, err := inMemory(process{"simulator", shop.Sim.PID()}, []byte(canaryPIN)); err != nil || !found || searched != 2 {
		t.Fatalf("%d processes were searched; found in the simulator: %t, %v", searched, found, err)
	}
}

// onReader asks for the PIN and presses keys: digits, + for ok, x for cancel. It expects one code, none for success.
func (d *pinDay) onReader(keys, code string) {
	d.Helper()
	answered := make(chan error, 1)
	go func() { answered <- d.shop.API.Do(d.Context(), "POST", "/v1/lanes/1/pinpad", map[string]any{}, nil) }()
	d.lane("the customer's turn", func(l pinLane) bool { return l.Card.State == "pin_entry" })
	pressed := strings.Split(keys, "")
	for i, key := range pressed {
		switch key {
		case "+":
			pressed[i] = "ok"
		case "x":
			pressed[i] = "cancel"
		}
	}
	d.must(stage.Until(d.Context(), "keys pressed", syncLimit, func(ctx context.Context) (bool, string, error) {
		err := d.shop.Bench.Do(ctx, "POST", "/readers/till1/keys", map[string]any{"keys": pressed}, nil)
		var p *stage.Problem
		if errors.As(err, &p) && p.Code == "pinpad_idle" {
			return false, p.Code, nil // the question is on its way
		}
		return err == nil, "", err
	}))
	err := <-answered
	var p *stage.Problem
	if code == "" && err == nil || errors.As(err, &p) && p.Code == code {
		return
	}
	d.Fatalf("PIN on the reader: %v, want %q", err, code)
}

type process struct {
	name string
	pid  int
}

// hostProcesses are the agent and the card service between it and the reader.
func hostProcesses(t *testing.T, shop *stage.Shop) []process {
	t.Helper()
	all := []process{{"agent", shop.Agent.PID()}}
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range names {
		var pid, parent int
		_, _ = fmt.Sscanf(path, "/proc/%d/comm", &pid)
		name, _ := os.ReadFile(path) // it may have ended
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, _ = fmt.Sscanf(string(stat), "%d (pcscd) %s %d", &pid, new(string), &parent)
		if string(name) == "pcscd\n" && parent == os.Getpid() {
			all = append(all, process{"card service", pid})
		}
	}
	return all
}

// inMemory searches everything that a process has in memory and may read.
func inMemory(p process, needle []byte) (bool, error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", p.pid))
	if err != nil {
		return false, err
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", p.pid))
	if err != nil {
		return false, err
	}
	defer memory.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil || rights[0] != 'r' || strings.Contains(lines.Text(), "[v") {
			continue // not ours to read, or the kernel's
		}
		found, err := searched(io.NewSectionReader(memory, from, to-from), needle)
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// searched looks through r piece by piece. A page that cannot be read ends the piece of memory that it is in.
func searched(r io.Reader, needle []byte) (bool, error) {
	const piece = 1 << 20
	buffer := make([]byte, piece)
	for kept := 0; ; {
		n, err := io.ReadFull(r, buffer[kept:])
		if bytes.Contains(buffer[:kept+n], needle) {
			return true, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return false, err
		}
		if err != nil {
			return false, nil
		}
		kept = copy(buffer, buffer[len(buffer)-len(needle)+1:])
	}
}
