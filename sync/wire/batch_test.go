package wire

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

func newCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sampleBatch makes n bodies with a true chain.
func sampleBatch(n int) *Batch {
	b := &Batch{Store: 17, Epoch: 3, Session: 5, First: 4816, Prev: store.Hash{1}}
	b.Head = b.Prev
	for i := range n {
		body := fmt.Appendf(nil, `{"v":1,"store":17,"epoch":3,"seq":%d}`, 4816+i)
		b.Bodies = append(b.Bodies, body)
		b.Head = b.Head.Next(body)
	}
	return b
}

func code(err error) Code {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return Code(fmt.Sprint(err))
}

func TestABatchReadsBackAsItWasSent(t *testing.T) {
	c := newCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.ByteRange(0x20, 0xff), 1, 300)
		want := &Batch{Store: 17, Epoch: loyalty.Epoch(rapid.Uint32Min(1).Draw(t, "epoch")), Session: uint64(rapid.Uint32().Draw(t, "session")),
			First: loyalty.Seq(rapid.Int64Range(1, 1<<50).Draw(t, "first")), Prev: store.Hash{1}, Head: store.Hash{2},
			Bodies: rapid.SliceOfN(body, 1, 40).Draw(t, "bodies")}
		packed := c.PackBatch(want)
		got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestAnEmptyBatchStandsForNothingNew(t *testing.T) {
	c := newCodec(t)
	b := &Batch{Store: 17, Epoch: 3, First: 10, Prev: store.Hash{1}, Head: store.Hash{1}}
	packed := c.PackBatch(b)
	got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
	if err != nil || len(got.Bodies) != 0 || got.Last() != 9 {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestTheChainOfABatchIsChecked(t *testing.T) {
	b := sampleBatch(3)
	hashes, err := b.Hashes()
	if err != nil || hashes[2] != b.Head {
		t.Fatal(err)
	}
	b.Bodies[1] = bytes.Replace(b.Bodies[1], []byte("17"), []byte("18"), 1)
	if _, err := b.Hashes(); code(err) != CodeChainBroken {
		t.Errorf("a changed body: %v", err)
	}
}

func TestEveryBitThatFallsOverIsNoticed(t *testing.T) {
	c := newCodec(t)
	packed := c.PackBatch(sampleBatch(20))
	for i := range packed.Content {
		damaged := bytes.Clone(packed.Content)
		damaged[i] ^= 1 << (i % 8)
		if _, err := c.ReadBatch(17, packed.Header, bytes.NewReader(damaged)); code(err) != CodeDamaged {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for n := range packed.Content {
		if _, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content[:n])); code(err) != CodeDamaged {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestHeadersThatDoNotHoldTogetherAreRefused(t *testing.T) {
	c := newCodec(t)
	for name, tc := range map[string]struct {
		header, value string
		want          Code
	}{
		"another content type":         {"Content-Type", "application/json", CodeUnsupported},
		"no coding":                    {"Content-Encoding", "", CodeUnsupported},
		"another coding":               {"Content-Encoding", "gzip", CodeUnsupported},
		"a protocol of tomorrow":       {HeaderProtocol, "2", CodeUpgradeRequired},
		"a protocol that is no number": {HeaderProtocol, "one", CodeUpgradeRequired},
		"no range":                     {HeaderRange, "", CodeBadRequest},
		"a range with other blanks":    {HeaderRange, "epoch=3;first=4816;count=20", CodeBadRequest},
		"a range from 0":               {HeaderRange, "epoch=3; first=0; count=20", CodeBadRequest},
		"an epoch beyond 32 bits":      {HeaderRange, "epoch=4294967296; first=1; count=20", CodeBadRequest},
		"too many entries":             {HeaderRange, "epoch=3; first=4816; count=2001", CodeTooLarge},
		"another count":                {HeaderRange, "epoch=3; first=4816; count=19", CodeDamaged},
		"no digest":                    {HeaderDigest, "", CodeBadRequest},
		"another digest algorithm":     {HeaderDigest, "sha-512=:AAAA:", CodeBadRequest},
		"a digest of other bytes":      {HeaderDigest, digestField(sha256.Sum256(nil)), CodeDamaged},
		"a prev that is too short":     {HeaderPrev, "sha-256=:AAAA:", CodeBadRequest},
		"a head without colons":        {HeaderHead, "sha-256=" + strings.Repeat("A", 43) + "=", CodeBadRequest},
		"a session that is no number":  {HeaderSession, "-1", CodeBadRequest},
	} {
		packed := c.PackBatch(sampleBatch(20))
		packed.Header.Set(tc.header, tc.value)
		if _, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content)); code(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

// bomb is a small zstd stream that unzips to size bytes in frames that do not say how large they are.
func bomb(t testing.TB, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	line := append(bytes.Repeat([]byte("a"), 60<<10), '\n')
	for b2 := 0; b2 < size; b2 += 16 * len(line) {
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		for range 16 {
			if _, err := w.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestAZipBombCostsNoMoreThanTheLimit(t *testing.T) {
	c := newCodec(t)
	packed := bomb(t, 128<<20)
	if len(packed) > MaxPackedBytes {
		t.Fatalf("the bomb has %d bytes: it does not get in at all", len(packed))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.Unpack(packed); code(err) != CodeTooLarge {
		t.Fatalf("got %v", err)
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 16*MaxBatchBytes { // buffers that double, the window, and what the race detector adds
		t.Errorf("%d bytes were allocated", allocated)
	}
}

func TestAWindowAboveTheLimitIsRefused(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 1<<20)
	dice := rand.NewChaCha8([32]byte{})
	for range 20 {
		_, _ = dice.Read(noise)
		if _, err := w.Write(noise); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := newCodec(t).Unpack(b.Bytes()); code(err) != CodeTooLarge {
		t.Fatalf("got %v", err)
	}
}

func TestLinesOutsideTheFormAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		plain string
		want  Code
	}{
		"an empty line":          {"{}\n\n{}\n", CodeDamaged},
		"no line end":            {"{}\n{}", CodeDamaged},
		"a line above the limit": {strings.Repeat("x", loyalty.MaxBodyBytes+1) + "\n", CodeTooLarge},
		"too many lines":         {strings.Repeat("{}\n", MaxBatchEntries+1), CodeTooLarge},
	} {
		if _, err := SplitBodies([]byte(tc.plain)); code(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	bodies, err := SplitBodies([]byte(strings.Repeat("x", loyalty.MaxBodyBytes) + "\n{}\n"))
	if err != nil || len(bodies) != 2 {
		t.Errorf("a line at the limit: %d, %v", len(bodies), err)
	}
}

func FuzzUnpack(f *testing.F) {
	c := newCodec(f)
	f.Add(c.Pack(sampleBatch(3).Bodies))
	f.Add([]byte{})
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		bodies, err := c.Unpack(packed)
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("no problem but %v", err)
			}
			return
		}
		if len(bodies) > MaxBatchEntries {
			t.Fatalf("%d entries", len(bodies))
		}
		again, err := c.Unpack(c.Pack(bodies))
		if err != nil || !slices.EqualFunc(bodies, again, bytes.Equal) {
			t.Fatalf("does not read back: %v", err)
		}
	})
}

func FuzzBatchHeader(f *testing.F) {
	c := newCodec(f)
	packed := c.PackBatch(sampleBatch(2))
	f.Add(packed.Header.Get(HeaderRange), packed.Header.Get(HeaderPrev), packed.Header.Get(HeaderSession))
	f.Fuzz(func(t *testing.T, rng, prev, session string) {
		h := packed.Header.Clone()
		h.Set(HeaderRange, rng)
		h.Set(HeaderPrev, prev)
		h.Set(HeaderSession, session)
		b, err := c.ReadBatch(17, h, bytes.NewReader(packed.Content))
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("no problem but %v", err)
			}
			return
		}
		if b.Session == 0 {
			return // an answer's form
		}
		again := c.PackBatch(b)
		if again.Header.Get(HeaderRange) != rng || again.Header.Get(HeaderPrev) != prev {
			t.Fatalf("%q %q read as %+v", rng, prev, b)
		}
	})
}
