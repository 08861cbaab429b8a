package headoffice

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// stickInput is a batch that came as a file.
type stickInput struct {
	File []byte `json:"file"`
}

// takeStick takes a batch by the path of every other; what proves who sent it is the signature in place of the connection.
func (o *Office) takeStick(ctx context.Context, in stickInput) (answer wire.StickAnswer, err error) {
	roots := x509.NewCertPool()
	roots.AddCert(o.home.Keys.tlsCACert)
	b, err := wire.ReadStick(in.File, roots, o.clock())
	if err == nil {
		err = o.db.View(ctx, func(tx *hodb.Tx) error { return stickSession(tx, b) })
	}
	var accepted wire.Accepted
	if err == nil {
		accepted, err = o.Push(ctx, b)
	}
	if err == nil {
		answer.Accepted = &accepted
		return answer, nil
	}
	if answer.Problem = o.asProblem(err); answer.Problem.Class() == wire.AgainLater {
		return wire.StickAnswer{}, err // nothing that the store could do
	}
	return answer, nil
}

// stickSession lets a file speak in the newest session: a stick fences nobody.
func stickSession(tx *hodb.Tx, b *wire.Batch) error {
	reason, err := tx.Revoked(b.Store, b.Epoch)
	if err == nil && reason != "" {
		err = wire.NewProblem(wire.CodeRevoked, "epoch %d of store %d: %s", b.Epoch, b.Store, reason)
	}
	if err != nil {
		return err
	}
	head, err := tx.Head(b.Store, b.Epoch)
	if errors.Is(err, hodb.ErrNotFound) {
		return nil // push says so
	}
	if err == nil {
		b.Session = head.Session
	}
	return err
}

// StickOutcome is what became of one file.
type StickOutcome struct {
	File   string `json:"file"`
	Answer string `json:"answer"` // the file with head office's answer
	wire.StickAnswer
}

// ImportStick takes every batch in a folder, in their order, and writes the answers beside them. Done again, batches are known.
func (m Manager) ImportStick(ctx context.Context, dir string, took func(StickOutcome)) (int, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+wire.StickEnding)) // rising by number: names are of one width
	if err != nil || len(names) == 0 {
		return 0, &FieldError{"folder", `give a folder that "loyaltill export" filled`, errors.Join(fmt.Errorf("%s holds no batch", dir), err)}
	}
	for i, name := range names {
		file, err := readAtMost(name, wire.MaxStickBytes+1)
		if err != nil {
			return i, fmt.Errorf("import: %w", err)
		}
		out := StickOutcome{File: name, Answer: strings.TrimSuffix(name, wire.StickEnding) + wire.AnswerEnding}
		if err := m.call(ctx, opStick, stickInput{file}, &out.StickAnswer); err != nil {
			return i, fmt.Errorf("import %s: %w", name, err)
		}
		doc, err := json.Marshal(out.StickAnswer)
		if err == nil {
			err = replaceFile(out.Answer, append(doc, '\n'))
		}
		if err != nil {
			return i, fmt.Errorf("write the answer to %s: %w", name, err)
		}
		took(out)
	}
	return len(names), nil
}

func readAtMost(name string, limit int64) (raw []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, limit))
}
