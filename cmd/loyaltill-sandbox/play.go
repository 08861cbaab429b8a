package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// answered is the end of an outcome: what the last call answered.
type answered struct {
	status int
	body   []byte
}

func (a answered) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal(a.body, &p) // no problem document: no code
	return p.Code
}

// play takes the steps of an outcome and gives the last answer.
func (b *sandbox) play(ctx context.Context, o outcome) (last answered, err error) {
	steps, err := o.read()
	if err != nil {
		return last, err
	}
	p := player{b, map[string]string{}}
	last, err = p.steps(ctx, slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.after }))
	for _, s := range steps {
		if s.after && err == nil {
			_, err = p.step(ctx, s)
		}
	}
	return last, err
}

func (p player) steps(ctx context.Context, steps []step) (last answered, err error) {
	var waiting chan result
	for i, s := range steps {
		if s.waits {
			waiting = make(chan result, 1)
			go func() {
				a, err := p.call(ctx, s)
				waiting <- result{a, err}
			}()
			continue
		}
		if last, err = p.step(ctx, s); err != nil {
			return last, fmt.Errorf("step %d, %s: %w", i+1, s.line(), err)
		}
		if refused := last.status >= 300; refused && !s.may && s.until == "" && (i < len(steps)-1 || waiting != nil) {
			return last, fmt.Errorf("step %d, %s: answered %d %s", i+1, s.line(), last.status, last.body)
		}
	}
	if waiting != nil {
		r := <-waiting
		return r.answered, r.err
	}
	return last, nil
}

type result struct {
	answered
	err error
}

type player struct {
	box  *sandbox
	kept map[string]string
}

var variable = regexp.MustCompile(`\$[A-Za-z][A-Za-z0-9_]*`)

// filled puts in what variables hold.
func (p player) filled(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if name == "$uuid" {
			return uuid.Must(uuid.NewV7()).String()
		}
		if v, ok := p.kept[name[1:]]; ok {
			return v
		}
		if v, ok := p.box.variables()[name[1:]]; ok {
			return v
		}
		return name
	})
}

func (p player) step(ctx context.Context, s step) (answered, error) {
	switch {
	case s.run != nil:
		return answered{}, p.command(ctx, s.run)
	case s.field == "uuid":
		p.kept[s.keeps] = uuid.Must(uuid.NewV7()).String()
		return answered{}, nil
	case s.until != "":
		return p.wait(ctx, s)
	}
	a, err := p.call(ctx, s)
	for i := 1; i < s.times && err == nil; i++ {
		a, err = p.call(ctx, s)
	}
	if err != nil || s.keeps == "" {
		return a, err
	}
	if pattern, ok := strings.CutPrefix(s.field, "~"); ok {
		if p.kept[s.keeps] = regexp.MustCompile(pattern).FindString(string(a.body)); p.kept[s.keeps] == "" {
			err = fmt.Errorf("no %s in %s", pattern, a.body)
		}
		return a, err
	}
	if p.kept[s.keeps], err = field(a.body, s.field); err != nil {
		err = fmt.Errorf("%w: %s", err, a.body)
	}
	return a, err
}

func (p player) command(ctx context.Context, words []string) error {
	for i := range words {
		words[i] = p.filled(words[i])
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.box.bin, words[0]), words[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

const (
	callLimit = time.Minute
	waitLimit = 30 * time.Second
	askEvery  = 50 * time.Millisecond
)

func (p player) call(ctx context.Context, s step) (a answered, err error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	who := callerNamed(s.who)
	var body io.Reader
	if n, ok := strings.CutPrefix(s.body, "blanks:"); ok {
		count, err := strconv.Atoi(n)
		if err != nil {
			return a, err
		}
		body = strings.NewReader(strings.Repeat(" ", count))
	} else if s.body != "" {
		body = bytes.NewBufferString(p.filled(s.body))
	}
	req, err := http.NewRequestWithContext(ctx, s.method, p.filled("$"+who.base+s.path), body)
	if err != nil {
		return a, err
	}
	for _, h := range slices.Concat(who.headers, who.told) {
		req.Header.Set(h.name, p.filled(h.value))
		if h.name == "Host" {
			req.Host = h.value
		}
	}
	switch {
	case s.key == "new":
		req.Header.Set("Idempotency-Key", uuid.Must(uuid.NewV7()).String())
	case s.key != "":
		req.Header.Set("Idempotency-Key", p.filled(s.key))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	a.status = resp.StatusCode
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return a, err
}

// wait asks until the answer has what is waited for.
func (p player) wait(ctx context.Context, s step) (a answered, err error) {
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	path, want, _ := strings.Cut(s.until, "=")
	want = p.filled(want)
	for tick := time.NewTicker(askEvery); ; {
		called, asked := p.call(ctx, s)
		if asked == nil {
			a = called
			if got, _ := field(a.body, "."+path); got == want {
				return a, nil
			}
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return a, fmt.Errorf("%w; last seen: %s", ctx.Err(), a.body)
		case <-tick.C:
		}
	}
}

// field finds .name.0.name in JSON and gives it as text.
func field(body []byte, path string) (string, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return "", fmt.Errorf("no JSON to take %s from: %w", path, err)
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(at) {
				return "", fmt.Errorf("no %s", path)
			}
			v = at[i]
		default:
			return "", fmt.Errorf("no %s", path)
		}
	}
	if v == nil {
		return "", fmt.Errorf("no %s", path)
	}
	return fmt.Sprint(v), nil
}
