package stage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// roleEnv makes this test's program the one that is killed, and its child.
const roleEnv = "LOYALTILL_STAGE_ROLE"

const (
	goneLimit = time.Minute   // bounds the wait for the child's end, also on a slow machine
	longer    = 2 * goneLimit // how long both would live
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(roleEnv) == "":
		os.Exit(m.Run())
	case len(os.Args) > 1: // the child
		fmt.Println(`{"address": "none"}`)
		time.Sleep(longer)
	default:
		os.Exit(parent())
	}
}

// parent starts a child, says its number, and waits for its own end.
func parent() int {
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	p, err := start(context.Background(), os.Getenv(roleEnv), "child", self, "serve")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(p.PID())
	time.Sleep(longer)
	return 0
}

func TestAProgramDiesWithTheTestsThatStartedIt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), roleEnv+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, bad := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || bad != nil || ended(pid) {
		t.Fatalf("the child: %q, %v", line, errors.Join(err, bad, cmd.Process.Kill(), cmd.Wait()))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	tick, limit := time.NewTicker(10*time.Millisecond), time.After(goneLimit)
	defer tick.Stop()
	for !ended(pid) {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("process %d is still there, %v", pid, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
}

// ended says whether a process is gone, or only waits for somebody to ask what became of it.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err != nil || strings.HasPrefix(state, "Z")
}
