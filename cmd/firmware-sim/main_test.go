package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// table runs the program and gives what it said when it was ready. It is stopped, and must stop well, when the test ends.
func table(t *testing.T, args ...string) ready {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"run"}, args...), streams{in, &stderr})
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		stop()
		<-code
		t.Fatalf("the program ended: %s", stderr.String())
	}
	t.Cleanup(func() {
		stop()
		if got := <-code; got != 0 {
			t.Errorf("exit code %d: %s", got, stderr.String())
		}
	})
	var r ready
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return r
}

func ask(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestWhatAHostPrintsIsReadOverTheControlInterface(t *testing.T) {
	r := table(t, "--printer", "till-1=tcp:127.0.0.1:0,personality=tm-t20iii,speed=1000")
	host, err := net.Dial("tcp", strings.TrimPrefix(r.Printers["till-1"], "tcp:"))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if _, err := io.WriteString(host, "\x1bt\x33Kop\xe2 1,00\n\x1dVB\x00"); err != nil {
		t.Fatal(err)
	}
	if code, text := ask(t, "POST", r.Control+"/printers/till-1/wait", `{"sheets":1,"timeout_ms":30000}`); code != 200 {
		t.Fatal(code, text)
	}
	if _, text := ask(t, "GET", r.Control+"/printers/till-1/sheets/1.txt", ""); text != "Kopā 1,00\n" {
		t.Errorf("sheet 1 says %q", text)
	}
	for _, link := range []string{"/printers/till-1/paper.png", "/paper", "/printers/openapi.json"} {
		if _, page := ask(t, "GET", r.Control+"/", ""); !strings.Contains(page, `href="`+link+`"`) {
			t.Errorf("the landing page does not lead to %s:\n%s", link, page)
		}
		if code, _ := ask(t, "GET", r.Control+link, ""); code != 200 {
			t.Errorf("%s: %d", link, code)
		}
	}
}

func TestOtherSitesPagesAreKeptOut(t *testing.T) {
	r := table(t, "--printer", "till-1=tcp:127.0.0.1:0")
	for _, c := range []struct {
		why, method, path string
		header            []string
		code              int
	}{
		{"another origin may not act", "POST", "/printers/till-1/power", []string{"Origin", "http://evil.example"}, http.StatusForbidden},
		{"a browser's cross-site request may not act", "POST", "/printers/till-1/power", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"a name that was bound to loopback is not ours", "GET", "/printers", []string{"Host", "evil.example:80"}, http.StatusMisdirectedRequest},
		{"this machine may", "GET", "/printers", nil, http.StatusOK},
	} {
		if code, text := ask(t, c.method, r.Control+c.path, `{"on":false}`, c.header...); code != c.code {
			t.Errorf("%s: got %d %s", c.why, code, text)
		}
	}
	if _, text := ask(t, "GET", r.Control+"/printers/till-1", ""); !strings.Contains(text, `"power":true`) {
		t.Errorf("the printer was switched off: %s", text)
	}
}

func TestCardsAreMadeFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	var made, again, stderr bytes.Buffer
	if code := run(t.Context(), []string{"card", "create", "--cards", dir, "anna"}, streams{&made, &stderr}); code != 0 {
		t.Fatal(stderr.String())
	}
	if !json.Valid(made.Bytes()) {
		t.Fatalf("the request is not JSON: %s", made.String())
	}
	if code := run(t.Context(), []string{"card", "request", "--cards", dir, "anna"}, streams{&again, &stderr}); code != 0 {
		t.Fatal(stderr.String())
	}
	if made.String() != again.String() {
		t.Errorf("the request changed:\n%s\n%s", made.String(), again.String())
	}
	perso := filepath.Join(dir, "perso.json")
	if err := os.WriteFile(perso, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"card", "personalise", "--cards", dir, "anna", perso}, streams{&made, &stderr}); code != 1 {
		t.Errorf("an empty personalisation file: exit code %d", code)
	}
}

func TestWrongUsageIsRefusedBeforeADeviceAppears(t *testing.T) {
	link := filepath.Join(t.TempDir(), "till")
	for _, c := range []struct {
		why  string
		args []string
		code int
	}{
		{"control beyond loopback", []string{"run", "--control", "0.0.0.0:0", "--printer", "a=pty:" + link}, 1},
		{"printer beyond loopback", []string{"run", "--printer", "a=tcp:0.0.0.0:9100"}, 1},
		{"printer without a place", []string{"run", "--printer", "a"}, 1},
		{"unknown option", []string{"run", "--printer", "a=pty:" + link + ",colour=red"}, 1},
		{"unknown personality", []string{"run", "--printer", "a=pty:" + link + ",personality=daisywheel"}, 1},
		{"printer's clock that nobody knows", []string{"run", "--printer", "a=pty:" + link + ",clock=sand"}, 1},
		{"speed that is no number", []string{"run", "--printer", "a=pty:" + link, "--speed", "NaN"}, 1},
		{"name that is no path element", []string{"run", "--printer", "../a=pty:" + link}, 1},
		{"speed that nobody knows", []string{"run", "--cards", filepath.Dir(link), "--reader", "r=127.0.0.1:1,card=jcop5"}, 1},
		{"clock that nobody knows", []string{"run", "--cards", filepath.Dir(link), "--reader", "r=127.0.0.1:1,clock=sand"}, 1},
		{"reader without cards", []string{"run", "--reader", "r=127.0.0.1:1"}, 1},
		{"reader without a place", []string{"run", "--cards", t.TempDir(), "--reader", "r"}, 1},
		{"serial number of a reader that tells none", []string{"run", "--cards", t.TempDir(), "--reader", "r=127.0.0.1:1,serial=1"}, 1},
		{"unknown flag", []string{"run", "--printers", "a"}, 2},
		{"no command", nil, 2},
	} {
		var out, stderr bytes.Buffer
		if code := run(t.Context(), c.args, streams{&out, &stderr}); code != c.code || stderr.Len() == 0 {
			t.Errorf("%s: exit code %d, said %q", c.why, code, stderr.String())
		}
		if _, err := os.Lstat(link); err == nil {
			t.Errorf("%s: the device is there", c.why)
		}
	}
}

func TestCardsAreSpoiledAndCopiedFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys.json")
	text := `{"version":7,"enc":"` + strings.Repeat("11", 16) + `","mac":"` + strings.Repeat("22", 16) + `","dek":"` + strings.Repeat("33", 16) + `"}`
	if err := os.WriteFile(keys, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"version":0}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why  string
		args []string
		code int
		says string
	}{
		{"a blank of a maker's own", []string{"card", "create", "--cards", dir, "--transport-keys", keys, "anna"}, 0, "public_key"},
		{"keys that are none", []string{"card", "create", "--cards", dir, "--transport-keys", bad, "ben"}, 1, "not transport keys"},
		{"the blank shown", []string{"card", "show", "--cards", dir, "anna"}, 0, `"personalised": false`},
		{"a second one", []string{"card", "copy", "--cards", dir, "anna", "anna-2"}, 0, "card anna-2 is a fork of anna"},
		{"a second one again", []string{"card", "copy", "--cards", dir, "anna", "anna-2"}, 1, "exists already"},
		{"a state of a blank", []string{"card", "put", "--cards", dir, "anna", "pin-blocked"}, 1, "blank"},
		{"a state of nobody", []string{"card", "put", "--cards", dir, "carla", "pin-blocked"}, 1, "no such card"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), c.args, streams{&out, &out}); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: exit code %d, said %q", c.why, code, out.String())
		}
	}
}

func TestASeedMakesTheSameCards(t *testing.T) {
	request := func(seed string) string {
		var out bytes.Buffer
		if code := run(t.Context(), []string{"--seed", seed, "card", "create", "--cards", t.TempDir(), "anna"}, streams{&out, &out}); code != 0 {
			t.Fatal(out.String())
		}
		return out.String()
	}
	if a, b, c := request("7"), request("7"), request("8"); a != b || a == c {
		t.Errorf("%s, %s and %s", a, b, c)
	}
}

func TestAReaderHasTheSpeedOfTheCommandLine(t *testing.T) {
	r := table(t, "--cards", t.TempDir(), "--reader", "lane-1=127.0.0.1:1,card=jcop4,link=nfc-424,clock=virtual")
	if _, text := ask(t, "GET", r.Control+"/readers", ""); !strings.Contains(text, `"speed":{"card":"jcop4","link":"nfc-424","virtual":true}`) {
		t.Errorf("readers: %s", text)
	}
	if _, page := ask(t, "GET", r.Control+"/bench", ""); !strings.Contains(page, "Card bench") {
		t.Errorf("page: %s", page)
	}
	if _, text := ask(t, "GET", r.Control+"/openapi.json", ""); !json.Valid([]byte(text)) {
		t.Errorf("description: %s", text)
	}
}
