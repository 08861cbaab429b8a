package receipt

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

func shopOf(t testing.TB, columns int, langs ...i18n.Lang) template.Shop {
	t.Helper()
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	return template.Shop{Languages: langs, Columns: columns, Renderer: r}
}

func parse(shop template.Shop, source string) (*template.Template, error) {
	return template.Parse("own.yaml", []byte(source), Papers(), shop)
}

func TestEveryPaperHasATemplateAndAnExampleInEachLanguage(t *testing.T) {
	e, p := newEncoder(t), profile(t, "generic-58")
	for _, paper := range Papers() {
		for _, l := range i18n.Langs() {
			example := Example(paper.Name, l)
			if example == nil {
				t.Errorf("%s has no example in %s", paper.Name, l)
				continue
			}
			if _, err := e.Preview(document(t, example), p); err != nil {
				t.Errorf("%s in %s: %v", paper.Name, l, err)
			}
		}
	}
}

// A wrong template is refused with its line, its field and what to write instead.
func TestFaultsOfTemplatesNameLineFieldAndRemedy(t *testing.T) {
	coupon, err := Source("coupon")
	if err != nil {
		t.Fatal(err)
	}
	good := string(coupon)
	swap := func(old, now string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the built-in coupon has no %q", old)
		}
		return strings.Replace(good, old, now, 1)
	}
	name := `  - { text: "{name}", align: center }`
	tests := map[string]struct{ source, want string }{
		"unknown field":                   {swap("{value}", "{vaule}"), `own.yaml:11:13: {vaule}: there is no such field here; did you mean value?`},
		"field of another list":           {swap("{value}", "{amount}"), `{amount}: there is no such field here; known are store,`},
		"unknown text of the product":     {swap("say: coupon_once", "say: coupon_onec"), `coupon_onec: is no text of the product; did you mean coupon_once?`},
		"argument that is no field":       {swap(`, amount: "{minimum}"`, ""), `coupon_minimum: wants amount, which is no field here; give it`},
		"argument too many":               {swap("say: coupon_once", `say: coupon_once, name: "{name}"`), `name: is not used by coupon_once; leave it out`},
		"brace left open":                 {swap("{value}", "{value"), `{value: is no field; close its brace`},
		"text in one language":            {swap(name, `  - text: Welcome`), `"Welcome" is in one language; give it for each`},
		"a language is missing":           {swap(name, `  - text: { en: Hello, lv: Sveiki }`), `text: has no text for pl, et, fa, hy; add it`},
		"no such language":                {swap(name, `  - text: { en: Hello, xx: Sveiki }`), `xx: is no language of the product; write en, lv`},
		"a word too long for the paper":   {swap(name, `  - { text: { en: Donaudampfschifffahrt, lv: a, pl: a, et: a, fa: a, hy: a }, size: large }`), `"Donaudampfschifffahrt" has 21 letters, a line of this size on 32 columns has 16; shorten it`},
		"a letter that no printer prints": {swap(name, `  - text: "★𝄞"`), `no printer can print "𝄞"`},
		"unknown block":                   {swap("- rule", "- rulle"), `rulle: is no block; write one of: text, row,`},
		"unknown key":                     {swap("size: large }\n  - { text: \"{address}", "sise: large }\n  - { text: \"{address}"), `sise: does not go with text; did you mean size?`},
		"unknown size":                    {swap("size: large", "size: huge"), `size: "huge" is not known here; write normal, tall, wide, large`},
		"a cut of its own":                {swap("- rule", "- cut"), `cut: is not written in a template; leave it out: every paper is cut once`},
		"two blocks in one":               {swap("- symbol: code", "- { symbol: code, space: 1 }"), `space: stands beside symbol; give each a line of its own`},
		"symbol of a figure":              {swap("- symbol: code", "- symbol: serial"), `serial: is nothing that a symbol holds here; known are code`},
		"condition on nothing":            {swap("- symbol: code", "- { symbol: code, when: cod }"), `cod: is not a field here; did you mean code?`},
		"rule of a word":                  {swap("- rule", `- rule: "--"`), `rule: "--" is not one plain character; write one such as`},
		"list that is none":               {swap("- symbol: code", "- symbol: code\n  - { each: serial, blocks: [rule] }"), `serial: is not a list here; known are`},
		"a figure is lost":                {swap(`  - { text: "{serial}", align: center }`+"\n", ""), `serial: could be missing on paper: its serial, to type in; print {serial}`},
		"the code is lost":                {swap("- symbol: code", "- rule"), `code: could be missing on paper: what scanners read`},
		"a figure under a condition":      {swap(`  - { text: "{serial}", align: center }`, `  - { text: "{serial}", when: value }`), `serial: could be missing on paper`},
		"a figure beside one not there":   {swap(`  - { text: "{serial}", align: center }`, `  - text: "{serial} {value}"`), `serial: could be missing on paper`},
		"a figure in one language only":   {swap(`  - { text: "{serial}", align: center }`, `  - text: { en: "{serial}", lv: a, pl: a, et: a, fa: a, hy: a }`), `serial: could be missing on paper`},
		"no paper named":                  {swap("paper: coupon", "page: coupon"), `paper: is missing; write paper: at the top of the file`},
		"no such paper":                   {swap("paper: coupon", "paper: cuopon"), `paper: "cuopon" is not known; did you mean coupon?`},
		"not YAML":                        {swap("  - rule", "  - {{rule"), `own.yaml:`},
		"anchors":                         {swap("- rule", "- &a rule"), `anchors, aliases, tags and merges are not taken; write it out`},
		"empty":                           {"", `is empty, or holds more than one document; write one document`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(shopOf(t, 32, i18n.Langs()...), tt.source)
			var faults template.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, want faults", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got\n%v\nwant %s", err, tt.want)
			}
			if placed := regexp.MustCompile(`^own\.yaml:(\d+:\d+:)?`); !placed.MatchString(err.Error()) {
				t.Errorf("%v names no place", err)
			}
		})
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	_, err := parse(shopOf(t, 48, i18n.English), "paper: coupon\nblocks:\n  - text: \"{valeu}\"\n  - rulle\n  - { text: \"{serial}\", size: huge }\n")
	var faults template.Faults
	if !errors.As(err, &faults) || len(faults) != 3 || faults[0].Line != 3 || faults[1].Line != 4 || faults[2].Line != 5 {
		t.Errorf("got\n%v", err)
	}
}

// A shop of one language writes its texts without naming it.
func TestAShopOfOneLanguageWritesPlainTexts(t *testing.T) {
	source, err := Source("coupon")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(source), `  - { text: "{name}", align: center }`, "  - { text: \"{name}\", align: center }\n  - { text: \"Gaidām jūs! {{50%}}\", bold: true }", 1)
	tmpl, err := parse(shopOf(t, 48, i18n.Latvian), own)
	if err != nil {
		t.Fatal(err)
	}
	text, err := newEncoder(t).PlainText(Lay(Example("coupon", i18n.Latvian), tmpl).Document, profile(t, "generic-80"))
	if err != nil || !strings.Contains(text, "Gaidām jūs! {50%}") {
		t.Errorf("%v\n%s", err, text)
	}
}

// letters is all that a document says, in order.
func lettersOf(d *escpos.Document) string {
	var all strings.Builder
	for _, l := range d.Lines {
		all.WriteString(l.Text + "\n")
		for _, c := range l.Columns {
			all.WriteString(c.Text + "\n")
		}
		if l.Symbol != nil {
			all.WriteString(l.Symbol.Data + "\n")
		}
	}
	return all.String()
}

// missing lists the mandatory figures of a paper that a document does not say.
func missing(fields []template.Field, values template.Values, said string) (lost []string) {
	for _, f := range fields {
		if !f.Must {
			continue
		}
		switch v := values[f.Name].(type) {
		case string:
			if v != "" && !strings.Contains(said, template.OnPaper(v)) {
				lost = append(lost, f.Name)
			}
		case int64:
			if !strings.Contains(said, i18n.Number(i18n.English, v)) && !strings.Contains(said, i18n.Number(i18n.English, -v)) {
				lost = append(lost, f.Name)
			}
		case escpos.Symbol:
			if !strings.Contains(said, v.Data) {
				lost = append(lost, f.Name)
			}
		case []template.Values:
			for _, item := range v {
				lost = append(lost, missing(f.Fields, item, said)...)
			}
		}
	}
	return lost
}

// Whatever a shop does to a template, it is refused or every figure that must be on paper is: lines of the built-in templates are
// taken out, doubled, swapped and put under conditions at random.
func TestNoTemplateThatIsTakenLosesAFigure(t *testing.T) {
	const tries = 400
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	shop := shopOf(t, 32, i18n.English)
	taken, refused := 0, 0
	for _, paper := range Papers() {
		source, err := Source(paper.Name)
		if err != nil {
			t.Fatal(err)
		}
		for range tries / len(Papers()) {
			changed := disturbed(string(source), random)
			tmpl, err := parse(shop, changed)
			if err != nil {
				refused++
				continue
			}
			taken++
			full, empty := Example(paper.Name, i18n.English), bare(paper.Name)
			full.Head().Brand.Footer, empty.Head().Brand = []string{"Until soon"}, Brand{}
			for _, example := range []Paper{full, empty} {
				said := lettersOf(Lay(example, tmpl).Document)
				if lost := missing(paper.Fields, example.Values(), said); lost != nil {
					t.Fatalf("taken, and loses %v:\n%s\nsays\n%s", lost, changed, said)
				}
			}
		}
	}
	if taken < tries/20 || refused < tries/20 {
		t.Errorf("%d taken, %d refused: one of them was hardly tried", taken, refused)
	}
}

// bare is a paper with nothing on it that may be absent.
func bare(kind string) Paper {
	s := shops()[i18n.English]
	switch kind {
	case Sale{}.Kind():
		r := s.sale()
		r.Member, r.Redeemed, r.Value, r.Cashier = nil, 0, 0, ""
		return r
	case Return{}.Kind():
		r := s.returned()
		r.Balance, r.Repriced, r.Withheld, r.ToCards, r.Coupons = nil, 0, 0, nil, nil
		return r
	case Coupon{}.Kind():
		c := s.couponOf()
		c.Name, c.Value, c.Minimum = "", 0, 0
		return c
	}
	return Example(kind, i18n.English)
}

// disturbed changes one or two lines of a template.
func disturbed(source string, random *rand.Rand) string {
	lines := strings.Split(strings.TrimRight(source, "\n"), "\n")
	for range 1 + random.IntN(2) {
		i := 3 + random.IntN(len(lines)-3)
		j := 3 + random.IntN(len(lines)-3)
		switch line := lines[i]; random.IntN(5) {
		case 0:
			lines = append(lines[:i:i], lines[i+1:]...)
		case 1:
			lines[i], lines[j] = lines[j], lines[i]
		case 2:
			lines = append(lines[:i:i], append([]string{lines[j]}, lines[i:]...)...)
		case 3:
			if strings.HasSuffix(line, " }") {
				lines[i] = strings.TrimSuffix(line, " }") + ", when: store }"
			}
		case 4:
			if strings.HasSuffix(line, " }") {
				lines[i] = strings.TrimSuffix(line, " }") + ", unless: footer }"
			}
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
