package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// roleEnv makes this test's program the one that is killed.
const roleEnv = "LOYALTILL_PGSERVER_ROLE"

// goneLimit bounds the wait for what clears up, also on a slow machine.
const goneLimit = time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) != "" {
		os.Exit(serveUntilKilled())
	}
	os.Exit(m.Run())
}

// serveUntilKilled starts a server, says where it is, and waits for its end.
func serveUntilKilled() int {
	s, err := Start(context.Background())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.dir, s.process.Process.Pid)
	select {}
}

func TestNothingStaysBehindWhenTheTestsAreKilled(t *testing.T) {
	if _, err := findBin(); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), roleEnv+"=serve")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir, number, _ := strings.Cut(strings.TrimSpace(line), " ")
	pid, bad := strconv.Atoi(number)
	if err != nil || bad != nil {
		t.Fatalf("the server: %q, %v", line, errors.Join(err, bad, cmd.Process.Kill(), cmd.Wait()))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	tick, limit := time.NewTicker(50*time.Millisecond), time.After(goneLimit)
	defer tick.Stop()
	for {
		_, folder := os.Stat(dir)
		if errors.Is(folder, fs.ErrNotExist) && ended(pid) {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("folder %s: %v; server %d ended: %t", dir, folder, pid, ended(pid))
		}
	}
}

// ended says whether a process is gone, or only waits for somebody to ask what became of it.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err != nil || strings.HasPrefix(state, "Z")
}
