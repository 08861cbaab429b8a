package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"loyaltill/internal/stage"
)

// maxControlBody bounds what the control reads.
const maxControlBody = 4 << 10

// routes are what the sandbox itself can do: what a hand would do in a shop, beside the devices. One thing is done at a time.
func (b *sandbox) routes() http.Handler {
	mux := http.NewServeMux()
	var turn sync.Mutex
	for path, do := range map[string]func(context.Context, json.RawMessage) (any, error){
		"PUT /head-office": b.putHeadOffice, "POST /agent/restart": b.restartAgent, "PUT /programme": b.putProgramme, "PUT /other-programme": b.putOtherProgramme,
		"POST /pairing-codes": b.postPairingCode,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			turn.Lock()
			defer turn.Unlock()
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
			var answer any
			if err == nil {
				answer, err = do(r.Context(), body)
			}
			reply(w, answer, err)
		})
	}
	return loopbackOnly(mux)
}

func reply(w http.ResponseWriter, answer any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		answer = map[string]string{"detail": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(answer) // the caller has hung up, or gets it
}

// loopbackOnly refuses pages and names of others.
func loopbackOnly(next http.Handler) http.Handler {
	protected := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "call by a loopback name", http.StatusForbidden)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

type done struct {
	Done bool `json:"done"`
}

// strictly reads a body that may hold nothing else.
func strictly(body json.RawMessage, into any) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("the body is not the JSON wanted here: %w", err)
	}
	return nil
}

// putHeadOffice takes head office away from the stores of the chain, and gives it back.
func (b *sandbox) putHeadOffice(ctx context.Context, body json.RawMessage) (any, error) {
	var in struct{ Reachable *bool }
	if err := strictly(body, &in); err != nil {
		return nil, err
	}
	if in.Reachable == nil {
		return nil, errors.New(`want {"reachable":true} or false`)
	}
	if !*in.Reachable {
		return done{true}, b.shop.HeadOffice.Stop()
	}
	select {
	case <-b.shop.HeadOffice.Done():
		return done{true}, b.shop.StartHeadOffice(context.WithoutCancel(ctx))
	default:
		return done{true}, nil // it is there
	}
}

// restartAgent ends store 1's agent as a power cut would, and starts it again.
func (b *sandbox) restartAgent(ctx context.Context, _ json.RawMessage) (any, error) {
	b.shop.Agent.Kill()
	return done{true}, b.shop.StartAgent(context.WithoutCancel(ctx))
}

// putProgramme publishes one of the sandbox's programmes, and answers when store 1 has it. Each is a version of its own, the newest is in force.
func (b *sandbox) putProgramme(ctx context.Context, body json.RawMessage) (any, error) {
	digest, err := b.publish(ctx, b.shop, body)
	if err != nil {
		return nil, err
	}
	_, err = player{b, nil}.wait(ctx, step{who: "till", method: "GET", path: "/v1/status", until: "programme=" + digest})
	return done{true}, err
}

// putOtherProgramme gives the other chain its programme, and answers when head office has signed it.
func (b *sandbox) putOtherProgramme(ctx context.Context, body json.RawMessage) (any, error) {
	_, err := b.publish(ctx, b.other, body)
	return done{true}, err
}

func (b *sandbox) publish(ctx context.Context, shop *stage.Shop, body json.RawMessage) (digest string, err error) {
	name, err := programmeNamed(body)
	if err != nil {
		return "", err
	}
	b.published++
	text := strings.Replace(string(programmes()[name]), "version: 1\n", fmt.Sprintf("version: %d\n", b.published+1), 1)
	text = strings.Replace(text, "2026-01-01T00:00", time.Date(2026, 1, 1, 0, b.published, 0, 0, time.UTC).Format("2006-01-02T15:04"), 1)
	file := b.programmeFile(fmt.Sprintf("published-%d", b.published))
	if err := write(map[string][]byte{file: []byte(text)}); err != nil {
		return "", err
	}
	out, err := shop.Run(ctx, "headoffice", "publish", "--yes", "--dir", shop.HeadOfficeDir(), file)
	if err != nil {
		return "", err
	}
	var told struct{ Digest string }
	err = json.Unmarshal(out, &told)
	return told.Digest, err
}

func programmeNamed(body json.RawMessage) (string, error) {
	var in struct{ Name string }
	if err := strictly(body, &in); err != nil {
		return "", err
	}
	if _, ok := programmes()[in.Name]; !ok {
		return "", fmt.Errorf("no programme is called %q", in.Name)
	}
	return in.Name, nil
}

// postPairingCode has a head office make the code for a new box: the chain's, or the other one's.
func (b *sandbox) postPairingCode(ctx context.Context, body json.RawMessage) (any, error) {
	var in struct {
		Store int
		Other bool
	}
	if err := strictly(body, &in); err != nil {
		return nil, err
	}
	shop := b.shop
	if in.Other {
		shop = b.other
	}
	code, bare, err := shop.PairingCodes(ctx, in.Store)
	return map[string]string{"code": code, "bare": bare}, err
}
