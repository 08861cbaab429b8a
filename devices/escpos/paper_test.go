package escpos

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/escpos/render"
	"loyaltill/firmware-sim/printersim"
)

// papers are documents in every language of the product, with the letters of
// Lithuanian, and one with lines of several scripts.
func papers() map[string]*Document {
	shop := func(lang string, dir Direction, title, goods, money string, lines ...string) *Document {
		d := &Document{Lang: lang, Dir: dir}
		d.Text(Center, Style{Bold: true, Width: 2, Height: 2}, title)
		for _, line := range lines {
			d.Text(Start, Style{}, line)
		}
		d.Rule('_')
		d.AddColumns(Style{}, Column{Text: goods}, Column{Text: money, Width: Fit, Align: End, Dir: LTR})
		d.AddColumns(Style{Bold: true, Height: 2}, Column{Text: title}, Column{Text: money, Width: Fit, Align: End, Dir: LTR})
		d.AddSymbol(Symbol{Kind: Code128, Data: "C7Q2K9XM4"})
		d.AddSymbol(Symbol{Kind: QR, Data: "LB1:0AB%2F$ZZ9K"})
		d.AddSymbol(Symbol{Kind: EAN13, Data: "9821234500507"})
		d.Cut()
		return d
	}
	return map[string]*Document{
		"lv":      shop("lv", LTR, "Veikals Ābols", "Ķirbju sēklas, žāvētas, šķiņķis un čiekuri", "12,50 €", "Rūķīši ģērbjas, ņem ļoti daudz"),
		"lt":      shop("lt", LTR, "Parduotuvė", "Šaltibarščiai su grietinė, ąžuolų gilės", "12,50 €", "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą"),
		"et":      shop("et", LTR, "Külapood Õun", "Šokolaad, täispiim, žürii", "12,50 €", "Põdur Zagrebi tšellomängija"),
		"pl":      shop("pl", LTR, "Sklep Żółw", "Chleb żytni, śledź, gęś", "12,50 zł", "Zażółć gęślą jaźń"),
		"en":      shop("en", LTR, "Corner Shop", "Coffee beans, dark roast", "12.50", "The quick brown fox"),
		"fa":      shop("fa", RTL, "فروشگاه سیب", "شیر کم‌چرب ۱ لیتری لاله‌زار", "۵۲۵٬۰۰۰", "تاریخ ۱۴۰۵/۰۹/۰۱ گل‌های پژوهش", "نوشابه Coca Cola 1.5 L لاله (A.B.)"),
		"hy":      shop("hy", LTR, "Խնձոր խանութ", "Սուրճ՝ աղացած, և ևս 500 գ", "3 990", "Բանան, տարեկանի հաց"),
		"several": shop("lv", LTR, "Āboli سیب", "Kafija Սուրճ кофе شیر", "12,50 €", "Õun, Ķirsis, Żółw, Ąžuolas", "Хлеб ржаной", "a\u0304 e\u0301 combining"),
	}
}

// personalities are the simulated printers that the shipped profiles are for.
func personalities() map[string]string {
	return map[string]string{
		"epson-tm-t20iii-80": "tm-t20iii", "epson-tm-t88v-80": "tm-t88v", "epson-tm-t88vi-80": "tm-t88vi", "epson-tm-m30-80": "tm-m30",
		"generic-80": "generic-80", "generic-58": "generic-58", "safe": "generic-58",
	}
}

// press is a simulated printer on a TCP port.
type press struct {
	bench  *printersim.Bench
	conn   net.Conn
	sheets int
}

func newPress(t *testing.T, personality string) *press {
	t.Helper()
	const speed, patience = 10_000, 60 * time.Second
	bench, err := printersim.OpenBench([]printersim.PrinterConfig{
		{Name: "till", TCPAddr: "127.0.0.1:0", Personality: personality, Speed: speed},
	}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bench.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(bench.Devices()["till"], "tcp:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &press{bench: bench, conn: conn}
}

// ask uses the simulator's control interface.
func (p *press) ask(t *testing.T, method, path string, body any) *bytes.Buffer {
	t.Helper()
	in, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	p.bench.Handler().ServeHTTP(answer, httptest.NewRequest(method, "/printers/till"+path, bytes.NewReader(in)))
	if answer.Code != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, path, answer.Code, answer.Body)
	}
	return answer.Body
}

// print sends a job and returns the sheet. TCP holds the host while the buffer is
// full, so nothing is lost. Without a knife a hand takes the paper once it has come.
func (p *press) print(t *testing.T, job *Job, rows int, knife bool) image.Image {
	t.Helper()
	if _, err := p.conn.Write(job.Bytes()); err != nil {
		t.Fatal(err)
	}
	p.sheets++
	if !knife {
		p.awaitRows(t, rows)
		p.ask(t, "POST", "/tear", nil)
	}
	p.ask(t, "POST", "/wait", map[string]int{"sheets": p.sheets, "timeout_ms": 60_000})
	sheet, err := png.Decode(p.ask(t, "GET", "/sheets/0.png", nil))
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

// awaitRows looks until so many rows have been printed since the last sheet.
func (p *press) awaitRows(t *testing.T, rows int) {
	t.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for range 20_000 {
		var st printersim.State
		if err := json.Unmarshal(p.ask(t, "GET", "", nil).Bytes(), &st); err != nil {
			t.Fatal(err)
		}
		if st.Buffer.Used == 0 && st.RowsQueued == 0 && st.Paper.StripRows >= rows {
			return
		}
		<-look.C
	}
	t.Fatalf("the printer never printed %d rows", rows)
}

// trouble is what the printer did not understand.
func (p *press) trouble(t *testing.T) []string {
	t.Helper()
	var journal struct{ Events []printersim.Event }
	if err := json.Unmarshal(p.ask(t, "GET", "/journal", nil).Bytes(), &journal); err != nil {
		t.Fatal(err)
	}
	var bad []string
	for _, e := range journal.Events {
		if e.Kind == "unsupported" || e.Kind == "unknown" || e.Kind == "ignored" {
			bad = append(bad, e.Kind+" "+e.Text)
		}
	}
	return bad
}

// sameDots compares the print of a preview with a sheet. The sheet begins with the
// paper that was between head and knife.
func sameDots(t *testing.T, preview *render.Bitmap, sheet image.Image, lead, rows int) {
	t.Helper()
	if sheet.Bounds().Dx() != preview.Width || sheet.Bounds().Dy() < lead+rows {
		t.Fatalf("the sheet has %v, want %d by at least %d", sheet.Bounds(), preview.Width, lead+rows)
	}
	for y := range sheet.Bounds().Dy() {
		for x := range preview.Width {
			red, _, _, _ := sheet.At(x, y).RGBA()
			want := y >= lead && y < lead+rows && preview.Dot(x, y-lead)
			if want != (red == 0) {
				t.Fatalf("dot %d of row %d: preview %v, paper %v", x, y-lead, want, red == 0)
			}
		}
	}
}

func TestThePreviewIsThePaperOfEveryPrinterInEveryLanguage(t *testing.T) {
	models := printersim.Personalities()
	e := newEncoder(t)
	for id, personality := range personalities() {
		p, err := LoadProfile(id)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			press := newPress(t, personality)
			for lang, d := range papers() {
				job, err := e.Encode(d, p, 17)
				if err != nil {
					t.Fatal(err)
				}
				preview, err := e.Preview(d, p)
				if err != nil {
					t.Fatal(err)
				}
				rows := preview.Paper.Height - p.Paper.CutFeedDots - 1
				sheet := press.print(t, job, rows+p.Paper.CutFeedDots, p.Cutter.Partial)
				t.Run(lang, func(t *testing.T) { sameDots(t, preview.Paper, sheet, models[personality].HeadToCutter, rows) })
			}
			if bad := press.trouble(t); len(bad) > 0 {
				t.Errorf("the printer did not understand: %v", bad)
			}
		})
	}
}
