package agentdb

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/drawn"
	"loyaltill/store"
)

// The child process of the crash test: it sells with several tills and prints each answer after it was given.
const (
	crashIdentity = "LOYALTILL_TEST_CRASH_IDENTITY"
	crashFolder   = "LOYALTILL_TEST_CRASH_FOLDER"
	crashFrom     = "LOYALTILL_TEST_CRASH_FROM"
	crashTills    = 4
)

func TestMain(m *testing.M) {
	if os.Getenv(crashIdentity) != "" {
		if err := sellUntilKilled(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// Each run of the model opens real files; -rapid.checks asks for more of them.
	drawn.Same(25)
	os.Exit(m.Run())
}

func sellUntilKilled() error {
	id, err := store.LoadIdentity(os.Getenv(crashIdentity))
	if err != nil {
		return err
	}
	db, err := Open(context.Background(), os.Getenv(crashFolder), id, zerolog.Nop(), time.Now)
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(os.Getenv(crashFrom))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for till := range crashTills {
		wg.Go(func() {
			for n := from + till; ; n += crashTills {
				c, err := db.Append(context.Background(), commitOf(n, loyalty.MemberID(n%5+1), 10))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Printf("%d %d %s\n", n, c.Entry.Seq, c.Hash) // one write: whole lines
			}
		})
	}
	wg.Wait()
	return fmt.Errorf("selling ended")
}

// The agent is killed again and again in the middle of its sales. Every sale that was answered is there, once, under its
// number and chain value; the chain is whole; what was not answered can be repeated under its key.
func TestNoAnsweredSaleIsLostWhenTheAgentIsKilled(t *testing.T) {
	kills := 10
	if testing.Short() {
		kills = 5
	}
	b := newBox(t)
	must(t, b.Close())
	defer b.open(t) // for the cleanup
	const seed = 4711
	dice := rand.New(rand.NewPCG(seed, 0))
	answered := map[int]string{}
	next := 1
	for range kills {
		for n, answer := range sellAndKill(t, b, next, time.Duration(dice.IntN(120))*time.Millisecond) {
			answered[n] = answer
			next = max(next, n+1)
		}
		next += crashTills // numbers that were under way
	}
	b.open(t)
	r := b.verifyClean(t)
	for n, answer := range answered {
		c, err := b.EntryByTxn(t.Context(), txn(n))
		if err != nil {
			t.Fatalf("sale %d was answered and is lost: %v", n, err)
		}
		if got := fmt.Sprintf("%d %s", c.Entry.Seq, c.Hash); got != answer {
			t.Errorf("sale %d was answered with %s, the ledger has %s", n, answer, got)
		}
	}
	unanswered := 0
	for n := 1; n < next; n++ {
		if _, ok := answered[n]; !ok {
			unanswered++
			b.sell(t, n, loyalty.MemberID(n%5+1), 10)
		}
	}
	if again := b.verifyClean(t); again.Entries != int64(next-1) {
		t.Errorf("%d entries for %d keys", again.Entries, next-1)
	}
	must(t, b.Close())
	t.Logf("seed %d: %d kills, %d answered, %d on disk, %d repeated", seed, kills, len(answered), r.Entries, unanswered)
}

// sellAndKill runs a child from number next on, kills it some time after its first answer, and gives what it answered.
func sellAndKill(t *testing.T, b *box, next int, after time.Duration) map[int]string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashIdentity+"="+filepath.Dir(b.identity.Path(store.IdentityFile)), crashFolder+"="+b.dir,
		crashFrom+"="+strconv.Itoa(next))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	answered := map[int]string{}
	lines := bufio.NewScanner(out)
	var kill *time.Timer
	for lines.Scan() {
		if kill == nil {
			kill = time.AfterFunc(after, func() { _ = child.Process.Kill() }) // SIGKILL; an ended child is seen below
		}
		number, answer, ok := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || len(strings.Fields(answer)) != 2 || len(strings.Fields(answer)[1]) != 64 {
			continue // the line that the kill cut
		}
		answered[n] = answer
	}
	if kill == nil {
		t.Fatal("the child sold nothing")
	}
	kill.Stop()
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return answered
}
