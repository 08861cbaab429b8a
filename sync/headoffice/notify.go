package headoffice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// Limits of what a webhook is told, and of how often.
const (
	maxHookDays   = 100              // in one message
	maxHookTries  = 12               // of one message
	maxHookTime   = 24 * time.Hour   // from its first try on
	hookTimeout   = 10 * time.Second // of one try
	hookClaim     = time.Minute      // nobody else sends a message meanwhile
	hookWatch     = 10 * time.Minute // how long nothing is looked at when nothing is due
	maxHookAnswer = 4 << 10          // read of an answer, and not looked at

	firstHookPause = time.Second
	hookPauseGrows = 3
	lastHookPause  = 4 * time.Hour
)

// Types of messages.
const (
	messageCloses = "closes.published"
	messageTest   = "test"
)

// webhookMessage is what a webhook is sent: that there is something to pull, and no figure of anybody.
type webhookMessage struct {
	Type      string       `json:"type"`
	Timestamp string       `json:"timestamp"`
	Data      *webhookDays `json:"data,omitempty"`
}

type webhookDays struct {
	After   int64        `json:"after"`   // cursor below the first of them
	Through int64        `json:"through"` // cursor of the last
	Days    []webhookDay `json:"days"`
}

// webhookDay is one published day, or a further revision of one.
type webhookDay struct {
	Cursor   int64           `json:"cursor"`
	Store    loyalty.StoreID `json:"store"`
	Day      string          `json:"day"`
	Revision int             `json:"rev"`
	SHA256   store.Hash      `json:"sha256"` // of the manifest's line, without line end
}

func (m webhookMessage) body() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode message of webhook: %w", err)
	}
	return body, nil
}

// notify tells every webhook of published days until ctx ends.
func (o *Office) notify(ctx context.Context) {
	for {
		heard := o.changed.wait()
		wait, err := o.notifyDue(ctx)
		if err != nil && ctx.Err() == nil {
			o.log.Error().Err(err).Msg("webhooks stopped, trying again")
			wait = postRetry
		}
		if !pause(ctx, heard, wait) {
			return
		}
	}
}

// notifyDue sends what is due, to all webhooks at once, and says when to look again.
func (o *Office) notifyDue(ctx context.Context) (wait time.Duration, err error) {
	var due []string
	wait = hookWatch
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		newest, err := tx.NewestClose()
		if err != nil {
			return err
		}
		all, err := tx.Webhooks()
		for _, w := range all {
			if left := w.Next.Sub(tx.Now()); !hasNews(w, newest) {
				continue
			} else if left > 0 {
				wait = min(wait, left)
			} else {
				due = append(due, w.Name)
			}
		}
		return err
	})
	if err != nil || len(due) == 0 {
		return wait, err
	}
	errs := make([]error, len(due))
	var wg sync.WaitGroup
	for i, name := range due {
		wg.Go(func() { errs[i] = o.deliver(ctx, name) })
	}
	wg.Wait()
	return 0, errors.Join(errs...) // what was sent is not due any more, and what comes next may be
}

// hasNews tells whether a webhook has a message on its way, or days that it has not heard of and was not given up for.
func hasNews(w hodb.Webhook, newest int64) bool {
	return w.Through > 0 || newest > max(w.Told, w.GaveUp)
}

// outgoing is a message that one instance sends now.
type outgoing struct {
	hook hodb.Webhook
	id   string
	body []byte
}

// deliver sends a webhook's message once, and writes down what became of it.
func (o *Office) deliver(ctx context.Context, name string) error {
	var out *outgoing
	err := o.db.Update(ctx, func(tx *hodb.Tx) (err error) {
		out, err = claimMessage(tx, name)
		return err
	})
	if err != nil || out == nil {
		return err
	}
	failed := o.sendWebhook(ctx, out.hook, out.id, out.body)
	if ctx.Err() != nil {
		return ctx.Err() // it may have arrived; the next instance says the same under the same id
	}
	return o.db.Update(ctx, func(tx *hodb.Tx) error { return o.delivered(tx, out, failed) })
}

// claimMessage takes the message that is on its way, or makes the next one; nil when another instance has it. The same try is made
// of the same bytes: published days never change.
func claimMessage(tx *hodb.Tx, name string) (*outgoing, error) {
	w, err := tx.Webhook(name)
	if errors.Is(err, hodb.ErrNotFound) {
		return nil, nil // removed meanwhile
	}
	if err != nil {
		return nil, err
	}
	newest, err := tx.NewestClose()
	if err != nil || !hasNews(w, newest) || w.Next.After(tx.Now()) {
		return nil, err
	}
	closes, err := tx.Closes(w.Told, maxHookDays)
	if err != nil {
		return nil, err
	}
	if len(closes) == 0 {
		return nil, fmt.Errorf("webhook %s waits for day %d, which is not there; set it again", name, max(newest, w.Through))
	}
	if w.Through == 0 {
		w.Through, w.Tries, w.First = closes[len(closes)-1].No, 0, tx.Now()
	}
	w.Tries++
	w.Next = tx.Now().Add(hookClaim)
	said := &webhookDays{After: w.Told, Through: w.Through}
	for _, c := range closes {
		if c.No <= w.Through {
			said.Days = append(said.Days, webhookDay{c.No, c.Range.Store, c.Day, c.Revision, sha256.Sum256(c.Manifest)})
		}
	}
	body, err := webhookMessage{Type: messageCloses, Timestamp: clockText(w.First), Data: said}.body()
	if err != nil {
		return nil, err
	}
	return &outgoing{hook: w, id: fmt.Sprintf("closes-%d-%d", said.After, said.Through), body: body}, tx.PutWebhook(w)
}

// delivered writes down what became of a message. One that was given up is told again with the next published day.
func (o *Office) delivered(tx *hodb.Tx, out *outgoing, failed error) error {
	w, err := tx.Webhook(out.hook.Name)
	if errors.Is(err, hodb.ErrNotFound) {
		return nil
	}
	if err != nil || !bytes.Equal(w.Nonce, out.hook.Nonce) || w.Told != out.hook.Told {
		return err // set anew meanwhile, or another instance has told it
	}
	if failed != nil && w.Tries != out.hook.Tries {
		return nil // another instance is at it
	}
	w.Next, w.Error = time.Time{}, ""
	if failed == nil {
		w.Told, w.Through, w.Tries, w.GaveUp, w.ToldAt = out.hook.Through, 0, 0, 0, tx.Now()
		o.log.Info().Str("webhook", w.Name).Str("message", out.id).Msg("webhook told")
		return tx.PutWebhook(w)
	}
	w.Error = failed.Error()
	wait, more := hookPause(w.Tries)
	if w.Next = tx.Now().Add(wait); !more || w.Next.Sub(w.First) > maxHookTime {
		w.Through, w.Next = 0, time.Time{}
		if w.GaveUp, err = tx.NewestClose(); err != nil {
			return err
		}
	}
	o.log.Warn().Str("webhook", w.Name).Str("message", out.id).Int64("try", w.Tries).Bool("given_up", w.Through == 0).Err(failed).Msg("webhook not told")
	return tx.PutWebhook(w)
}

// hookPause is how long to wait after so many tries; false: it was the last one.
func hookPause(tries int64) (wait time.Duration, more bool) {
	e := backoff.NewExponentialBackOff(backoff.WithInitialInterval(firstHookPause), backoff.WithMultiplier(hookPauseGrows),
		backoff.WithMaxInterval(lastHookPause), backoff.WithMaxElapsedTime(0)) // the database knows since when
	b := backoff.WithMaxRetries(e, maxHookTries-1)
	for range tries {
		wait = b.NextBackOff()
	}
	return wait, wait != backoff.Stop
}

// sendWebhook sends one signed message, as the Standard Webhooks specification has it: HMAC-SHA256 over id, time and body.
func (o *Office) sendWebhook(ctx context.Context, w hodb.Webhook, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook %s: its address is damaged; set it again", w.Name)
	}
	now := strconv.FormatInt(o.clock().Unix(), 10)
	req.Header.Set("Content-Type", wire.TypeJSON)
	req.Header.Set("User-Agent", "loyaltill-headoffice")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", now)
	req.Header.Set("Webhook-Signature", signWebhook(o.home.Keys.webhookSecret(w.Name, w.Nonce), id, now, body))
	client := http.Client{Transport: hookTransport(w), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxHookAnswer)
	switch resp.StatusCode / 100 {
	case 2:
		return nil
	case 3:
		return fmt.Errorf("answered %d; redirects are not followed", resp.StatusCode)
	}
	return fmt.Errorf("answered %d", resp.StatusCode)
}

// hookTransport connects to nothing but what the webhook's address may mean, and to no proxy.
func hookTransport(w hodb.Webhook) *http.Transport {
	dialer := net.Dialer{Timeout: hookTimeout, Control: reachOf(w.URL, w.Private).control}
	return &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: hookTimeout, MaxResponseHeaderBytes: maxHeader, DisableKeepAlives: true}
}

// signWebhook gives the value of the signature's header.
func signWebhook(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
