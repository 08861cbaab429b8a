package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// vectors are docs/wire-vectors.json: what the page says, as bytes. The client in cmd/headoffice/testdata checks the same file.
type vectors struct {
	Chain struct {
		Store     uint32        `json:"store"`
		Epoch     uint32        `json:"epoch"`
		InstallID store.ID16    `json:"install_id"`
		Nonce     store.ID16    `json:"nonce"`
		Genesis   store.Hash    `json:"genesis"`
		Entries   []vectorEntry `json:"entries"`
	} `json:"chain"`
	Batch    vectorBatch `json:"batch"`
	Columns  vectorBatch `json:"columns"` // the same entries
	Position struct {
		Key store.HexBytes `json:"key"`
		store.Position
		Signature store.HexBytes `json:"signature"`
	} `json:"position"`
	Grant struct {
		Key store.HexBytes `json:"key"`
		store.Grant
		Signature store.HexBytes `json:"signature"`
	} `json:"grant"`
	Code struct {
		CA     store.HexBytes `json:"ca"`
		Secret string         `json:"secret"`
		Typed  []string       `json:"typed"`
	} `json:"code"`
	Refused []vectorRefused `json:"refused"`
}

type vectorBatch struct {
	Header  map[string]string `json:"header"`
	Content []byte            `json:"content"`
}

type vectorEntry struct {
	Body string     `json:"body"`
	Hash store.Hash `json:"hash"`
}

// vectorRefused is a batch like the good one with other content, or other header fields.
type vectorRefused struct {
	Name    string            `json:"name"`
	Header  map[string]string `json:"header,omitempty"`
	Content []byte            `json:"content,omitempty"`
	Code    Code              `json:"code"`
}

var update = flag.Bool("update", false, "make the vectors anew")

func vectorsPath() string { return filepath.Join("..", "..", "docs", "wire-vectors.json") }

func TestTheVectorsOfThePageHold(t *testing.T) {
	if *update {
		doc, err := json.MarshalIndent(makeVectors(t), "", "  ")
		if err == nil {
			err = os.WriteFile(vectorsPath(), append(doc, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(vectorsPath())
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	h := store.Genesis(v.Chain.Store, v.Chain.Epoch, v.Chain.InstallID, v.Chain.Nonce)
	if h != v.Chain.Genesis {
		t.Errorf("genesis %s", h)
	}
	for i, e := range v.Chain.Entries {
		if h = h.Next([]byte(e.Body)); h != e.Hash {
			t.Errorf("entry %d: %s", i+1, h)
		}
	}
	if err := v.Position.Verify(v.Position.Key, v.Position.Signature); err != nil {
		t.Error(err)
	}
	if err := v.Grant.Verify(v.Grant.Key, v.Grant.Signature); err != nil {
		t.Error(err)
	}
	for _, typed := range v.Code.Typed {
		if code, err := ParseEnrolCode(typed); err != nil || code.Secret() != v.Code.Secret || !code.Vouches(v.Code.CA) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	v.checkBatches(t)
}

func (v *vectors) checkBatches(t *testing.T) {
	t.Helper()
	codec := newCodec(t)
	b, err := codec.ReadBatch(17, headerOf(v.Batch.Header, nil), bytes.NewReader(v.Batch.Content))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Hashes(); err != nil || len(b.Bodies) != len(v.Chain.Entries) || string(b.Bodies[0]) != v.Chain.Entries[0].Body {
		t.Errorf("batch of %d: %v", len(b.Bodies), err)
	}
	if own := codec.PackBatch(b).Header; own.Get(HeaderRange) != v.Batch.Header[HeaderRange] || own.Get(HeaderKey) != v.Batch.Header[HeaderKey] ||
		own.Get(HeaderPrev) != v.Batch.Header[HeaderPrev] || own.Get(HeaderHead) != v.Batch.Header[HeaderHead] {
		t.Errorf("our own header: %v", own)
	}
	columns, err := codec.ReadBatch(17, headerOf(v.Columns.Header, nil), bytes.NewReader(v.Columns.Content))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(columns.Bodies, b.Bodies, bytes.Equal) || columns.Head != b.Head {
		t.Errorf("column by column %q", columns.Bodies)
	}
	for _, r := range v.Refused {
		content := v.Batch.Content
		if r.Content != nil {
			content = r.Content
		}
		b, err := codec.ReadBatch(17, headerOf(v.Batch.Header, r.Header), bytes.NewReader(content))
		if err == nil {
			_, err = b.Hashes()
		}
		if code(err) != r.Code {
			t.Errorf("%s: %v, want %s", r.Name, err, r.Code)
		}
	}
}

func headerOf(fields, changed map[string]string) http.Header {
	h := http.Header{}
	for _, m := range []map[string]string{fields, changed} {
		for name, value := range m {
			h.Set(name, value)
		}
	}
	return h
}

// makeVectors makes the file anew, with -update: only when the page has changed.
func makeVectors(t *testing.T) (v vectors) {
	t.Helper()
	var install, nonce store.ID16
	for i := range install {
		install[i], nonce[i] = 0x11, 0x22
	}
	v.Chain.Store, v.Chain.Epoch, v.Chain.InstallID, v.Chain.Nonce = 17, 3, install, nonce
	v.Chain.Genesis = store.Genesis(17, 3, install, nonce)
	h, shop := v.Chain.Genesis, newGrocer(t)
	b := &Batch{Store: 17, Epoch: 3, Session: 5, First: 1, Prev: h}
	for seq := range loyalty.Seq(3) {
		e := shop.sale(t, seq+1, 3)
		e.Cashier = "Jānis"
		body, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		h = h.Next(body)
		b.Bodies, b.Head = append(b.Bodies, body), h
		v.Chain.Entries = append(v.Chain.Entries, vectorEntry{string(body), h})
	}
	codec := newCodec(t)
	v.Batch = vectorOf(codec.PackBatch(b))
	b.Columns = true
	v.Columns = vectorOf(codec.PackBatch(b))
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := store.HexBytes(key.Public().(ed25519.PublicKey))
	v.Position.Key, v.Position.Position = public, store.Position{Store: 17, Epoch: 3, Seq: 3, Hash: h}
	v.Position.Signature = v.Position.Sign(key)
	v.Grant.Key, v.Grant.Grant = public, store.Grant{Store: 17, Epoch: 3, InstallID: install, Nonce: nonce}
	v.Grant.Signature = v.Grant.Sign(key)
	v.Code.CA = store.HexBytes("a certificate stands here")
	made, err := NewEnrolCode(bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 31}), v.Code.CA)
	if err != nil {
		t.Fatal(err)
	}
	v.Code.Secret = made.Secret()
	v.Code.Typed = []string{made.String(), strings.ToLower(made.String()), strings.NewReplacer("0", "O", "1", "l", "-", " ").Replace(made.String())}
	v.Refused = refusedVectors(codec, b.Bodies)
	return v
}

func vectorOf(packed Packed) vectorBatch {
	v := vectorBatch{Header: map[string]string{}, Content: packed.Content}
	for name := range packed.Header {
		v.Header[name] = packed.Header.Get(name)
	}
	return v
}

func refusedVectors(codec *Codec, bodies [][]byte) []vectorRefused {
	digestOf := func(content []byte) map[string]string {
		return map[string]string{HeaderDigest: digestField(sha256.Sum256(content))}
	}
	cut := codec.Pack(bodies[:2])
	cutLine := codec.enc.EncodeAll(bodies[0], nil)
	bomb := codec.enc.EncodeAll(bytes.Repeat([]byte{0}, MaxBatchBytes+1), nil)
	gap := codec.enc.EncodeAll([]byte("{\"a\":\x02}\n\n=b\n"), nil)
	byColumns := digestOf(gap)
	byColumns["Content-Type"] = TypeColumns
	empty := codec.Pack([][]byte{bodies[0], {}, bodies[1]})
	var zero store.Hash
	return []vectorRefused{
		{Name: "another digest", Header: digestOf(nil), Code: CodeDamaged},
		{Name: "an entry less than the header says", Header: digestOf(cut), Content: cut, Code: CodeDamaged},
		{Name: "the last line without its line feed", Header: digestOf(cutLine), Content: cutLine, Code: CodeDamaged},
		{Name: "an empty line", Header: digestOf(empty), Content: empty, Code: CodeDamaged},
		{Name: "a column that names a key its line does not have", Header: byColumns, Content: gap, Code: CodeDamaged},
		{Name: "no zstd", Header: digestOf([]byte("{}")), Content: []byte("{}"), Code: CodeDamaged},
		{Name: "more than 4 MiB unzipped", Header: digestOf(bomb), Content: bomb, Code: CodeTooLarge},
		{Name: "2001 entries announced", Header: map[string]string{HeaderRange: "epoch=3; first=1; count=2001"}, Code: CodeTooLarge},
		{Name: "another end of the chain", Header: map[string]string{HeaderHead: digestField(zero)}, Code: CodeChainBroken},
		{Name: "a range in another form", Header: map[string]string{HeaderRange: "epoch=3;first=1;count=3"}, Code: CodeBadRequest},
		{Name: "another coding", Header: map[string]string{"Content-Encoding": "gzip"}, Code: CodeUnsupported},
		{Name: "another type", Header: map[string]string{"Content-Type": "application/json"}, Code: CodeUnsupported},
		{Name: "a version to come", Header: map[string]string{HeaderProtocol: "2"}, Code: CodeUpgradeRequired},
	}
}
