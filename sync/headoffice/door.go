package headoffice

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"loyaltill/store"
)

// The door is how administrative commands reach a running server: HTTP on a loopback port of its own, opened by a token
// that only the owner of head office's folder can read. The database itself belongs to one process at a time.
const (
	doorFile     = "admin.json"
	maxDoorBytes = 8 << 20
	maxDoorReply = 256 << 20
	doorTimeout  = 2 * time.Minute // a verify of everything takes its time
	doorPatience = 5 * time.Second // how long a command waits for a server that is starting or stopping
	doorPause    = 100 * time.Millisecond
)

type doorAddress struct {
	Address string `json:"address"`
	Token   string `json:"token"`
}

// doorReply is an outcome or what is wrong with the input.
type doorReply struct {
	Outcome json.RawMessage `json:"outcome,omitempty"`
	Error   string          `json:"error,omitempty"`
	Field   string          `json:"field,omitempty"`
	Remedy  string          `json:"remedy,omitempty"`
}

// openDoor listens on loopback and writes down where.
func openDoor(dir string) (net.Listener, doorAddress, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, doorAddress{}, fmt.Errorf("open admin door: %w", err)
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, doorAddress{}, errors.Join(fmt.Errorf("open admin door: %w", err), listener.Close())
	}
	at := doorAddress{Address: listener.Addr().String(), Token: hex.EncodeToString(secret)}
	doc, err := json.Marshal(at)
	if err == nil {
		err = replaceFile(filepath.Join(dir, doorFile), doc)
	}
	if err != nil {
		return nil, doorAddress{}, errors.Join(fmt.Errorf("open admin door: %w", err), listener.Close())
	}
	return listener, at, nil
}

// replaceFile writes a private file whole or not at all.
func replaceFile(path string, data []byte) error {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNew(part, data); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// doorHandler runs operations for whoever has the token.
func (o *Office) doorHandler(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{operation}", func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer " + token
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDoorBytes))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply := doorReply{}
		outcome, err := o.do(r.Context(), r.PathValue("operation"), raw)
		if err == nil {
			reply.Outcome, err = json.Marshal(outcome)
		}
		if err != nil {
			reply = replyOf(err)
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(reply); err != nil {
			o.log.Debug().Err(err).Msg("admin answer not delivered")
		}
	})
	return mux
}

func replyOf(err error) doorReply {
	var field *FieldError
	if errors.As(err, &field) {
		reply := doorReply{Field: field.Field, Remedy: field.Remedy}
		if field.Err != nil {
			reply.Error = field.Err.Error()
		}
		return reply
	}
	return doorReply{Error: err.Error()}
}

func (r doorReply) err() error {
	switch {
	case r.Field != "" && r.Error != "":
		return &FieldError{r.Field, r.Remedy, errors.New(r.Error)}
	case r.Field != "":
		return &FieldError{r.Field, r.Remedy, nil}
	case r.Error != "":
		return errors.New(r.Error)
	}
	return nil
}

// errNoDoor says that no server answers.
var errNoDoor = errors.New("no server answers at head office's admin door")

// Open opens the books to serve from. A command may have them just now, so a short while is waited for; store.ErrInUse
// then says that another server has them.
func (m Manager) Open(ctx context.Context) (*Office, error) {
	for until := m.Options.Clock().Add(doorPatience); ; {
		o, err := OpenOffice(ctx, m.Home, m.Options)
		if !errors.Is(err, store.ErrInUse) || m.Options.Clock().After(until) {
			return o, err
		}
		if !pause(ctx, nil, doorPause) {
			return nil, ctx.Err()
		}
	}
}

// call has an operation done on the books that are open, else on those of the home.
func (m Manager) call(ctx context.Context, name string, in, out any) error {
	if m.Office == nil {
		return m.Home.call(ctx, m.Options, name, in, out)
	}
	raw, err := inputOf(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	reply, err := m.Office.reply(ctx, name, raw)
	if err != nil {
		return err
	}
	return json.Unmarshal(reply, out)
}

// inputOf writes an operation's input. What it holds of programmes stays byte for byte as it is, also < and &.
func inputOf(in any) ([]byte, error) {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	err := enc.Encode(in)
	return raw.Bytes(), err
}

// reply is the outcome of an operation as it goes through the door.
func (o *Office) reply(ctx context.Context, name string, raw []byte) ([]byte, error) {
	outcome, err := o.do(ctx, name, raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(outcome)
}

// call has an operation done: here when the books are free, else by the server that has them.
func (h *Home) call(ctx context.Context, opts Options, name string, in, out any) error {
	raw, err := inputOf(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, doorTimeout)
	defer cancel()
	for until := opts.Clock().Add(doorPatience); ; {
		reply, err := h.callHere(ctx, opts, name, raw)
		if errors.Is(err, store.ErrInUse) {
			reply, err = h.callServer(ctx, name, raw)
		}
		switch {
		case errors.Is(err, errNoDoor) && opts.Clock().Before(until): // it is starting or stopping
			if !pause(ctx, nil, doorPause) {
				return ctx.Err()
			}
			continue
		case err != nil:
			return err
		}
		return json.Unmarshal(reply, out)
	}
}

func (h *Home) callHere(ctx context.Context, opts Options, name string, raw []byte) (reply []byte, err error) {
	o, err := OpenOffice(ctx, h, opts)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	return o.reply(ctx, name, raw)
}

func (h *Home) callServer(ctx context.Context, name string, raw []byte) ([]byte, error) {
	var at doorAddress
	doc, err := os.ReadFile(filepath.Join(h.Dir, doorFile))
	if err == nil {
		err = json.Unmarshal(doc, &at)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoDoor, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at.Address+"/"+name, bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoDoor, err)
	}
	req.Header.Set("Authorization", "Bearer "+at.Token)
	transport := &http.Transport{DisableKeepAlives: true} // no proxy from the environment may see the token
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoDoor, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized { // an address left by an earlier server
		return nil, errNoDoor
	}
	var reply doorReply
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxDoorReply)).Decode(&reply); err != nil {
		return nil, fmt.Errorf("%s: the server's answer: %w", name, err)
	}
	return reply.Outcome, reply.err()
}
