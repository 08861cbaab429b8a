package wire

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Batch is a contiguous range of one store's log with the chain values around it.
type Batch struct {
	Store   loyalty.StoreID
	Epoch   loyalty.Epoch
	Session uint64 // 0 in answers
	First   loyalty.Seq
	Prev    store.Hash // chain value before First
	Head    store.Hash // chain value at Last
	Bodies  [][]byte

	Columns bool // travels column by column, which only who says so reads
}

// Last is the number of the last entry; with an empty batch it is First - 1.
func (b *Batch) Last() loyalty.Seq { return b.First + loyalty.Seq(len(b.Bodies)) - 1 }

// Key is the batch's idempotency key.
func (b *Batch) Key() string {
	return fmt.Sprintf("%d-%d-%d-%d", b.Store, b.Epoch, b.First, len(b.Bodies))
}

// Hashes recomputes the chain and gives the value after each body; CodeChainBroken when it does not end at Head.
func (b *Batch) Hashes() ([]store.Hash, error) {
	out := make([]store.Hash, len(b.Bodies))
	h := b.Prev
	for i, body := range b.Bodies {
		h = h.Next(body)
		out[i] = h
	}
	if h != b.Head {
		return nil, NewProblem(CodeChainBroken, "entries %d to %d end at %s, the header says %s", b.First, b.Last(), h, b.Head)
	}
	return out, nil
}

// Packed is a batch ready to travel: its content and the header fields that describe it.
type Packed struct {
	Header  http.Header
	Content []byte
}

// PackBatch zips a batch for a request or an answer.
func (c *Codec) PackBatch(b *Batch) Packed {
	content, kind := c.pack(b)
	h := http.Header{}
	h.Set("Content-Type", kind)
	h.Set("Content-Encoding", CodingZstd)
	h.Set(HeaderProtocol, strconv.Itoa(Protocol))
	h.Set(HeaderDigest, digestField(sha256.Sum256(content)))
	h.Set(HeaderRange, fmt.Sprintf("epoch=%d; first=%d; count=%d", b.Epoch, b.First, len(b.Bodies)))
	h.Set(HeaderPrev, digestField(b.Prev))
	h.Set(HeaderHead, digestField(b.Head))
	if b.Session != 0 {
		h.Set(HeaderSession, strconv.FormatUint(b.Session, 10))
		h.Set(HeaderKey, strconv.Quote(b.Key()))
	}
	return Packed{Header: h, Content: content}
}

// ReadBatch reads a batch from a request's or an answer's header and body. It checks digest, limits and counts, not the
// chain. A request must carry a session.
func (c *Codec) ReadBatch(id loyalty.StoreID, h http.Header, body io.Reader) (*Batch, error) {
	b, count, err := parseBatchHeader(id, h)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(body, MaxPackedBytes+1))
	if err != nil {
		return nil, NewProblem(CodeDamaged, "read content: %v", err)
	}
	if len(content) > MaxPackedBytes {
		return nil, tooLarge(MaxPackedBytes, "content above %d bytes", MaxPackedBytes)
	}
	want, err := parseDigest(HeaderDigest, h.Get(HeaderDigest))
	if err != nil {
		return nil, err
	}
	got := sha256.Sum256(content)
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return nil, NewProblem(CodeDamaged, "content digest does not match")
	}
	if b.Columns {
		b.Bodies, err = c.unpackColumns(content)
	} else {
		b.Bodies, err = c.Unpack(content)
	}
	if err != nil {
		return nil, err
	}
	if len(b.Bodies) != count {
		return nil, NewProblem(CodeDamaged, "%d entries, %s says %d", len(b.Bodies), HeaderRange, count)
	}
	if count == 0 && b.Prev != b.Head {
		return nil, NewProblem(CodeBadRequest, "no entries but two chain values")
	}
	return b, nil
}

func parseBatchHeader(id loyalty.StoreID, h http.Header) (*Batch, int, error) {
	kind, err := checkCoding(h)
	if err != nil {
		return nil, 0, err
	}
	b := &Batch{Store: id, Columns: kind == TypeColumns}
	count, err := b.parseRange(h.Get(HeaderRange))
	if err != nil {
		return nil, 0, err
	}
	if b.Prev, err = parseDigest(HeaderPrev, h.Get(HeaderPrev)); err != nil {
		return nil, 0, err
	}
	if b.Head, err = parseDigest(HeaderHead, h.Get(HeaderHead)); err != nil {
		return nil, 0, err
	}
	if v := h.Get(HeaderSession); v != "" {
		if b.Session, err = strconv.ParseUint(v, 10, 63); err != nil {
			return nil, 0, NewProblem(CodeBadRequest, "%s %q", HeaderSession, v)
		}
	}
	return b, count, nil
}

func checkCoding(h http.Header) (kind string, err error) {
	if v := h.Get(HeaderProtocol); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < MinProtocol || n > Protocol {
			p := NewProblem(CodeUpgradeRequired, "protocol %q is not spoken here", v)
			p.MinProtocol = MinProtocol
			return "", p
		}
	}
	kind, _, _ = strings.Cut(h.Get("Content-Type"), ";")
	if kind != TypeNDJSON && kind != TypeColumns {
		return "", NewProblem(CodeUnsupported, "content type %q, want %s or %s", kind, TypeNDJSON, TypeColumns)
	}
	if v := h.Get("Content-Encoding"); v != CodingZstd {
		return "", NewProblem(CodeUnsupported, "content coding %q, want %s", v, CodingZstd)
	}
	return kind, nil
}

// parseRange reads "epoch=3; first=4816; count=500" in exactly this form.
func (b *Batch) parseRange(v string) (count int, err error) {
	pattern := regexp.MustCompile(`^epoch=([1-9][0-9]{0,9}); first=([1-9][0-9]{0,17}); count=(0|[1-9][0-9]{0,8})$`)
	m := pattern.FindStringSubmatch(v)
	if m == nil {
		return 0, NewProblem(CodeBadRequest, "%s %q", HeaderRange, v)
	}
	epoch, err := strconv.ParseUint(m[1], 10, 32)
	if err != nil {
		return 0, NewProblem(CodeBadRequest, "%s %q", HeaderRange, v)
	}
	first, _ := strconv.ParseInt(m[2], 10, 64) // 18 digits fit
	count, _ = strconv.Atoi(m[3])
	if count > MaxBatchEntries {
		return 0, tooLarge(MaxBatchEntries, "%d entries", count)
	}
	b.Epoch, b.First = loyalty.Epoch(epoch), loyalty.Seq(first)
	return count, nil
}

// digestField is RFC 9530's form of one SHA-256 value.
func digestField(sum [sha256.Size]byte) string {
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func parseDigest(name, v string) (sum [sha256.Size]byte, err error) {
	text, ok := strings.CutPrefix(v, "sha-256=:")
	text, ok2 := strings.CutSuffix(text, ":")
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || !ok2 || err != nil || len(raw) != len(sum) || !bytes.Equal([]byte(digestField([sha256.Size]byte(raw))), []byte(v)) {
		return sum, NewProblem(CodeBadRequest, "%s %q, want sha-256=:…:", name, v)
	}
	return [sha256.Size]byte(raw), nil
}
