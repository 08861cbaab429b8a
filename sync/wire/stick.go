package wire

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// StickEnding and AnswerEnding end the names of batches that travel as files, and of head office's answers to them.
const (
	StickEnding  = ".batch.ndjson"
	AnswerEnding = ".answer.json"
)

// MaxStickBytes bounds a batch as a file: the entries, and a header of 67 bytes for each and some.
const MaxStickBytes = MaxBatchBytes + 256<<10

// stickHeader is the first line of a batch as a file (docs/wire.md, 12). The entries follow unzipped, one per line.
type stickHeader struct {
	Store       loyalty.StoreID   `json:"store"`
	Headers     map[string]string `json:"headers"`     // of the request: range, prev and head
	Chain       []store.Hash      `json:"chain"`       // after each entry, so that a changed one can be named
	Certificate store.HexBytes    `json:"certificate"` // the store's, DER
	Signature   store.HexBytes    `json:"signature"`   // by its key, over the line with an empty signature
}

// stickLabel keeps the signature of a batch from being taken for any other.
const stickLabel = "loyaltill batch file 1"

// StickAnswer is what head office says to a batch that came as a file: one of the two.
type StickAnswer struct {
	Accepted *Accepted `json:"accepted,omitempty"`
	Problem  *Problem  `json:"problem,omitempty"`
}

// StickFile makes a file of a batch, signed with the store's own key.
func StickFile(b *Batch, certificate []byte, key crypto.Signer) ([]byte, error) {
	h := stickHeader{Store: b.Store, Certificate: certificate, Headers: map[string]string{
		HeaderRange: fmt.Sprintf("epoch=%d; first=%d; count=%d", b.Epoch, b.First, len(b.Bodies)),
		HeaderPrev:  digestField(b.Prev), HeaderHead: digestField(b.Head)}}
	for hash, i := b.Prev, 0; i < len(b.Bodies); i++ {
		hash = hash.Next(b.Bodies[i])
		h.Chain = append(h.Chain, hash)
	}
	message, err := h.message()
	if err != nil {
		return nil, err
	}
	if h.Signature, err = key.Sign(rand.Reader, message, crypto.SHA256); err != nil {
		return nil, fmt.Errorf("sign batch %s: %w", b.Key(), err)
	}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return append(bytes.Join(append([][]byte{line}, b.Bodies...), []byte{'\n'}), '\n'), nil
}

// message is the hash that the store signs.
func (h stickHeader) message() ([]byte, error) {
	h.Signature = nil
	line, err := json.Marshal(h)
	sum := sha256.Sum256(append([]byte(stickLabel), line...))
	return sum[:], err
}

// ReadStick reads a batch from a file and proves that a store of roots made it. The first entry that is not as the store wrote it is
// named.
func ReadStick(file []byte, roots *x509.CertPool, now time.Time) (*Batch, error) {
	if len(file) > MaxStickBytes {
		return nil, tooLarge(MaxStickBytes, "a file of %d bytes", len(file))
	}
	line, content, found := bytes.Cut(file, []byte{'\n'})
	var h stickHeader
	if err := json.Unmarshal(line, &h); err != nil || !found {
		return nil, NewProblem(CodeDamaged, "the first line is no header of a batch: %v", err)
	}
	epoch, err := h.prove(roots, now)
	if err != nil {
		return nil, err
	}
	b, count, err := h.batch()
	if err != nil {
		return nil, err
	}
	if b.Epoch != epoch || count != len(h.Chain) {
		return nil, NewProblem(CodeForbidden, "the certificate is of epoch %d, the batch of epoch %d with %d of %d entries", epoch, b.Epoch, len(h.Chain), count)
	}
	return b, h.fill(b, content)
}

// prove checks who signed the header, and gives the epoch of his certificate.
func (h stickHeader) prove(roots *x509.CertPool, now time.Time) (loyalty.Epoch, error) {
	message, err := h.message()
	if err != nil {
		return 0, err
	}
	id, epoch, err := proveStore(h.Certificate, message, h.Signature, roots, now)
	if err == nil && id != h.Store {
		err = NewProblem(CodeDamaged, "the header is not of store %d; export it again", h.Store)
	}
	return epoch, err
}

func (h stickHeader) batch() (*Batch, int, error) {
	header := http.Header{}
	for name, value := range h.Headers {
		header.Set(name, value)
	}
	b := &Batch{Store: h.Store}
	count, err := b.parseRange(header.Get(HeaderRange))
	if err == nil {
		b.Prev, err = parseDigest(HeaderPrev, header.Get(HeaderPrev))
	}
	if err == nil {
		b.Head, err = parseDigest(HeaderHead, header.Get(HeaderHead))
	}
	return b, count, err
}

// fill takes the entries as long as each is the one whose chain value was signed.
func (h stickHeader) fill(b *Batch, content []byte) error {
	hash := b.Prev
	for i, want := range h.Chain {
		body, rest, found := bytes.Cut(content, []byte{'\n'})
		if hash = hash.Next(body); !found || hash != want {
			return NewProblem(CodeChainBroken, "entry %d of store %d, line %d of the file, was changed or is missing; nothing of the file was taken: export it again",
				int64(b.First)+int64(i), b.Store, i+2)
		}
		b.Bodies, content = append(b.Bodies, body), rest
	}
	if len(content) > 0 || hash != b.Head {
		return NewProblem(CodeDamaged, "there is something behind entry %d of store %d; export it again", b.Last(), b.Store)
	}
	return nil
}
