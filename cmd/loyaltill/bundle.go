package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/pelletier/go-toml/v2"

	"loyaltill/agent"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/store/archive"
)

type bundleCommand struct {
	configured
	Out string `short:"o" required:"" placeholder:"FILE" type:"path" help:"A new file."`
}

// Run has the running agent tell of itself; one that does not answer is told of from outside.
func (c *bundleCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if cfg.Support.Recipient == "" {
		return errors.New("support.recipient: is not in the configuration; write there the line age1… that support gives you")
	}
	if _, err := os.Lstat(c.Out); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write %s: %w", c.Out, errors.Join(os.ErrExist, err))
	}
	part, from := c.Out+".part", "by the running agent"
	err = writeFile(part, func(f *os.File) error {
		err := (agentCall{method: http.MethodPost, path: "/v1/bundle", body: struct{}{}, owner: true}).copy(ctx, cfg, f)
		if !errors.Is(err, errNoAgent) {
			return err
		}
		from = "without the agent, which does not answer"
		return diagnosis{cfg: cfg, file: c.Config, silent: err}.write(ctx, f)
	})
	if err == nil {
		err = store.Rename(part, c.Out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	fmt.Fprintf(s.out, "%s: made %s; only support can open it\n", c.Out, from)
	return nil
}

// diagnosis is what support is told of a store: how it is set up and how it does, nothing secret, and nobody's purchases.
type diagnosis struct {
	cfg    agent.Config
	file   string       // of the configuration
	agent  *agent.Agent // nil when it does not run
	silent error        // why it does not answer
	log    *tail        // of the running agent
}

// write seals it for support. What cannot be found out says why instead.
func (d diagnosis) write(ctx context.Context, w io.Writer) error {
	b, err := archive.NewBundle(w, d.cfg.Support.Recipient, time.Now())
	if err != nil {
		return err
	}
	texts := []struct {
		name string
		make func(context.Context) ([]byte, error)
	}{
		{"about.json", d.about}, {"loyaltill.toml", d.configuration}, {"doctor.txt", d.examined}, {"database.json", d.database},
		{"status.json", d.status}, {"overview.json", d.overview}, {"log.jsonl", d.logged},
	}
	for _, t := range texts {
		name := t.name
		text, err := t.make(ctx)
		if err != nil {
			name, text = name+".missing", []byte(err.Error()+"\n")
		}
		if err := b.Put(name, text); err != nil {
			return err
		}
	}
	return b.Close()
}

// about is what runs here, and for whom.
func (d diagnosis) about(ctx context.Context) ([]byte, error) {
	sqlite, err := store.SQLiteVersion(ctx)
	if err != nil {
		return nil, err
	}
	v := struct {
		Version    string    `json:"version"`
		Cards      string    `json:"cards"`
		Go         string    `json:"go"`
		System     string    `json:"system"`
		SQLite     string    `json:"sqlite"`
		Made       time.Time `json:"made"`
		Store      uint32    `json:"store,omitempty"`
		Epoch      uint32    `json:"epoch,omitempty"`
		Name       string    `json:"name,omitempty"`
		HeadOffice string    `json:"head_office,omitempty"`
	}{Version: version, Cards: cardSupport(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, SQLite: sqlite, Made: time.Now().UTC()}
	if id, err := store.LoadIdentity(d.cfg.Identity); err == nil { // else the doctor says why
		v.Store, v.Epoch, v.Name, v.HeadOffice = id.Store, id.Epoch, id.Name, id.HeadOffice
	}
	return json.MarshalIndent(v, "", "  ")
}

// configuration is what was read, the values that were left out included. Its secrets are in files of their own, which it names.
func (d diagnosis) configuration(context.Context) ([]byte, error) { return toml.Marshal(d.cfg) }

func (d diagnosis) examined(ctx context.Context) ([]byte, error) {
	var text bytes.Buffer
	printFindings(&text, examine(ctx, d.cfg, d.file))
	return text.Bytes(), nil
}

// proveWithin bounds how long the ledger's chain is looked at: a year of a store takes a second.
const proveWithin = 20 * time.Second

// database is the proof of the ledger's chain.
func (d diagnosis) database(ctx context.Context) (_ []byte, err error) {
	identity, err := store.LoadIdentity(d.cfg.Identity)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, proveWithin)
	defer cancel()
	db, err := agentdb.OpenReadOnly(ctx, d.cfg.Data, identity)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	report, err := db.VerifyChain(ctx)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(judge(report), "", "  ")
}

// status is how lanes, devices and the upload do; who stands at a till is nobody's business.
func (d diagnosis) status(ctx context.Context) ([]byte, error) {
	if d.agent == nil {
		return nil, d.silent
	}
	st, err := d.agent.Status(ctx)
	if err != nil {
		return nil, err
	}
	for i := range st.Lanes {
		st.Lanes[i].Member = nil
	}
	return json.MarshalIndent(st, "", "  ")
}

func (d diagnosis) overview(ctx context.Context) ([]byte, error) {
	if d.agent == nil {
		return nil, d.silent
	}
	o, err := d.agent.Overview(ctx)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(o, "", "  ")
}

func (d diagnosis) logged(context.Context) ([]byte, error) {
	if d.log == nil {
		return nil, fmt.Errorf("%w; its log is where the system keeps it: journalctl -u loyaltill", d.silent)
	}
	return d.log.text(), nil
}
