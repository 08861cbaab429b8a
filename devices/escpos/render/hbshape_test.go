package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-text/typesetting/language"
)

// program finds an external program that judges our output. Outside CI a test may
// do without it; CI installs it.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: CI must install it", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

// shapingSamples are lines of the six languages, of Lithuanian, and mixed ones.
func shapingSamples() []string {
	return []string{
		"Rudzu maize „Lielā”, ķirbju sēklas, čau, žagari",
		"Zażółć gęślą jaźń", "Šokolaad, õunad, öö, ülikool",
		"Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą", "The quick brown fox, 12.50 €",
		"Kafija Սուրճ кофе شیر 12,50 €", "قهوه Kafija ķirsis Սուրճ ۱۲", "a\u0304 e\u0301 ņ\u0323",
		"Սուրճ՝ աղացած, և ևս 500 գ", "Хлеб ржаной",
		"شیر کم‌چرب ۱ لیتری", "فروشگاه سیب", "لاله و گل‌های لاله‌زار", "مَدْرَسَه", "چاپ اول ناتمام ماند",
		"ماندهٔ امتیاز: ۱٬۴۳۲", "نوشابه Coca Cola 1.5 L لاله (A.B.)", "گاز و پژوهش و ژاله",
	}
}

func TestGlyphsEqualThoseOfTheCHarfBuzz(t *testing.T) {
	hbShape := program(t, "hb-shape")
	font := filepath.Join(t.TempDir(), "mono.ttf")
	if err := os.WriteFile(font, dejavusansmono.TTF, 0o644); err != nil {
		t.Fatal(err)
	}
	r := newRenderer(t)
	for _, sample := range shapingSamples() {
		for _, base := range []Direction{LTR, RTL} {
			text := prepare(sample)
			for _, run := range visualRuns(text, base) {
				var got []string
				for _, info := range r.shapeRun(text, run).Info {
					got = append(got, strconv.Itoa(int(info.Glyph)))
				}
				want := hbGlyphs(t, hbShape, font, text, run)
				if strings.Join(got, " ") != want {
					t.Errorf("%q: %q: glyphs %v, want %s", sample, string(text[run.start:run.end]), got, want)
				}
			}
		}
	}
}

func hbGlyphs(t *testing.T, hbShape, font string, text []rune, run run) string {
	t.Helper()
	direction, script := "ltr", "Zyyy"
	if run.rtl {
		direction = "rtl"
	}
	if run.script != language.Common {
		script = run.script.String()
	}
	out, err := exec.Command(hbShape, "--no-glyph-names", "--no-positions", "--no-clusters",
		"--direction="+direction, "--script="+script, "--language="+languageOf(run.script),
		"--text-before="+string(text[:run.start]), "--text-after="+string(text[run.end:]),
		"--font-file="+font, "--text="+string(text[run.start:run.end])).Output()
	if err != nil {
		t.Fatalf("hb-shape: %v", err)
	}
	return strings.ReplaceAll(strings.Trim(strings.TrimSpace(string(out)), "[]"), "|", " ")
}
