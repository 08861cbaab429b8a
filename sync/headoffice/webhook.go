package headoffice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"time"

	"loyaltill/store/hodb"
)

const (
	maxWebhooks   = 16
	maxWebhookURL = 2048
	webhookNonce  = 16
)

// webhookLabel keeps the secrets of webhooks from being taken for anything else that is worked out from the position key.
const webhookLabel = "loyaltill webhook 1"

// webhookSecret is what a webhook's messages are signed with. It is in no database: the folder's key and the nonce give it again.
func (k *Keys) webhookSecret(name string, nonce []byte) []byte {
	mac := hmac.New(sha256.New, k.position.Seed())
	mac.Write([]byte(webhookLabel))
	mac.Write(nonce)
	mac.Write([]byte(name))
	return mac.Sum(nil)
}

// NewWebhook is an address to be told of published days.
type NewWebhook struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Private bool   `json:"private"` // the address may be one of a private network
}

func (n NewWebhook) check() error {
	if err := checkName(n.Name); err != nil {
		return &FieldError{"name", "give another name", err}
	}
	u, err := url.Parse(n.URL)
	bad := func(remedy string) error { return &FieldError{"url", remedy, err} }
	switch {
	case err != nil || len(n.URL) > maxWebhookURL || u.Hostname() == "":
		return bad("give an address such as https://accounts.example.org/hooks/loyaltill")
	case u.User != nil || u.Fragment != "":
		return bad("give it without user, password and fragment; messages are signed")
	case u.Scheme != "https" && (u.Scheme != "http" || !isThisMachine(u.Hostname())):
		return bad("give an https address; http is for this machine alone, such as http://127.0.0.1:8080/")
	}
	if ip, perr := netip.ParseAddr(u.Hostname()); perr == nil {
		err = reachOf(n.URL, n.Private).allows(ip)
	}
	if err != nil {
		return bad("give an address that head office may call; one of a private network with --private")
	}
	return nil
}

// WebhookReport is how one webhook stands.
type WebhookReport struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Private bool   `json:"private,omitempty"`
	Secret  string `json:"secret,omitempty"`  // when it is set, and never again
	Told    int64  `json:"told"`              // cursor up to which it has heard
	Behind  int64  `json:"behind"`            // published days above it
	Tries   int64  `json:"tries,omitempty"`   // of the message on its way
	Next    string `json:"next,omitempty"`    // when that is sent again
	GaveUp  bool   `json:"gave_up,omitempty"` // the next message goes out with the next published day
	Error   string `json:"error,omitempty"`   // what became of the last try
	Last    string `json:"last,omitempty"`    // when a message was last taken
}

func webhookReport(w hodb.Webhook, newest int64) WebhookReport {
	r := WebhookReport{Name: w.Name, URL: w.URL, Private: w.Private, Told: w.Told, Behind: newest - w.Told, Tries: w.Tries,
		GaveUp: w.Through == 0 && w.GaveUp > w.Told, Error: w.Error}
	if w.Through > 0 {
		r.Next = clockText(w.Next)
	}
	if !w.ToldAt.IsZero() {
		r.Last = clockText(w.ToldAt)
	}
	return r
}

// setWebhook enters a webhook, or gives one another address and another secret. A new one hears of days published from now on.
func (o *Office) setWebhook(ctx context.Context, n NewWebhook) (out WebhookReport, err error) {
	if err := n.check(); err != nil {
		return out, err
	}
	nonce := make([]byte, webhookNonce)
	if _, err := io.ReadFull(o.entropy, nonce); err != nil {
		return out, fmt.Errorf("set webhook %s: %w", n.Name, err)
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		all, err := tx.Webhooks()
		if err != nil {
			return err
		}
		newest, err := tx.NewestClose()
		if err != nil {
			return err
		}
		w, err := tx.Webhook(n.Name)
		if errors.Is(err, hodb.ErrNotFound) {
			if len(all) >= maxWebhooks {
				return &FieldError{"name", fmt.Sprintf("remove one first: there are %d at most", maxWebhooks), nil}
			}
			w, err = hodb.Webhook{Told: newest}, nil
		}
		if err != nil {
			return err
		}
		w = hodb.Webhook{Name: n.Name, URL: n.URL, Private: n.Private, Nonce: nonce, Told: w.Told, ToldAt: w.ToldAt}
		out = webhookReport(w, newest)
		return tx.PutWebhook(w)
	})
	out.Secret = "whsec_" + base64.StdEncoding.EncodeToString(o.home.Keys.webhookSecret(n.Name, nonce))
	return out, err
}

type webhookInput struct {
	Name string `json:"name"`
}

func (o *Office) removeWebhook(ctx context.Context, in webhookInput) (none, error) {
	err := o.db.Update(ctx, func(tx *hodb.Tx) error { return tx.RemoveWebhook(in.Name) })
	return none{}, knownWebhook(err)
}

func knownWebhook(err error) error {
	if errors.Is(err, hodb.ErrNotFound) {
		return &FieldError{"name", `give one that "headoffice webhook list" prints`, err}
	}
	return err
}

func (o *Office) listWebhooks(ctx context.Context, _ none) (out []WebhookReport, err error) {
	out = []WebhookReport{}
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		newest, err := tx.NewestClose()
		if err != nil {
			return err
		}
		all, err := tx.Webhooks()
		for _, w := range all {
			out = append(out, webhookReport(w, newest))
		}
		return err
	})
	return out, err
}

// WebhookTest is what became of a message that was sent to try a webhook.
type WebhookTest struct {
	Name  string `json:"name"`
	Taken bool   `json:"taken"`
	Error string `json:"error,omitempty"`
}

// testWebhook sends a message at once. When it is taken, what waits goes out too.
func (o *Office) testWebhook(ctx context.Context, in webhookInput) (out WebhookTest, err error) {
	out.Name = in.Name
	var w hodb.Webhook
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		w, err = tx.Webhook(in.Name)
		return err
	})
	if err != nil {
		return out, knownWebhook(err)
	}
	now := o.clock().UTC()
	body, err := webhookMessage{Type: messageTest, Timestamp: clockText(now)}.body()
	if err != nil {
		return out, err
	}
	err = o.sendWebhook(ctx, w, fmt.Sprintf("test-%d", now.UnixMilli()), body)
	if err != nil {
		out.Error = err.Error()
		return out, nil
	}
	out.Taken = true
	return out, o.db.Update(ctx, func(tx *hodb.Tx) error {
		now, err := tx.Webhook(in.Name)
		if err != nil || !bytes.Equal(now.Nonce, w.Nonce) {
			return knownWebhook(err)
		}
		now.GaveUp, now.Next, now.Error = 0, time.Time{}, ""
		return tx.PutWebhook(now)
	})
}

// SetWebhook enters a webhook, or gives one another address and secret.
func (m Manager) SetWebhook(ctx context.Context, n NewWebhook) (out WebhookReport, err error) {
	err = m.call(ctx, opHook, n, &out)
	return out, err
}

// RemoveWebhook forgets a webhook.
func (m Manager) RemoveWebhook(ctx context.Context, name string) error {
	return m.call(ctx, opUnhook, webhookInput{name}, &none{})
}

// Webhooks says how each stands.
func (m Manager) Webhooks(ctx context.Context) (all []WebhookReport, err error) {
	err = m.call(ctx, opHooks, none{}, &all)
	return all, err
}

// TestWebhook sends a message to try a webhook.
func (m Manager) TestWebhook(ctx context.Context, name string) (out WebhookTest, err error) {
	err = m.call(ctx, opHookTest, webhookInput{name}, &out)
	return out, err
}
