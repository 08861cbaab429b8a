package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Box is one more agent of the shop's chain.
type Box struct {
	Process *Process
	API     *Client
	Data    string
}

// OpenBox starts the agent of another store, which has the lanes of its configuration and no devices around it.
func (s *Shop) OpenBox(ctx context.Context, store int, configure string) (*Box, error) {
	name := "store-" + strconv.Itoa(store)
	listen, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	b := &Box{Data: s.path(name, "data")}
	identity, config := s.path(name, "identity"), s.path(name, "loyaltill.toml")
	text := fmt.Sprintf("data = %q\nidentity = %q\n\n[api]\nlisten = %q\ntoken_file = %q\n%s", b.Data, identity, listen, s.path(name, "api.token"), configure)
	if err := errors.Join(os.MkdirAll(b.Data, 0o700), os.WriteFile(config, []byte(text), 0o600)); err != nil {
		return nil, err
	}
	if _, err := s.headOffice(ctx, s.enrolment(strconv.Itoa(store), "--head-office", s.HeadOfficeURL(), "--out", identity)...); err != nil {
		return nil, err
	}
	if b.Process, err = start(ctx, s.Log(), name, s.program("loyaltill"), "run", "--config", config); err != nil {
		return nil, err
	}
	token, err := os.ReadFile(s.path(name, "api.token"))
	b.API = &Client{Base: b.Process.Text("api"), Token: strings.TrimSpace(string(token))}
	return b, err
}

// OpenUnset starts an agent that has never been set up: it serves its setup page.
func (s *Shop) OpenUnset(ctx context.Context, name string) (*Box, error) {
	listen, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.path(name), 0o700); err != nil {
		return nil, err
	}
	b := &Box{Data: s.path(name, "data")}
	b.Process, err = start(ctx, s.Log(), name, s.program("loyaltill"), "run", "--config", s.path(name, "loyaltill.toml"),
		"--listen", listen, "--ports", s.path("devices"), "--no-browser")
	if err != nil {
		return nil, err
	}
	page, token, _ := strings.Cut(b.Process.Text("setup"), "/setup/#token=")
	b.API = &Client{Base: page, Token: token}
	return b, nil
}
