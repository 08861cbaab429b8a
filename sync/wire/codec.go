package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"loyaltill/agent/loyalty"
)

// Codec packs and unpacks NDJSON with zstd. Its methods may be called from many goroutines.
type Codec struct {
	enc      *zstd.Encoder
	dense    *zstd.Encoder // for columns
	decoders sync.Pool
}

// NewCodec makes a codec; it holds no goroutine and needs no closing.
func NewCodec() (*Codec, error) {
	// "Fastest" beats the default level on lines in size and time; columns are short enough for the best one (measured; docs/wire.md, 4).
	enc, err := newEncoder(zstd.SpeedFastest)
	if err != nil {
		return nil, err
	}
	dense, err := newEncoder(zstd.SpeedBestCompression)
	if err != nil {
		return nil, err
	}
	return &Codec{enc: enc, dense: dense}, nil
}

func newEncoder(level zstd.EncoderLevel) (*zstd.Encoder, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	return enc, nil
}

// Pack makes one body per line, zipped.
func (c *Codec) Pack(bodies [][]byte) []byte {
	size := 0
	for _, b := range bodies {
		size += len(b) + 1
	}
	plain := make([]byte, 0, size)
	for _, b := range bodies {
		plain = append(plain, b...)
		plain = append(plain, '\n')
	}
	return c.enc.EncodeAll(plain, make([]byte, 0, size/4+64))
}

// pack makes a batch's content and says what it is. What cannot be taken apart into columns travels line by line.
func (c *Codec) pack(b *Batch) (content []byte, kind string) {
	if b.Columns {
		if text, ok := toColumns(b.Bodies); ok {
			return c.dense.EncodeAll(text, nil), TypeColumns
		}
	}
	return c.Pack(b.Bodies), TypeNDJSON
}

// unpackColumns is Unpack for bodies that came column by column.
func (c *Codec) unpackColumns(packed []byte) ([][]byte, error) {
	text, err := c.unzip(packed, MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	plain, err := fromColumns(text, MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	return SplitBodies(plain)
}

// Unpack is the inverse of Pack for bytes from elsewhere. What is damaged is CodeDamaged, what is over a limit
// CodeTooLarge; never does it allocate more than the limits whatever the bytes claim.
func (c *Codec) Unpack(packed []byte) ([][]byte, error) {
	plain, err := c.unzip(packed, MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	return SplitBodies(plain)
}

// unzip never gives more than limit bytes.
func (c *Codec) unzip(packed []byte, limit int) ([]byte, error) {
	dec, err := c.decoder(packed)
	if err != nil {
		return nil, NewProblem(CodeDamaged, "unzip: %v", err)
	}
	defer c.decoders.Put(dec)
	var plain bytes.Buffer
	_, err = plain.ReadFrom(io.LimitReader(dec, int64(limit)+1))
	if err := dec.Reset(nil); err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return nil, tooLarge(limit, "zstd window above %d bytes", MaxWindowBytes)
	case plain.Len() > limit:
		return nil, tooLarge(limit, "more than %d bytes unzipped", limit)
	case err != nil:
		return nil, NewProblem(CodeDamaged, "unzip: %v", err)
	}
	return plain.Bytes(), nil
}

func (c *Codec) decoder(packed []byte) (*zstd.Decoder, error) {
	if dec, ok := c.decoders.Get().(*zstd.Decoder); ok {
		return dec, dec.Reset(bytes.NewReader(packed))
	}
	// Concurrency 1 decodes in the caller's goroutine, so a decoder that the pool drops leaves nothing running.
	return zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxWindowBytes))
}

func tooLarge(most int, format string, args ...any) *Problem {
	p := NewProblem(CodeTooLarge, format, args...)
	p.Max = most
	return p
}

// SplitBodies cuts NDJSON into its lines within the limits of a batch. Every line ends with a line feed, also the last:
// a stream that was cut short does not pass for a whole one.
func SplitBodies(plain []byte) ([][]byte, error) {
	if len(plain) == 0 {
		return nil, nil
	}
	if plain[len(plain)-1] != '\n' {
		return nil, NewProblem(CodeDamaged, "the last line is cut")
	}
	count := bytes.Count(plain, []byte{'\n'})
	if count > MaxBatchEntries {
		return nil, tooLarge(MaxBatchEntries, "%d entries", count)
	}
	bodies := make([][]byte, 0, count)
	for len(plain) > 0 {
		end := bytes.IndexByte(plain, '\n')
		switch {
		case end == 0:
			return nil, NewProblem(CodeDamaged, "line %d is empty", len(bodies)+1)
		case end > loyalty.MaxBodyBytes:
			return nil, tooLarge(MaxBatchBytes, "line %d has %d bytes", len(bodies)+1, end)
		}
		bodies = append(bodies, plain[:end:end])
		plain = plain[end+1:]
	}
	return bodies, nil
}
