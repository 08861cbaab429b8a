package receipt

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// ocr lets tesseract read a picture, enlarged and with a margin as from a scanner.
func ocr(t *testing.T, lang string, paper *render.Bitmap) string {
	t.Helper()
	tesseract, err := exec.LookPath("tesseract")
	if err == nil {
		_, err = os.Stat(filepath.Join("/usr/share/tesseract-ocr/5/tessdata", lang+".traineddata"))
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("tesseract with %s is missing: CI must install it", lang)
		}
		t.Skipf("tesseract with %s is not installed", lang)
	}
	const scale, margin = 3, 60
	large := render.NewBitmap(paper.Width*scale+2*margin, paper.Height*scale+2*margin)
	for y := range paper.Height {
		for x := range paper.Width {
			if paper.Dot(x, y) {
				large.FillRect(margin+x*scale, margin+y*scale, scale, scale)
			}
		}
	}
	png, err := large.PNG()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "paper.png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatal(err)
	}
	const sparse = "6" // one block of text
	cmd := exec.Command(tesseract, path, "-", "-l", lang, "--psm", sparse)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tesseract: %v", err)
	}
	return string(out)
}

// similarity is the share of letters that two texts have in common, in order:
// twice the longest common subsequence over both lengths, spaces apart.
func similarity(a, b string) float64 {
	strip := func(s string) []rune {
		return slices.DeleteFunc([]rune(s), func(c rune) bool {
			return c == ' ' || c == '\n' || c == '\u200c' || c == '\u200e' || c == '\u200f'
		})
	}
	x, y := strip(a), strip(b)
	row := make([]int, len(y)+1)
	for i := range x {
		diagonal := 0
		for j := range y {
			above := row[j+1]
			if x[i] == y[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return 2 * float64(row[len(y)]) / float64(max(len(x)+len(y), 1))
}

// leastSimilar is the figure of printing.md, Oracles.
const leastSimilar = 0.85

func TestAMachineReadsThePaper(t *testing.T) {
	tests := []struct {
		lang  i18n.Lang
		model string
		lines []string
	}{
		{i18n.Latvian, "lav", []string{"Ķirbju sēklas un žāvēti āboli", "Nopelnītie punkti", "Printerī beidzies papīrs"}},
		{i18n.Polish, "pol", []string{"Chleb żytni i śledź w oleju", "Zażółć gęślą jaźń", "Punkty do wykorzystania"}},
		{i18n.Estonian, "est", []string{"Rukkileib ja täispiim, õunad", "Kogutud punktid kokku", "Printeris on paber otsas"}},
		{i18n.English, "eng", []string{"Rye bread and dried apples", "Points earned today", "The printer is out of paper"}},
		{i18n.Armenian, "hye", []string{"Տարեկանի հաց և սուրճ", "Կուտակված միավորներ", "Տպիչի թուղթը վերջացել է"}},
		{i18n.Persian, "fas", []string{"فروشگاه سیب تهران", "پرداخت با امتیاز", "کاغذ چاپگر تمام شده است"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.lang), func(t *testing.T) {
			d := &escpos.Document{Lang: string(tt.lang)}
			if tt.lang.RTL() {
				d.Dir = escpos.RTL
			}
			for _, line := range tt.lines {
				d.Text(escpos.Start, escpos.Style{}, line)
			}
			preview, err := newEncoder(t).Preview(d, profile(t, "epson-tm-t20iii-80"))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Join(tt.lines, "\n")
			got := ocr(t, tt.model, preview.Paper)
			if s := similarity(got, want); s < leastSimilar {
				t.Errorf("similarity %.2f: read\n%s\nwant\n%s", s, got, want)
			}
		})
	}
}

func TestUnjoinedPersianIsNotReadable(t *testing.T) {
	// The control: the same letters each by itself, from left to right, as encoders
	// without shaping print them. If this were readable, the test above would prove nothing.
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	text := "کاغذ چاپگر تمام شده است"
	paper := render.NewBitmap(576, 40)
	x := 0
	for _, c := range text {
		cells, err := r.Line(string(c), render.LTR)
		if err != nil {
			t.Fatal(err)
		}
		paper.DrawCell(x, 8, cells[0], 1, 1)
		x += render.CellWidth
	}
	if s := similarity(ocr(t, "fas", paper), text); s >= leastSimilar {
		t.Errorf("similarity %.2f for unjoined letters", s)
	}
}

func TestEveryTextOfTheCatalogueCanBePrinted(t *testing.T) {
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range i18n.Langs() {
		data, err := i18n.CatalogJSON(l)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		for key, entry := range all {
			forms, plural := entry.(map[string]any)
			if !plural {
				forms = map[string]any{"": entry}
			}
			for _, text := range forms {
				if err := r.Check(template.OnPaper(text.(string))); err != nil {
					t.Errorf("%s %s: %v", l, key, err)
				}
			}
		}
	}
}

func TestEveryFindingOfTheEngineHasATextWithItsFigures(t *testing.T) {
	argument := regexp.MustCompile(`\{\{\.([a-z_]+)\}\}`)
	for _, code := range loyalty.ExplainCodes() {
		if !i18n.Has(code) {
			t.Errorf("no text for %s", code)
			continue
		}
		var names []string
		for _, a := range loyalty.ExplainArgs(code) {
			names = append(names, a.Name)
		}
		// The catalogue's own tests keep the arguments of all languages the same.
		data, err := i18n.CatalogJSON(i18n.English)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		for _, m := range argument.FindAllStringSubmatch(string(all[code]), -1) {
			if !slices.Contains(names, m[1]) {
				t.Errorf("%s says {{.%s}}, the engine gives %v", code, m[1], names)
			}
		}
	}
}

func TestFindingsInWords(t *testing.T) {
	names := func(kind loyalty.ArgKind, id string) string {
		return map[string]string{"base": "Base rule", "night": "Late bonus", "deposit": "deposits", "gold": "Gold"}[id]
	}
	tests := []struct {
		name string
		f    loyalty.Finding
		want string
	}{
		{
			"a rule gave points",
			loyalty.Finding{Rule: "base", Code: loyalty.ExplainApplied, Points: 12, Base: 1250, RatePoints: 1, RatePer: 100},
			"Base rule: 12 points for €12.50 (1 per €1.00)",
		},
		{
			"one point",
			loyalty.Finding{Rule: "base", Code: loyalty.ExplainApplied, Points: 1, Base: 129, RatePoints: 1, RatePer: 100},
			"Base rule: 1 point for €1.29 (1 per €1.00)",
		},
		{
			"goods are excluded",
			loyalty.Finding{Code: loyalty.ExplainExcluded, Base: 50, Detail: "deposit"},
			"No points for €0.50 of excluded goods (deposits)",
		},
		{
			"only on some days",
			loyalty.Finding{Rule: "night", Code: loyalty.ExplainNotToday, Detail: "tue,wed"},
			"Late bonus: only on Tuesday, Wednesday",
		},
		{
			"only at some hours",
			loyalty.Finding{Rule: "night", Code: loyalty.ExplainNotNow, Detail: "20:00-22:00"},
			"Late bonus: only at 20:00–22:00",
		},
		{
			"not yet",
			loyalty.Finding{Rule: "night", Code: loyalty.ExplainNotYet, Detail: "2026-12-01"},
			"Late bonus: begins on 01/12/2026",
		},
		{
			"a rule without a name keeps its id",
			loyalty.Finding{Rule: "x7", Code: loyalty.ExplainNotHere},
			"x7: not in this store",
		},
	}
	euro := i18n.Currency{Code: "EUR", Digits: 2}
	for _, tt := range tests {
		if got := strings.ReplaceAll(Explain(i18n.English, euro, tt.f, names), "\u00a0", " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
