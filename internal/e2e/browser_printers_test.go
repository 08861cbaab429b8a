package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// printerTable is the simulator with printers alone, run as its users run it.
type printerTable struct {
	control string
	ports   map[string]string
}

// openPrinters starts the simulator with printers on TCP ports, each given as on its command line.
func openPrinters(t *testing.T, printers ...string) printerTable {
	t.Helper()
	args := []string{"run"}
	for _, p := range printers {
		args = append(args, "--printer", p)
	}
	table := printerTable{control: startSimulator(t, filepath.Join(programs(t), "firmware-sim"), args), ports: map[string]string{}}
	var all struct {
		Printers []struct{ Name, Device string }
	}
	if err := json.Unmarshal(table.do(t, http.MethodGet, "/printers", ""), &all); err != nil {
		t.Fatal(err)
	}
	for _, p := range all.Printers {
		table.ports[p.Name] = strings.TrimPrefix(p.Device, "tcp:")
	}
	return table
}

// do asks the control interface for something that must succeed.
func (p printerTable) do(t *testing.T, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.control+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %s: %s %s %v", method, path, body, answer.Status, text, err)
	}
	return text
}

// dial connects a host with a printer, which serves one at a time.
func (p printerTable) dial(t *testing.T, name string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.ports[name])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func send(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// lamp holds when a printer's section has a lamp that reads so.
func lamp(printer, text string) string {
	return `[...document.querySelectorAll('[data-printer=` + printer + `] .lamps li')].some((l) => l.textContent === '` + text + `')`
}

func TestThePrintersPageInABrowser(t *testing.T) {
	chromium(t)
	table := openPrinters(t, "till=tcp:127.0.0.1:0,personality=tm-t88v,speed=20", "bar=tcp:127.0.0.1:0,clock=virtual")
	p := browse(t, table.control, table.control+"/paper")
	p.until("both printers online", lamp("till", "online")+" && "+lamp("bar", "online"))

	picture := `document.querySelector('[data-printer=till] .out img')`
	p.until("the empty strip", picture+`.naturalHeight > 0`)
	p.eval(`window.before = ` + picture + `.naturalHeight`)
	send(t, table.dial(t, "till"), "\x1b@\x1ba\x01\x1d!\x11CORNER SHOP\x1d!\x00\n\x1ba\x00milk                                  2.40\nTOTAL                                 2.40\n")
	p.until("the paper to come out", picture+`.naturalWidth === 512 && `+picture+`.naturalHeight > window.before`)

	for _, c := range []struct{ press, lamp, release string }{
		{"cover", "cover open", "online"}, {"paper", "no paper", "online"}, {"low", "paper near its end", "online"},
		{"drawer", "drawer open", "online"}, {"power", "off", "online"}, {"cable", "unplugged", "online"},
	} {
		button := `[data-printer=till] .` + c.press
		p.click(button)
		p.until(c.lamp, lamp("till", c.lamp)+` && document.querySelector('`+button+`').getAttribute('aria-pressed') === 'true'`)
		p.click(button)
		p.until(c.press+" put right", lamp("till", c.release)+" && !"+lamp("till", c.lamp))
	}

	p.click("[data-printer=till] .cutter")
	p.until("the stuck blade", lamp("till", "blade stuck"))
	host := table.dial(t, "till") // switching off and the cable have ended the one before
	send(t, host, "\x1dVB\x00")
	p.until("the jam", lamp("till", "cutter error"))
	p.click("[data-printer=till] .cutter")
	p.until("the freed blade", "!"+lamp("till", "blade stuck"))
	send(t, host, "\x10\x05\x01")
	p.until("the cut sheet, behind the one torn off with the roll", `document.querySelector('[data-printer=till] .counts').innerText.includes('sheets 2,')`)

	p.eval(`(() => { const d = document.querySelector('[data-printer=bar] .fault'); d.open = true; d.querySelector('[name=kind]').value = 'overheat';
		d.querySelector('[name=kind]').dispatchEvent(new Event('change')); d.querySelector('[name=at]').value = 'time'; d.querySelector('[name=n]').value = '1500' })()`)
	p.click("[data-printer=bar] .fault button")
	p.until("the planned fault", `document.querySelector('[data-printer=bar] .armed').innerText.includes('overheat in 1500 ms')`)
	for range 2 {
		p.click("[data-printer=bar] .clock button")
	}
	p.until("the fault when its time has come", lamp("bar", "overheat error"))
	p.eval(`scrollTo(0, 0)`)
	p.shoot("printers")
	p.scheme("dark")
	p.shoot("printers-dark")
	p.wellBehaved()
}
