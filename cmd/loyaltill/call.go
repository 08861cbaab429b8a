package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

// Bounds of one call of the running agent, and of one whose answer is long.
const (
	callTimeout = 10 * time.Second
	copyTimeout = time.Minute
)

var errNoAgent = errors.New("the agent does not answer")

// agentCall is one call of the running agent's API. A call that changes something has a key, so that it may be sent again.
type agentCall struct {
	method, path string
	key          loyalty.TxnID // zero for none
	body         any           // nil for none
	owner        bool          // by right of having this machine, not as a till
}

// do asks the agent that a configuration describes and reads its answer into out.
func (c agentCall) do(ctx context.Context, cfg agent.Config, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.send(ctx, cfg, func(body io.Reader) error { return json.NewDecoder(body).Decode(out) })
}

// copy asks the same and writes the answer as it comes.
func (c agentCall) copy(ctx context.Context, cfg agent.Config, w io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, copyTimeout)
	defer cancel()
	return c.send(ctx, cfg, func(body io.Reader) error {
		_, err := io.Copy(w, body)
		return err
	})
}

func (c agentCall) send(ctx context.Context, cfg agent.Config, take func(io.Reader) error) error {
	token, file, err := tokenFor(cfg, c.owner)
	if err != nil {
		return err
	}
	req, err := c.request(ctx, cfg.API.Listen)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w on %s: %w; start it with `loyaltill run`", errNoAgent, cfg.API.Listen, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("the agent on %s does not take the token of %s; does the configuration belong to it?", cfg.API.Listen, file)
	}
	if resp.StatusCode/100 != 2 {
		return refusalOf(resp)
	}
	if err := take(resp.Body); err != nil {
		return fmt.Errorf("read the agent's answer: %w", err)
	}
	return nil
}

func (c agentCall) request(ctx context.Context, address string) (*http.Request, error) {
	var body io.Reader
	if c.body != nil {
		text, err := json.Marshal(c.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, "http://"+address+c.path, body)
	if err != nil {
		return nil, err
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !c.key.IsZero() {
		req.Header.Set("Idempotency-Key", c.key.String())
	}
	return req, nil
}

// refusalOf is the agent's own sentence, with its code and the field that is to blame.
func refusalOf(resp *http.Response) error {
	var p struct {
		Code, Message string
		Errors        []struct{ Field, Problem string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Code == "" {
		return fmt.Errorf("the agent answers with status %d", resp.StatusCode)
	}
	where := ""
	for _, f := range p.Errors {
		where += fmt.Sprintf("; %s: %s", f.Field, f.Problem)
	}
	return fmt.Errorf("%s (%s%s)", p.Message, p.Code, where)
}
