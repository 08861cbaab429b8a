//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/firmware-sim/cardsim"
	"loyaltill/sync/headoffice"
)

// counter is a reader of head office, and somebody who puts blanks in and takes cards out.
type counter struct {
	*process
	slot   *cardsim.Slot
	reader []string // flags that name the reader
	folder string
	list   string
	keys   string

	lastWords string // the command is killed when it has said them
	kill      func()

	mu   sync.Mutex
	said bytes.Buffer // everything that the command printed, on both streams
}

// Write takes what the command says on its error stream. A card that is somebody's already makes room for a blank.
func (c *counter) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.said.Write(p)
	c.mu.Unlock()
	if c.lastWords != "" && bytes.Contains(p, []byte(c.lastWords)) {
		c.kill()
	}
	if bytes.Contains(p, []byte("is a member's already")) || bytes.Contains(p, []byte("was given up")) {
		c.swap()
	}
	return len(p), nil
}

func (c *counter) swap() {
	c.slot.Remove()
	c.slot.Insert(c.blank())
}

func (c *counter) heard() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

const batchOf = 6

// newCounter has a list of so many cards; simulated cards call in at addr.
func newCounter(t *testing.T, addr string, reader ...string) *counter {
	t.Helper()
	c := &counter{process: newProcess(t), slot: cardsim.NewSlot("desk", addr, zerolog.Nop()), reader: reader, folder: filepath.Join(t.TempDir(), "batch")}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.slot.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	list := "number,language\n"
	for i := range batchOf {
		list += fmt.Sprintf("60340000000001%02d,pl\n", i)
	}
	c.list, c.keys = c.file("list.csv", list), c.file("transport.json", transport(cardsim.TestTransportKeys()))
	return c
}

func transport(k cardsim.TransportKeys) string {
	return fmt.Sprintf(`{"version":%d,"enc":"%x","mac":"%x","dek":"%x"}`, k.Version, k.Enc, k.MAC, k.DEK)
}

func (c *counter) file(name, content string) string {
	c.t.Helper()
	path := filepath.Join(filepath.Dir(c.dir), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

func (c *counter) blank() *cardsim.Card {
	c.t.Helper()
	blank, err := cardsim.Create(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	return blank
}

// personalise runs the command until it ends, or is killed after a while (0: never). A card that is done makes room for a blank.
func (c *counter) personalise(life time.Duration, more ...string) error {
	c.t.Helper()
	args := append([]string{"card", "personalise", c.list, "--dir", c.dir, "--transport-keys", c.keys, "--out", c.folder}, c.reader...)
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Minute)
	defer cancel()
	c.kill = cancel
	cmd := exec.CommandContext(ctx, "headoffice", append(args, more...)...)
	cmd.Stderr = c
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if life > 0 {
		defer time.AfterFunc(life, func() { _ = cmd.Process.Kill() }).Stop()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var made headoffice.Made
		if json.Unmarshal(lines.Bytes(), &made) == nil && made.Done && made.Line > 0 {
			c.swap()
		}
		c.mu.Lock()
		c.said.Write(lines.Bytes())
		c.mu.Unlock()
	}
	return cmd.Wait()
}

// check looks at what the batch has left.
func (c *counter) check() {
	c.t.Helper()
	numbers := map[string]int{}
	for _, m := range c.report().Members {
		active := 0
		for _, k := range m.Cards {
			if k.Blocked == "" {
				active++
			}
		}
		for _, n := range m.Numbers {
			numbers[n] += active
		}
	}
	for i := range batchOf {
		if n := fmt.Sprintf("6034…01%02d", i); numbers[n] != 1 {
			c.t.Errorf("number %s has %d cards", n, numbers[n])
		}
	}
	letters, err := filepath.Glob(filepath.Join(c.folder, "letters", "*.txt"))
	if err != nil || len(letters) != batchOf {
		c.t.Fatalf("%d letters, %v", len(letters), err)
	}
	for _, path := range letters {
		text, err := os.ReadFile(path)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, secret := range regexp.MustCompile(`[0-9]{8}`).FindAllString(string(text), -1) {
			if strings.Contains(c.heard(), secret) {
				c.t.Errorf("the command printed a PUK")
			}
		}
	}
	if strings.Contains(c.heard(), "60340000") {
		c.t.Error("the command printed a whole number")
	}
	c.run("verify", "--dir", c.dir)
}

// The program is killed at random moments while somebody puts in one blank after the other. In the end each number has one card.
func (c *counter) killAndResume() {
	c.t.Helper()
	seed := mathrand.Uint64()
	c.t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 1))
	c.slot.Insert(c.blank())
	const deaths = 5
	for range deaths {
		if c.personalise(time.Duration(30+random.IntN(300))*time.Millisecond) == nil {
			break
		}
	}
	if err := c.personalise(0); err != nil {
		c.t.Fatalf("%v\n%s", err, c.heard())
	}
	c.check()
}

func TestBatchThatIsKilledGoesOnWithoutLossOrDouble(t *testing.T) {
	link := freeAddress(t)
	newCounter(t, link, "--link", link).killAndResume()
}

func TestDryRunTriesABlankAndMakesNothing(t *testing.T) {
	link := freeAddress(t)
	c := newCounter(t, link, "--link", link)
	c.slot.Insert(c.blank())
	if err := c.personalise(0, "--dry-run"); err != nil || !strings.Contains(c.heard(), `"done":0`) {
		t.Errorf("%v\n%s", err, c.heard())
	}
	if n := len(c.report().Members); n != 1 {
		t.Errorf("%d members after a dry run, want the one from before", n)
	}
}

func TestWrongTransportKeysAreSaidAndTheNextBlankIsTaken(t *testing.T) {
	link := freeAddress(t)
	c := newCounter(t, link, "--link", link)
	keys := cardsim.TestTransportKeys()
	keys.Enc[0] ^= 1
	keys.MAC[0] ^= 1
	other, err := cardsim.CreateWith(rand.Reader, keys)
	if err != nil {
		t.Fatal(err)
	}
	c.slot.Insert(other)
	c.lastWords = "these transport keys are not this blank's"
	if err := c.personalise(0); err == nil || !strings.Contains(c.heard(), c.lastWords) {
		t.Fatalf("%v\n%s", err, c.heard())
	}
	c.lastWords = ""
	c.slot.Remove()
	c.slot.Insert(c.blank())
	if err := c.personalise(0); err != nil {
		t.Fatalf("%v\n%s", err, c.heard())
	}
	c.check()
}

// Printed letters leave no PIN behind, on no disk: each goes to the paper alone, one for each card.
func TestLettersThatArePrintedAreKeptNowhere(t *testing.T) {
	link := freeAddress(t)
	c := newCounter(t, link, "--link", link)
	c.slot.Insert(c.blank())
	paper := filepath.Join(t.TempDir(), "paper.bin")
	if err := c.personalise(0, "--letter-printer", "file:"+paper); err != nil {
		t.Fatalf("%v\n%s", err, c.heard())
	}
	printed, err := os.ReadFile(paper)
	if err != nil {
		t.Fatal(err)
	}
	secrets := regexp.MustCompile(`\b[0-9]{8}\b`).FindAll(printed, -1)
	if len(secrets) != batchOf {
		t.Fatalf("%d PUKs on paper, want %d", len(secrets), batchOf)
	}
	err = filepath.WalkDir(filepath.Dir(c.dir), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(content, secret) || strings.Contains(c.heard(), string(secret)) {
				t.Errorf("a PUK that was printed stands in %s too, or was said", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A letter that does not come out makes no card.
func TestWithoutItsLetterNoCardIsMade(t *testing.T) {
	link := freeAddress(t)
	c := newCounter(t, link, "--link", link)
	c.slot.Insert(c.blank())
	if err := c.personalise(3*time.Second, "--letter-printer", "tcp:127.0.0.1:1"); err == nil {
		t.Fatal("the batch ended without a letter")
	}
	if strings.Contains(c.heard(), `"done":true`) {
		t.Errorf("a card was made: %s", c.heard())
	}
}
