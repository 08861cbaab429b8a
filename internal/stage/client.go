package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 16 << 20

// Client calls one of the programs over HTTP.
type Client struct {
	Base  string
	Token string
	HTTP  http.Client
}

// Problem is an answer that is not a success.
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Body   string `json:"-"`
}

func (p *Problem) Error() string {
	return fmt.Sprintf("status %d, code %q: %s", p.Status, p.Code, p.Body)
}

// Do sends in as JSON, when there is something, and reads the answer into out: JSON, or all bytes for a *[]byte.
func (c *Client) Do(ctx context.Context, method, path string, in, out any, header ...string) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return decode(method+" "+path, resp.StatusCode, answer, out)
}

func decode(call string, status int, answer []byte, out any) error {
	if status >= 300 {
		p := &Problem{Status: status, Body: string(answer)}
		_ = json.Unmarshal(answer, p) // a body that is no problem document leaves the code empty
		return fmt.Errorf("%s: %w", call, p)
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = answer
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: %w: %s", call, err, answer)
	}
	return nil
}

// pollEvery is how often Until asks.
const pollEvery = 20 * time.Millisecond

// Until asks again and again until ok, or fails with what it last saw.
func Until(ctx context.Context, what string, limit time.Duration, ok func(context.Context) (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for last := ""; ; {
		done, seen, err := ok(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if done && err == nil {
			return nil
		}
		if err == nil {
			last = seen
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w after %v; last seen: %s", what, ctx.Err(), limit, last)
		case <-tick.C:
		}
	}
}
