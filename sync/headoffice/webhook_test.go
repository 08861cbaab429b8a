package headoffice

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"loyaltill/store/hodb"
)

// heard is one message as a receiver had it.
type heard struct {
	id, timestamp, signature string
	body                     []byte
}

// receiver is a back office's HTTP server. It keeps what it is sent, and answers as it is told; 204 when it is told nothing.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	got     chan heard
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	t.Helper()
	r := &receiver{answers: answers, got: make(chan heard, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		h := req.Header
		r.got <- heard{h.Get("Webhook-Id"), h.Get("Webhook-Timestamp"), h.Get("Webhook-Signature"), body}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.answer())
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) == 0 {
		return http.StatusNoContent
	}
	next := r.answers[0]
	r.answers = r.answers[1:]
	return next
}

func (r *receiver) next(t *testing.T) heard {
	t.Helper()
	select {
	case h := <-r.got:
		return h
	case <-time.After(time.Minute):
		t.Fatal("nothing came within a minute")
		return heard{}
	}
}

// days are what a message says, if its signature is that of the secret.
func (h heard) days(t *testing.T, secret string) webhookMessage {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || h.signature != signWebhook(key, h.id, h.timestamp, h.body) {
		t.Errorf("signature %s %v", h.signature, err)
	}
	var m webhookMessage
	if err := json.Unmarshal(h.body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (c *centre) webhook(address string) WebhookReport {
	c.t.Helper()
	hook, err := c.manager().SetWebhook(c.t.Context(), NewWebhook{Name: "accounts", URL: address})
	if err != nil {
		c.t.Fatal(err)
	}
	return hook
}

func TestAReceiverThatFailsAtFirstIsToldAgain(t *testing.T) {
	c, b := closedShop(t)
	r := newReceiver(t, http.StatusServiceUnavailable)
	hook := c.webhook(r.URL)
	b.clock = b.clock.AddDate(0, 0, 1)
	b.sell(0, 100)
	b.closeDay()
	b.sync()
	refused, taken := r.next(t), r.next(t)
	if refused.id != taken.id || string(refused.body) != string(taken.body) {
		t.Errorf("sent %s %s, then %s %s", refused.id, refused.body, taken.id, taken.body)
	}
	m := taken.days(t, hook.Secret)
	if m.Type != messageCloses || len(m.Data.Days) != 1 || m.Data.Days[0].Day != "2026-11-25" || m.Data.Days[0].Cursor != 2 {
		t.Errorf("told %s, want the day that was closed since", taken.body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for behind := int64(1); behind > 0; {
		all, err := c.manager().Webhooks(ctx)
		if err != nil || !pause(ctx, nil, 20*time.Millisecond) {
			t.Fatalf("%+v %v", all, err)
		}
		behind = all[0].Behind
	}
}

// quiet is a shop's head office that does not serve, with a webhook that has heard of nothing; its clock is the test's.
func quiet(t *testing.T, address string, now *time.Time) *centre {
	t.Helper()
	c, _ := closedShop(t)
	c.stop()
	if err := c.office.Close(); err != nil {
		t.Fatal(err)
	}
	o := c.options()
	*now = time.Now()
	o.Clock = func() time.Time { return *now }
	var err error
	if c.office, err = OpenOffice(t.Context(), c.home, o); err != nil {
		t.Fatal(err)
	}
	if _, err := c.office.setWebhook(t.Context(), NewWebhook{Name: "accounts", URL: address}); err != nil {
		t.Fatal(err)
	}
	c.toldThrough(0)
	return c
}

// toldThrough writes how far the webhook has heard.
func (c *centre) toldThrough(told int64) {
	c.t.Helper()
	err := c.office.db.Update(c.t.Context(), func(tx *hodb.Tx) error {
		w, err := tx.Webhook("accounts")
		if err != nil {
			return err
		}
		w.Told = told
		return tx.PutWebhook(w)
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// hook is how the webhook stands.
func (c *centre) hook() WebhookReport {
	c.t.Helper()
	all, err := c.office.listWebhooks(c.t.Context(), none{})
	if err != nil || len(all) != 1 {
		c.t.Fatal(all, err)
	}
	return all[0]
}

func TestAMessageIsGivenUpAfterADayAndToldWithTheNextOne(t *testing.T) {
	r := newReceiver(t)
	r.answers = make([]int, maxHookTries)
	for i := range r.answers {
		r.answers[i] = http.StatusInternalServerError
	}
	var now time.Time
	c := quiet(t, r.URL, &now)
	began := now
	for !c.hook().GaveUp {
		wait, err := c.office.notifyDue(t.Context())
		if now = now.Add(wait); err != nil || now.Sub(began) > maxHookTime {
			t.Fatalf("after %v: %+v %v", now.Sub(began), c.hook(), err)
		}
	}
	if h := c.hook(); !h.GaveUp || h.Told != 0 || h.Behind != 1 || h.Error != "answered 500" || len(r.got) > maxHookTries {
		t.Errorf("%+v after %d tries", h, len(r.got))
	}
	r.mu.Lock()
	r.answers = nil
	r.mu.Unlock()
	if wait, err := c.office.notifyDue(t.Context()); err != nil || wait != hookWatch {
		t.Errorf("with nothing new it is looked at again in %v, %v", wait, err)
	}
	if out, err := c.office.testWebhook(t.Context(), webhookInput{"accounts"}); err != nil || !out.Taken {
		t.Fatal(out, err)
	}
	if _, err := c.office.notifyDue(t.Context()); err != nil || c.hook().Behind != 0 {
		t.Errorf("%+v %v", c.hook(), err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	r := newReceiver(t, http.StatusTemporaryRedirect)
	var now time.Time
	c := quiet(t, r.URL, &now)
	out, err := c.office.testWebhook(t.Context(), webhookInput{"accounts"})
	if err != nil || out.Taken || !strings.Contains(out.Error, "redirects are not followed") || len(r.got) != 1 {
		t.Errorf("%+v %v, %d requests", out, err, len(r.got))
	}
}

func TestAServerThatCannotProveItsNameHearsNothing(t *testing.T) {
	called := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer s.Close()
	var now time.Time
	c := quiet(t, s.URL, &now)
	if out, err := c.office.testWebhook(t.Context(), webhookInput{"accounts"}); err != nil || out.Taken || called || !strings.Contains(out.Error, "certificate") {
		t.Errorf("%+v %v", out, err)
	}
}

func TestWhichAddressesAWebhookMayHave(t *testing.T) {
	for _, row := range []struct {
		url     string
		private bool
		ok      bool
	}{
		{"https://accounts.example.org/hook", false, true},
		{"http://127.0.0.1:8080/hook", false, true},
		{"http://[::1]:8080/", false, true},
		{"http://localhost/hook", false, true},
		{"https://10.1.2.3/", true, true},
		{"https://10.1.2.3/", false, false},
		{"http://10.1.2.3/", true, false},
		{"http://accounts.example.org/hook", false, false},
		{"https://169.254.169.254/latest/meta-data/", true, false},
		{"https://[fe80::1]/", true, false},
		{"https://[::ffff:169.254.169.254]/", true, false},
		{"https://[64:ff9b::a9fe:a9fe]/", true, false},
		{"https://0.0.0.0/", true, false},
		{"https://user:secret@accounts.example.org/", false, false},
		{"https://accounts.example.org/#part", false, false},
		{"ftp://accounts.example.org/", false, false},
		{"https://", false, false},
		{"https://" + strings.Repeat("a", maxWebhookURL), false, false},
	} {
		if err := (NewWebhook{"accounts", row.url, row.private}).check(); (err == nil) != row.ok {
			t.Errorf("%.60s, private %v: %v", row.url, row.private, err)
		}
	}
}

// The address is judged when it is called: what a name was when the webhook was set says nothing of what it is now.
func TestANameThatLeadsElsewhereLaterIsNotCalled(t *testing.T) {
	named := reachOf("https://accounts.example.org/", false)
	for address, ok := range map[string]bool{"93.184.216.34": true, "2606:2800::1": true, "127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.100.100.200": false, "fd00:ec2::254": false, "224.0.0.1": false, "fe80::1%eth0": false} {
		if err := named.control("tcp", netip.AddrPortFrom(netip.MustParseAddr(address), 443).String(), nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := reachOf("https://accounts.example.org/", true).allows(netip.MustParseAddr("127.0.0.1")); err == nil {
		t.Error("a private network is not this machine")
	}
}

func TestASecretIsNewWithEachSettingAndShownOnce(t *testing.T) {
	r := newReceiver(t)
	var now time.Time
	c := quiet(t, r.URL, &now)
	first, err := c.office.setWebhook(t.Context(), NewWebhook{Name: "accounts", URL: r.URL})
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.office.setWebhook(t.Context(), NewWebhook{Name: "accounts", URL: r.URL})
	if err != nil || first.Secret == second.Secret || len(second.Secret) < 40 || c.hook().Secret != "" {
		t.Errorf("%+v, then %+v %v; shown again: %q", first, second, err, c.hook().Secret)
	}
	if _, err := c.office.notifyDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.next(t).days(t, second.Secret)
	if strings.Contains(c.log.String(), second.Secret) {
		t.Error("the secret is in the log")
	}
	_, err = c.office.removeWebhook(t.Context(), webhookInput{"accounts"})
	if all, lerr := c.office.listWebhooks(t.Context(), none{}); err != nil || lerr != nil || len(all) != 0 {
		t.Errorf("%v %v %v", all, err, lerr)
	}
	if _, err = c.office.removeWebhook(t.Context(), webhookInput{"accounts"}); mustFail[*FieldError](t, err).Field != "name" {
		t.Error(err)
	}
}

// The check of docs/nightly.md takes what head office sends and nothing else.
func TestTheCheckInTheDocsTakesAMessage(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "nightly.md"))
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```python\n(.*?)```").FindSubmatch(doc)
	if program == nil {
		t.Fatal("docs/nightly.md shows no check")
	}
	r := newReceiver(t)
	var now time.Time
	c := quiet(t, r.URL, &now)
	hook, err := c.office.setWebhook(t.Context(), NewWebhook{Name: "accounts", URL: r.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.office.notifyDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := r.next(t)
	const call = `
import json, sys
for case in json.load(sys.stdin):
    if check(case["secret"], case["headers"], case["body"].encode()) != case["want"]:
        print(case["name"])
`
	var cases []map[string]any
	for name, row := range map[string]struct {
		change func(headers map[string]string, body *string)
		want   bool
	}{
		"as it was sent":        {func(map[string]string, *string) {}, true},
		"another body":          {func(_ map[string]string, body *string) { *body += " " }, false},
		"another id":            {func(h map[string]string, _ *string) { h["webhook-id"] += "0" }, false},
		"of an hour ago":        {func(h map[string]string, _ *string) { h["webhook-timestamp"] = "1700000000" }, false},
		"without a signature":   {func(h map[string]string, _ *string) { delete(h, "webhook-signature") }, false},
		"with two, one of ours": {func(h map[string]string, _ *string) { h["webhook-signature"] = "v1,AAAA " + h["webhook-signature"] }, true},
	} {
		headers, body := map[string]string{"webhook-id": h.id, "webhook-timestamp": h.timestamp, "webhook-signature": h.signature}, string(h.body)
		row.change(headers, &body)
		cases = append(cases, map[string]any{"name": name, "want": row.want, "secret": hook.Secret, "headers": headers, "body": body})
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := tool(t, "python3", "-c", string(program[1])+call)
	cmd.Stdin = bytes.NewReader(in)
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("the check is wrong about: %s %v", said, err)
	}
}

// Two instances of head office are at one webhook: the first stands still in the middle of its message, until the other has told that one and
// the next. What the first says when it wakes up takes nothing back, be it that its message was taken, or that it was not.
func TestAnInstanceThatWakesUpLateTakesNothingBackOnBothEngines(t *testing.T) {
	for what, failed := range map[string]error{"taken": nil, "not taken": errors.New("answered 503")} {
		r := newReceiver(t)
		var now time.Time
		c := quiet(t, r.URL, &now)
		other := c.office
		if c.home.Database != "" { // which only PostgreSQL lets two processes have
			o := c.options()
			o.Clock = func() time.Time { return now }
			var err error
			if other, err = OpenOffice(t.Context(), c.home, o); err != nil {
				t.Fatal(err)
			}
			defer other.Close()
		}
		var slept *outgoing
		err := c.office.db.Update(t.Context(), func(tx *hodb.Tx) (err error) {
			slept, err = claimMessage(tx, "accounts")
			return err
		})
		if err != nil || slept == nil {
			t.Fatalf("%+v, %v", slept, err)
		}
		if _, err := other.notifyDue(t.Context()); err != nil || len(r.got) != 0 {
			t.Errorf("%s: the other instance sent %d messages while the first has it, %v", what, len(r.got), err)
		}
		now = now.Add(hookClaim)
		if _, err := other.notifyDue(t.Context()); err != nil || len(r.got) != 1 {
			t.Fatalf("%s: the other instance sent %d messages afterwards, %v", what, len(r.got), err)
		}
		before := c.hook()
		if err := c.office.db.Update(t.Context(), func(tx *hodb.Tx) error { return c.office.delivered(tx, slept, failed) }); err != nil {
			t.Fatal(err)
		}
		if after := c.hook(); after != before || after.Behind != 0 || after.Error != "" {
			t.Errorf("%s: %+v, and when the first woke up %+v", what, before, after)
		}
	}
}
