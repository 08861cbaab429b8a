package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// Limits of one batch on a stick: an uplink's own.
const (
	stickEntries = 500
	stickBytes   = 1 << 20
)

type exportCommand struct {
	configured
	Folder string `arg:"" help:"Folder for the batches, such as that of a stick."`
}

// Run writes what head office has not signed for as files. Nothing is taken out of the ledger.
func (c *exportCommand) Run(ctx context.Context, s streams) (err error) {
	db, _, err := c.openStopped(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	pair, err := tls.LoadX509KeyPair(db.Identity().Path(store.CertFile), db.Identity().Path(store.KeyFile))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return fmt.Errorf("identity: %s cannot sign", store.KeyFile)
	}
	signed, _, err := db.Signed(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return fmt.Errorf("folder: %w; give one that can be written", err)
	}
	count, next := 0, loyalty.Seq(signed.Seq)+1
	for first := next; ; first = next {
		r, err := db.Outgoing(ctx, first, stickEntries, stickBytes)
		if err != nil {
			return err
		}
		if len(r.Bodies) == 0 {
			fmt.Fprintf(s.out, "%d batches, entries %d to %d\n", count, signed.Seq+1, int64(next)-1)
			return nil
		}
		if err := writeStick(db, r, pair.Certificate[0], key, c.Folder); err != nil {
			return err
		}
		count, next = count+1, r.Last()+1
	}
}

func writeStick(db *agentdb.DB, r *agentdb.Range, certificate []byte, key crypto.Signer, folder string) error {
	b := &wire.Batch{Store: db.Store(), Epoch: db.Epoch(), First: r.First, Prev: r.Prev, Head: r.Head, Bodies: r.Bodies}
	file, err := wire.StickFile(b, certificate, key)
	if err != nil {
		return err
	}
	name := filepath.Join(folder, fmt.Sprintf("%010d-%010d-%012d%s", b.Store, b.Epoch, b.First, wire.StickEnding)) // one width: they sort by number
	return writeWhole(name, file)
}

// writeWhole leaves no half file on a stick that is pulled out.
func writeWhole(name string, content []byte) error {
	part := name + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(part, name)
}

type importCommand struct {
	configured
	Folder string `arg:"" help:"Folder with head office's answers."`
}

// Run takes head office's answers from a stick: signed positions, or what it refused.
func (c *importCommand) Run(ctx context.Context, s streams) (err error) {
	db, _, err := c.openStopped(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	names, err := filepath.Glob(filepath.Join(c.Folder, fmt.Sprintf("%010d-%010d-*%s", db.Store(), db.Epoch(), wire.AnswerEnding)))
	if err != nil || len(names) == 0 {
		return errors.Join(fmt.Errorf("%s holds no answer for store %d, epoch %d; have `headoffice import` run on the stick first", c.Folder, db.Store(), db.Epoch()), err)
	}
	var refused []error
	for _, name := range names {
		through, err := takeAnswer(ctx, db, name)
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", filepath.Base(name), err))
			continue
		}
		fmt.Fprintf(s.out, "%s: head office has every entry through %d\n", filepath.Base(name), through)
	}
	return errors.Join(refused...)
}

// maxAnswerBytes bounds an answer on a stick.
const maxAnswerBytes = wire.MaxProblemBytes + wire.MaxSessionBytes

func takeAnswer(ctx context.Context, db *agentdb.DB, name string) (loyalty.Seq, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > maxAnswerBytes {
		err = fmt.Errorf("%d bytes are no answer", info.Size())
	}
	var raw []byte
	if err == nil {
		raw, err = os.ReadFile(name)
	}
	var answer wire.StickAnswer
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	switch {
	case err != nil:
		return 0, err
	case answer.Problem != nil:
		return 0, fmt.Errorf("head office refused the batch %s: %w; nothing is lost, the entries stay in the ledger",
			strings.TrimSuffix(filepath.Base(name), wire.AnswerEnding), answer.Problem)
	case answer.Accepted == nil:
		return 0, errors.New("no answer in it; have `headoffice import` run again")
	}
	a := answer.Accepted
	p := store.Position{Store: uint32(db.Store()), Epoch: uint32(db.Epoch()), Seq: int64(a.AcceptedThrough), Hash: a.HeadHash}
	return a.AcceptedThrough, db.Acked(ctx, p, a.Signature)
}
