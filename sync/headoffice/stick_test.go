package headoffice

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

// export writes a part of the box's log as a file, as "loyaltill export" does.
func (b *box) export(dir string, first, last loyalty.Seq) string {
	b.t.Helper()
	pair, err := tls.LoadX509KeyPair(b.id.Path(store.CertFile), b.id.Path(store.KeyFile))
	if err != nil {
		b.t.Fatal(err)
	}
	file, err := wire.StickFile(b.batch(first, last), pair.Certificate[0], pair.PrivateKey.(crypto.Signer))
	if err != nil {
		b.t.Fatal(err)
	}
	name := filepath.Join(dir, string(rune('a'+first))+wire.StickEnding)
	if err := os.WriteFile(name, file, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return name
}

func (c *centre) importStick(dir string) (all []StickOutcome) {
	c.t.Helper()
	if _, err := c.manager().ImportStick(c.t.Context(), dir, func(o StickOutcome) { all = append(all, o) }); err != nil {
		c.t.Fatal(err)
	}
	return all
}

func TestBatchesOnAStickAreTakenAsOthersAre(t *testing.T) {
	c := newCentre(t)
	c.serve()
	b := c.enrol(17, c.publish())
	for range 4 {
		b.sell(0, 300)
	}
	b.hello(nil) // the box has a line, too: a stick does not fence it
	dir := t.TempDir()
	b.export(dir, 1, 2)
	b.export(dir, 3, 4)
	for _, replayed := range []bool{false, true} {
		for _, o := range c.importStick(dir) {
			if o.Accepted == nil || o.Accepted.Replayed != replayed {
				t.Fatalf("replayed %v: %+v %v", replayed, o.Accepted, o.Problem)
			}
			b.checkPosition(o.Accepted.AcceptedThrough, o.Accepted.HeadHash, o.Accepted.Signature)
			if _, err := os.Stat(o.Answer); err != nil {
				t.Error(err)
			}
		}
	}
	b.sell(0, 300)
	if _, p := b.push(b.batch(5, 5)); p != nil {
		t.Errorf("over the line, after the stick: %v", p)
	}
	c.settled()
	c.inOrder()
}

func TestAStickThatWasTamperedWithNamesTheEntry(t *testing.T) {
	c := newCentre(t)
	c.serve()
	b := c.enrol(17, c.publish())
	for range 3 {
		b.sell(0, 300)
	}
	stranger := newCentre(t)
	stranger.serve()
	theirs := stranger.enrol(17, stranger.publish())
	theirs.sell(0, 300)
	for name, row := range map[string]struct {
		change func(file []byte) []byte
		want   string
	}{
		"an amount": {func(f []byte) []byte {
			lines := bytes.SplitAfter(f, []byte("\n"))
			lines[2] = bytes.Replace(lines[2], []byte(`"total":300`), []byte(`"total":301`), 1)
			return bytes.Join(lines, nil)
		}, "entry 2 of store 17, line 3 of the file"},
		"an entry left out": {func(f []byte) []byte {
			lines := bytes.SplitAfter(f, []byte("\n"))
			return bytes.Join(append(lines[:2:2], lines[3:]...), nil)
		}, "entry 2 of store 17"},
		"the end cut off":       {func(f []byte) []byte { return f[:len(f)-10] }, "entry 3 of store 17"},
		"an entry added":        {func(f []byte) []byte { return append(f, "{}\n"...) }, "behind entry 3"},
		"the header":            {func(f []byte) []byte { return bytes.Replace(f, []byte("first=1"), []byte("first=2"), 1) }, "signed was changed"},
		"no batch at all":       {func([]byte) []byte { return []byte("hello") }, "no header"},
		"another chain's store": {func([]byte) []byte { return mustRead(t, theirs.export(t.TempDir(), 1, 1)) }, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := b.export(dir, 1, 3)
			if err := os.WriteFile(file, row.change(mustRead(t, file)), 0o600); err != nil {
				t.Fatal(err)
			}
			o := c.importStick(dir)[0]
			if o.Problem == nil || !strings.Contains(o.Problem.Detail, row.want) {
				t.Errorf("got %v, want %q", o.Problem, row.want)
			}
		})
	}
	if r := c.report(); r.Stores[0].Seq != 0 {
		t.Errorf("%d entries were taken", r.Stores[0].Seq)
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
