//go:build linux

package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"loyaltill/store"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// hostile sends what a store's own client never would, with a certificate that head office trusts.
type hostile struct {
	t    *testing.T
	box  *box
	http *http.Client
	wire *wire.Codec
}

func newHostile(t *testing.T, b *box) *hostile {
	t.Helper()
	config, err := uplink.TLSConfig(b.id, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &hostile{t: t, box: b, wire: codec, http: &http.Client{Transport: transport}}
}

// push sends content under a header and gives head office's code, empty when it took the batch.
func (h *hostile) push(header http.Header, content []byte) wire.Code {
	h.t.Helper()
	url := fmt.Sprintf("%s/v1/stores/%d/batches", h.box.id.HeadOffice, h.box.id.Store)
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, url, bytes.NewReader(content))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header = header
	resp, err := h.http.Do(r)
	if err != nil { // a header that is none
		return "not sent"
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		_, _ = io.Copy(io.Discard, resp.Body)
		return ""
	}
	var p *wire.Problem
	if !errors.As(wire.ReadProblem(resp, time.Now()), &p) {
		return wire.Code(resp.Status)
	}
	return p.Code
}

// bomb is a few bytes that unzip to so many.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	line := append(bytes.Repeat([]byte{'a'}, 1<<20-1), '\n')
	for range size / len(line) {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// turnBit turns one bit over, in the content or in what describes it.
func turnBit(random *rand.Rand, p *wire.Packed) (where string) {
	fields := []string{wire.HeaderRange, wire.HeaderPrev, wire.HeaderHead, wire.HeaderDigest}
	n := random.IntN(len(fields) * 2)
	if n >= len(fields) {
		p.Content = bytes.Clone(p.Content)
		p.Content[random.IntN(len(p.Content))] ^= 1 << random.IntN(8)
		return "the content"
	}
	value := []byte(p.Header.Get(fields[n]))
	value[random.IntN(len(value))] ^= 1 << random.IntN(7) // of ASCII
	p.Header.Set(fields[n], string(value))
	return fields[n]
}

// A trusted store, or whoever took its key, sends damaged, lying, huge and foreign batches to the real head office: each is
// refused by name, and nothing of any is kept.
func TestHostileBatchesAreRefusedByNameAndNothingIsTaken(t *testing.T) {
	t.Parallel()
	s := openTill(t, nil)
	s.stop(t)
	b := openBox(t, s.Identity, "", time.Now)
	for range 6 {
		b.post(t)
	}
	if _, err := b.hello(t.Context(), b.client); err != nil {
		t.Fatal(err)
	}
	h := newHostile(t, b)
	own := b.batch(t, 1, 6)
	foreign := *own // what another store of the chain would send: its log begins elsewhere
	foreign.Prev = store.Genesis(b.id.Store+1, b.id.Epoch, b.id.InstallID, b.id.Nonce)
	foreign.Head = foreign.Prev
	for _, body := range foreign.Bodies {
		foreign.Head = foreign.Head.Next(body)
	}
	swapped := *own
	swapped.Bodies = [][]byte{own.Bodies[1], own.Bodies[0], own.Bodies[2], own.Bodies[3], own.Bodies[4], own.Bodies[5]}
	later := *b.batch(t, 4, 3)
	for _, c := range []struct {
		name   string
		batch  *wire.Batch
		change func(http.Header, *[]byte)
		code   wire.Code
	}{
		{"entries in another order", &swapped, nil, wire.CodeChainBroken},
		{"the beginning is missing", &later, nil, wire.CodeGap},
		{"more entries promised than come", own, func(h http.Header, _ *[]byte) { h.Set(wire.HeaderRange, "epoch=1; first=1; count=2000") }, wire.CodeDamaged},
		{"a huge count", own, func(h http.Header, _ *[]byte) { h.Set(wire.HeaderRange, "epoch=1; first=1; count=999999999") }, wire.CodeTooLarge},
		{"a huge first number", own, func(h http.Header, _ *[]byte) { h.Set(wire.HeaderRange, "epoch=1; first=999999999999999999; count=6") }, wire.CodeGap},
		{"another epoch", own, func(h http.Header, _ *[]byte) { h.Set(wire.HeaderRange, "epoch=2; first=1; count=6") }, wire.CodeForbidden},
		{"no session", own, func(h http.Header, _ *[]byte) { h.Del(wire.HeaderSession) }, wire.CodeBadRequest},
		{"another digest", own, func(h http.Header, _ *[]byte) { h.Set(wire.HeaderDigest, h.Get(wire.HeaderPrev)) }, wire.CodeDamaged},
		{"half of it", own, func(_ http.Header, content *[]byte) { *content = (*content)[:len(*content)/2] }, wire.CodeDamaged},
		{"a zip bomb", own, func(h http.Header, content *[]byte) {
			*content = bomb(t, 256<<20)
			sum := sha256.Sum256(*content)
			h.Set(wire.HeaderDigest, "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		}, wire.CodeTooLarge},
		{"too much as sent", own, func(h http.Header, content *[]byte) { *content = make([]byte, wire.MaxPackedBytes+2) }, wire.CodeTooLarge},
	} {
		packed := h.wire.PackBatch(c.batch)
		if c.change != nil {
			c.change(packed.Header, &packed.Content)
		}
		if code := h.push(packed.Header, packed.Content); code != c.code {
			t.Errorf("%s: answered %q, want %q", c.name, code, c.code)
		}
	}
	random := rand.New(rand.NewPCG(*seedFlag, 7))
	const flips = 200
	for range flips {
		packed := h.wire.PackBatch(own)
		where := turnBit(random, &packed)
		if code := h.push(packed.Header, packed.Content); code == "" {
			t.Errorf("a bit was turned over in %s, and the batch was taken", where)
		}
	}
	packed := h.wire.PackBatch(&foreign) // the last: after it a person has to decide
	if code := h.push(packed.Header, packed.Content); code != wire.CodeFork {
		t.Errorf("another store's log: answered %q", code)
	}
	if held := s.books(t); len(held.Stores[0].Epochs) != 1 || held.Stores[0].Epochs[0].Seq > 0 {
		t.Errorf("head office took something: %+v", held)
	}
}
