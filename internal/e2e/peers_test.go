package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// peersDir holds receipt programs that were written by others.
const peersDir = "../../tools/peers"

// peersNode is the Node that runs them. Without it, or without them, a test is skipped, but not in CI, which has both.
func peersNode(t testing.TB) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(peersDir, "node_modules"))
	}
	switch {
	case err == nil:
		return node
	case os.Getenv("CI") != "":
		t.Fatalf("CI must have Node, and npm ci done in tools/peers: %v", err)
	}
	t.Skipf("no Node, or npm ci was not done in tools/peers: %v", err)
	return ""
}

// scan reads the codes on a newest sheet with an independent program.
func scan(t *testing.T, picture []byte) []string {
	t.Helper()
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no zbarimg: apt-get install zbar-tools")
		}
		t.Skip("no zbarimg: apt-get install zbar-tools")
	}
	path := filepath.Join(t.TempDir(), "sheet.png")
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", path).Output()
	if err != nil {
		t.Errorf("zbarimg reads nothing: %v", err)
	}
	codes := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(codes)
	return codes
}

// Exit codes of receiptio's command, from its help.
const (
	receiptioSuccess    = 0
	receiptioCoverOpen  = 101
	receiptioPaperEmpty = 102
	receiptioError      = 103
	receiptioOffline    = 104
	receiptioDisconnect = 105
	receiptioTimeout    = 106
)

// receiptio prints the corner shop's receipt at an address, on port 9100, within so many seconds, and gives its exit code.
func receiptio(t *testing.T, node, address, seconds string) int {
	t.Helper()
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, filepath.Join(peersDir, "node_modules/receiptio/bin/cli.js"),
		"-d", address, "-t", seconds, "testdata/corner.receipt")
	said, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("receiptio: %v\n%s", err, said)
	}
	return cmd.ProcessState.ExitCode()
}

// A host that was written by others, for real printers, understands each trouble of the simulated one. It takes the
// answer to GS r for success, which says processed and not printed; so what troubles the printer must come while more
// than the print buffer holds is still to be done. The receipt's second sheet is there for that.
func TestReceiptioTellsEachFault(t *testing.T) {
	node := peersNode(t)
	cases := []struct {
		why, fault string
		code       int
	}{
		{"nothing wrong", "", receiptioSuccess},
		{"paper near its end is no reason to stop", `{"kind":"paper-near-end"}`, receiptioSuccess},
		{"the cover is opened while it prints", `{"kind":"cover-open","at":"row","n":60}`, receiptioCoverOpen},
		{"the cover was open before", `{"kind":"cover-open"}`, receiptioCoverOpen},
		{"the paper ends while it prints", `{"kind":"paper-out","at":"row","n":60}`, receiptioPaperEmpty},
		{"the paper ends between feed and cut", `{"kind":"paper-out","at":"cut"}`, receiptioPaperEmpty},
		{"the cutter jams", `{"kind":"cutter-jam"}`, receiptioError},
		{"an error that nobody can mend", `{"kind":"unrecoverable","at":"row","n":60}`, receiptioError},
		{"it takes no command", `{"kind":"stuck-busy"}`, receiptioOffline},
		{"it hears nothing", `{"kind":"black-hole"}`, receiptioOffline},
		{"the cable is pulled while it prints", `{"kind":"unplug","at":"row","n":60}`, receiptioDisconnect},
		{"it is switched off while it prints", `{"kind":"power-off","at":"row","n":60}`, receiptioDisconnect},
		{"it falls silent while it prints", `{"kind":"black-hole","at":"row","n":60}`, receiptioTimeout},
	}
	name := func(i int) string { return fmt.Sprintf("p%d", i) }
	net := fmt.Sprintf("127.%d.%d", 1+rand.IntN(254), rand.IntN(256)) // receiptio knows one port only; others may run here too
	address := func(i int) string { return fmt.Sprintf("%s.%d", net, i+1) }
	var printers []string
	for i := range cases {
		printers = append(printers, name(i)+"=tcp:"+address(i)+":9100,speed=4")
	}
	table := openPrinters(t, printers...)
	for i, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			printer := "/printers/" + name(i)
			if c.fault != "" {
				table.do(t, http.MethodPost, printer+"/fault", c.fault)
			}
			seconds := "60"
			if c.code == receiptioTimeout {
				seconds = "2"
			}
			if code := receiptio(t, node, address(i), seconds); code != c.code {
				t.Errorf("exit code %d, want %d; %s", code, c.code, table.do(t, http.MethodGet, printer, ""))
			}
			if c.code == receiptioSuccess {
				readsAsMeant(t, table, printer)
			}
		})
	}
}

// readsAsMeant checks receiptio's sheet against its source.
func readsAsMeant(t *testing.T, table printerTable, printer string) {
	t.Helper()
	table.do(t, http.MethodPost, printer+"/wait", "")
	text := string(table.do(t, http.MethodGet, printer+"/sheets/1.txt", ""))
	for _, line := range []string{"CORNER SHOP", "Rye bread" + strings.Repeat(" ", 35) + "2.90", strings.Repeat("─", 48), "TOTAL", "[ean13 4006381333931]"} {
		if !strings.Contains(text, line) {
			t.Errorf("the sheet lacks %q:\n%s", line, text)
		}
	}
	want := []string{"EAN-13:4006381333931", "QR-Code:https://example.lv/k/C7Q2"}
	if got := scan(t, table.do(t, http.MethodGet, printer+"/sheets/1.png", "")); !slices.Equal(got, want) {
		t.Errorf("a scanner reads %q, want %q", got, want)
	}
}

// Bytes that our encoder did not make come out as their maker meant them.
func TestReceiptPrinterEncodersBytesComeOutRight(t *testing.T) {
	node := peersNode(t)
	table := openPrinters(t, "till=tcp:127.0.0.1:0,personality=tm-t20iii,speed=50")
	bytesOf, err := exec.CommandContext(t.Context(), node, filepath.Join(peersDir, "rich.js")).Output()
	if err != nil {
		t.Fatal(err)
	}
	send(t, table.dial(t, "till"), string(bytesOf))
	table.do(t, http.MethodPost, "/printers/till/wait", `{"sheets":1,"timeout_ms":60000}`)
	const wide = 48
	columns := func(left, right string) string {
		return left + strings.Repeat(" ", wide-len([]rune(left))-len([]rune(right))) + right
	}
	indented := func(columns int, text string) string { return strings.Repeat(" ", columns) + text }
	want := []string{
		"[columns 16x24]", indented(11, "Veikals Ābols"), indented(22, "bold"), indented(19, "underlined"), indented(20, "inverted"),
		"Rūķīši: Zażółć gęślą jaźń, õun", columns("Ķirbju sēklas", "2,49 €"), columns("Piens", "1,29"), strings.Repeat("─", wide),
		"╔══════════════════╗", "║boxed             ║", "╚══════════════════╝", columns("", "KOPĀ 3,78"),
		"[ean13 4006381333931]", "[code128 C7Q2K9XM4]", "[qr https://example.lv/k/C7Q2K9XM4]",
	}
	text := string(table.do(t, http.MethodGet, "/printers/till/sheets/1.txt", ""))
	for _, line := range want {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the sheet lacks %q:\n%s", line, text)
		}
	}
	codes := []string{"CODE-128:C7Q2K9XM4", "EAN-13:4006381333931", "QR-Code:https://example.lv/k/C7Q2K9XM4"}
	if got := scan(t, table.do(t, http.MethodGet, "/printers/till/sheets/1.png", "")); !slices.Equal(got, codes) {
		t.Errorf("a scanner reads %q, want %q", got, codes)
	}
	state := table.do(t, http.MethodGet, "/printers/till", "")
	for _, count := range []string{`"drawer_pulses":1`, `"unsupported":0`, `"unknown":0`} {
		if !bytes.Contains(state, []byte(count)) {
			t.Errorf("the printer's counts lack %s: %s", count, state)
		}
	}
}
