package escpos

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// figure is a document whose size counts, and the goal (printing.md, Figures to reach).
type figure struct {
	name     string
	doc      *Document
	goal     int  // bytes, for an 80 mm printer with acknowledgements
	switches int  // most page switches
	pages    bool // code pages hold its letters, so the other encoder prints it as text
}

// shop is what stands on a receipt of 25 lines and its coupon, in one language.
type shop struct {
	lang               string
	dir                Direction
	store              [3]string
	number, when       string
	items              []string // name, or name|quantity x price
	amounts            []string
	total, sum         string
	member             [5][2]string
	thanks             string
	coupon, from, code string
}

func (w shop) receipt() *Document {
	d := &Document{Lang: w.lang, Dir: w.dir}
	d.Text(Center, Style{Bold: true, Width: 2, Height: 2}, w.store[0])
	d.Text(Center, Style{}, w.store[1])
	d.Text(Center, Style{}, w.store[2])
	d.AddColumns(Style{}, Column{Text: w.number}, Column{Text: w.when, Width: Fit, Align: End, Dir: LTR})
	d.Rule('_')
	for i, item := range w.items {
		name, times, several := strings.Cut(item, "|")
		columns := []Column{{Text: name}}
		if several {
			columns = append(columns, Column{Text: times, Width: Fit, Align: End, Dir: LTR})
		}
		d.AddColumns(Style{}, append(columns, Column{Text: w.amounts[i], Width: 9, Align: End, Dir: LTR})...)
	}
	d.Rule('_')
	d.AddColumns(Style{Bold: true, Height: 2}, Column{Text: w.total}, Column{Text: w.sum, Width: Fit, Align: End, Dir: LTR})
	for _, m := range w.member {
		d.AddColumns(Style{}, Column{Text: m[0]}, Column{Text: m[1], Width: Fit, Align: End, Dir: LTR})
	}
	d.Text(Center, Style{}, w.thanks)
	return d
}

// withCoupon is the receipt and behind it the coupon with both its codes.
func (w shop) withCoupon() *Document {
	d := w.receipt()
	d.Rule('_')
	d.Text(Center, Style{Bold: true, Height: 2}, w.coupon)
	d.Text(Center, Style{}, w.from)
	d.AddSymbol(Symbol{Kind: Code128, Data: w.code})
	d.Text(Center, Style{}, w.code)
	d.AddSymbol(Symbol{Kind: QR, Data: "LC1:" + w.code + "/500/20261222"})
	d.Cut()
	return d
}

func latvian() shop {
	return shop{
		lang: "lv", store: [3]string{"Veikals Ābols", "Brīvības iela 21, Rīga", "PVN LV40001234567"}, number: "Čeks 12-1-000123", when: "22.11.2026. 12:05",
		items: []string{
			"Piens 2,5% 1 l", "Rudzu maize „Lielā”|2 × 1,45", "Banāni|0,35 × 1,99", "Ķirbju sēklas", "Šķiņķis, kūpināts", "Žāvēti āboli|3 × 1,19",
			"Biezpiens 9%", "Kefīrs 1 l", "Ūdens „Gāzēts” 1,5 l|6 × 0,59", "Čipsi ar ķiplokiem", "Kafija, grauzdēta, malta", "Maisiņš",
		},
		amounts: []string{"1,29", "2,90", "0,70", "2,49", "3,89", "3,57", "1,15", "1,39", "3,54", "1,99", "8,99", "0,15"},
		total:   "Kopā EUR", sum: "32,05",
		member: [5][2]string{{"Skaidra nauda", "32,05"}, {"PVN 21%", "5,56"}, {"Karte", "6034…0018"}, {"Nopelnītie punkti", "32"}, {"Punktu atlikums", "1 432"}},
		thanks: "Paldies par pirkumu!", coupon: "Kupons: 5,00 € atlaide", from: "Derīgs no 23.11.2026. līdz 22.12.2026.", code: "C7Q2K9XM4",
	}
}

func persian() shop {
	return shop{
		lang: "fa", dir: RTL, store: [3]string{"فروشگاه سیب", "تهران، خیابان ولیعصر، پلاک ۲۱", "شناسه ۴۱۱۱۲۳۴۵۶"}, number: "رسید ۱۲۳", when: "۱۴۰۵/۰۹/۰۱ ۱۲:۰۵",
		items: []string{
			"شیر کم‌چرب ۱ لیتری", "نان سنگک|۲ × ۱۵۰٬۰۰۰", "موز|۰٫۳۵ × ۹۰۰٬۰۰۰", "تخمه کدو", "پنیر سفید", "سیب خشک|۳ × ۱۲۰٬۰۰۰",
			"ماست پرچرب", "کره", "آب معدنی|۶ × ۶۰٬۰۰۰", "چیپس", "قهوه", "کیسه",
		},
		amounts: []string{"۵۲۵٬۰۰۰", "۳۰۰٬۰۰۰", "۳۱۵٬۰۰۰", "۲۵۰٬۰۰۰", "۳۹۰٬۰۰۰", "۳۶۰٬۰۰۰", "۱۱۵٬۰۰۰", "۱۴۰٬۰۰۰", "۳۶۰٬۰۰۰", "۲۰۰٬۰۰۰", "۹۰۰٬۰۰۰", "۱۵٬۰۰۰"},
		total:   "جمع کل", sum: "۳٬۸۷۰٬۰۰۰",
		member: [5][2]string{{"نقدی", "۳٬۸۷۰٬۰۰۰"}, {"مالیات", "۳۵۱٬۰۰۰"}, {"کارت", "6034…0018"}, {"امتیاز کسب‌شده", "۳۸"}, {"ماندهٔ امتیاز", "۱٬۴۳۲"}},
		thanks: "سپاسگزاریم!", coupon: "کوپن: ۵۰٬۰۰۰ تخفیف", from: "از ۱۴۰۵/۰۹/۰۲ تا ۱۴۰۵/۱۰/۰۱", code: "C7Q2K9XM4",
	}
}

func armenian() shop {
	return shop{
		lang: "hy", store: [3]string{"Խնձոր խանութ", "Աբովյան փող. 21, Երևան", "ՀՎՀՀ 01234567"}, number: "Կտրոն 12-1-000123", when: "22.11.2026 12:05",
		items: []string{
			"Կաթ 1 լ", "Տարեկանի հաց|2 × 450", "Բանան|0,35 × 900", "Դդմի սերմեր", "Ապխտած խոզապուխտ", "Չոր խնձոր|3 × 390",
			"Կաթնաշոռ 9%", "Կեֆիր 1 լ", "Ջուր գազավորված|6 × 190", "Չիպս", "Սուրճ աղացած 500 գ", "Տոպրակ",
		},
		amounts: []string{"550", "900", "315", "990", "1 890", "1 170", "450", "480", "1 140", "690", "3 990", "20"},
		total:   "Ընդամենը", sum: "12 585",
		member: [5][2]string{{"Կանխիկ", "12 585"}, {"ԱԱՀ", "2 098"}, {"Քարտ", "6034…0018"}, {"Վաստակած միավորներ", "125"}, {"Միավորների մնացորդ", "1 432"}},
		thanks: "Շնորհակալություն", coupon: "Կտրոն՝ 500 զեղչ", from: "23.11.2026 - 22.12.2026", code: "C7Q2K9XM4",
	}
}

func figures() []figure {
	plain := latvian().receipt()
	plain.Cut()
	return []figure{
		{"Latvian receipt, 12 items", plain, 950, 1, true},
		{"Latvian receipt + coupon", latvian().withCoupon(), 1228, 1, true},
		{"Persian receipt + coupon", persian().withCoupon(), 4608, 0, false},
		{"Armenian receipt + coupon", armenian().withCoupon(), 3788, 0, false},
	}
}

func TestSizesStayWithinTheirGoals(t *testing.T) {
	e, p := newEncoder(t), epson(t)
	sent, acks := 0, 0
	for _, f := range figures() {
		job, err := e.Encode(f.doc, p, 1)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		if job.Size() > f.goal {
			t.Errorf("%s: %d bytes, goal %d", f.name, job.Size(), f.goal)
		}
		if n := pageSwitches(job.Bytes()); n > f.switches {
			t.Errorf("%s: %d page switches, goal %d", f.name, n, f.switches)
		}
		ops, err := walk(job.Bytes())
		if err != nil || strings.Contains(texts(ops), "?") {
			t.Errorf("%s: a letter became a question mark (%v)", f.name, err)
		}
		sent, acks = sent+job.Size(), acks+len(job.Segments)*processIDBytes
	}
	if share := percent(acks, sent); share > 3 {
		t.Errorf("acknowledgements are %.1f %% of the bytes, goal 3 %%", share)
	}
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

func pageSwitches(stream []byte) int { return bytes.Count(stream, []byte("\x1bt")) }

// lost is how many question marks a stream has beyond those of the document.
func lost(stream []byte, d *Document) int {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // a document of ours
	}
	return max(bytes.Count(stream, []byte("?"))-bytes.Count(text, []byte("?")), 0)
}

// receiptPrinterEncoder prints a document, or a picture, by the program of that name.
func receiptPrinterEncoder(b testing.TB, input any) []byte {
	b.Helper()
	text, err := json.Marshal(input)
	if err != nil {
		b.Fatal(err)
	}
	return peer(b, "receipt-printer-encoder.mjs", text)
}

// dotsOf is the paper as the other encoder's script takes it.
func dotsOf(b testing.TB, e *Encoder, d *Document, p *Profile) map[string]any {
	b.Helper()
	preview, err := e.Preview(d, p)
	if err != nil {
		b.Fatal(err)
	}
	return map[string]any{"width": preview.Paper.Width, "height": preview.Paper.Height, "dots": base64.StdEncoding.EncodeToString(preview.Paper.Bits)}
}

// theirFigures is what receipt-printer-encoder makes of a document, where it is installed.
func theirFigures(b testing.TB, f figure, dots func() any) string {
	b.Helper()
	if _, err := os.Stat(peersDir + "/node_modules"); err != nil {
		return "not installed: tools/deps.sh bench"
	}
	out := receiptPrinterEncoder(b, f.doc)
	if f.pages {
		return fmt.Sprintf("%d B, %d switches", len(out), pageSwitches(out))
	}
	return fmt.Sprintf("%d B with %d question marks, or %d B as a picture", len(out), lost(out, f.doc), len(receiptPrinterEncoder(b, dots())))
}

// BenchmarkFigures prints the table of printing.md, beside receipt-printer-encoder
// 4.0.1 on the same documents, and times laying out and drawing 25 mixed lines.
func BenchmarkFigures(b *testing.B) {
	e, p := newEncoder(b), epson(b)
	table := fmt.Sprintf("\n%-28s %8s %8s %9s %6s   %s\n", "document", "bytes", "goal", "switches", "ack %", "receipt-printer-encoder 4.0.1")
	sent, acks := 0, 0
	for _, f := range figures() {
		job, err := e.Encode(f.doc, p, 1)
		if err != nil {
			b.Fatal(err)
		}
		sent, acks = sent+job.Size(), acks+len(job.Segments)*processIDBytes
		theirs := theirFigures(b, f, func() any { return dotsOf(b, e, f.doc, p) })
		table += fmt.Sprintf("%-28s %8d %8d %9d %6.1f   %s\n", f.name, job.Size(), f.goal, pageSwitches(job.Bytes()), percent(len(job.Segments)*processIDBytes, job.Size()), theirs)
	}
	b.Log(table + fmt.Sprintf("%-28s %8d %8s %9s %6.1f   (goal 3)\n", "together", sent, "", "", percent(acks, sent)))
	mixed := mixedLines()
	var spent time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		if _, err := e.Preview(mixed, p); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(start)
		n++
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(n)/1000, "ms/25-mixed-lines")
}

// mixedLines is 25 lines of all scripts, some within one line.
func mixedLines() *Document {
	d := &Document{Lang: "lv"}
	for i := range 25 {
		name := []string{"Ķirbju sēklas", "شیر کم‌چرب Coca Cola 1.5 L", "Սուրճ աղացած 500 գ", "Õunad ja хлеб", "Żółw سیب"}[i%5]
		d.AddColumns(Style{}, Column{Text: name}, Column{Text: fmt.Sprintf("%d,50", i), Width: Fit, Align: End, Dir: LTR})
	}
	return d
}
