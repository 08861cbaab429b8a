package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"loyaltill/internal/i18n"
)

// listed is a line of docs/pages/README.md: a picture, and texts of the catalogue that can be read on it.
type listed struct {
	name  string
	tells []string
}

var (
	listRow   = regexp.MustCompile("^\\| [^|]+ \\| ([^|]+) \\| !\\[[^\\]]+\\]\\(([a-z-]+)-en\\.png\\) \\| !\\[[^\\]]+\\]\\(([a-z-]+)-fa\\.png\\) \\|$")
	listKey   = regexp.MustCompile("`([a-z_.]+)`")
	sourceKey = regexp.MustCompile(`'((?:till|manager|setup|cashier|display)\.[a-z_]+)'`)
	gap       = regexp.MustCompile(`\{\{[^}]*\}\}`)
)

// listOfPages reads docs/pages/README.md.
func listOfPages(t testing.TB) []listed {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(picturesDir, "README.md"))
	must(t, err)
	var all []listed
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, ".png)") {
			continue
		}
		row := listRow.FindStringSubmatch(strings.TrimSpace(line))
		if row == nil || row[2] != row[3] {
			t.Fatalf("README.md: want | what | `key` | ![…](name-en.png) | ![…](name-fa.png) |, got %s", line)
		}
		l := listed{name: row[2]}
		for _, k := range listKey.FindAllStringSubmatch(row[1], -1) {
			l.tells = append(l.tells, k[1])
		}
		all = append(all, l)
	}
	return all
}

// states are those of docs/till.md, each with its picture and what that tells.
var states = map[string]struct{ picture, tells string }{
	"card":             {"till-quote", "till.card_in_reader"},
	"done":             {"till-done", "till.done"},
	"refused":          {"till-coupon-used", "cashier.coupon_used"},
	"attention":        {"bill-sent", "till.basket_came"},
	"no_reader":        {"trouble-no-reader", "cashier.reader_absent"},
	"reader_lost":      {"trouble-reader-lost", "till.reader_lost"},
	"reader_fault":     {"trouble-reader-fault", "cashier.reader_link_unavailable"},
	"card_unreadable":  {"trouble-card-unreadable", "cashier.card_unreadable"},
	"blocked":          {"member-card-blocked", "cashier.card_blocked"},
	"pin_entry":        {"pinpad", "cashier.pin_on_reader"},
	"pin_wrong":        {"till-pin-wrong", "cashier.pin_wrong"},
	"hold_card":        {"trouble-card-cut", "cashier.card_answer_cut"},
	"tap_again":        {"till-tap-again", "cashier.card_tap_again"},
	"offline":          {"trouble-offline", "till.offline_since"},
	"office_fault":     {"trouble-office-fault", "till.sync_trouble"},
	"paper_low":        {"trouble-paper-low", "cashier.printer_paper_low"},
	"paper_out":        {"till-paper-out", "cashier.printer_paper_out"},
	"cover_open":       {"trouble-cover-open", "cashier.printer_cover_open"},
	"printer_fault":    {"trouble-no-printer", "cashier.printer_absent"},
	"uncertain_print":  {"trouble-paper-uncertain", "cashier.job_uncertain"},
	"agent_restarting": {"till-restarting", "till.agent_away"},
	"training":         {"training-sale", "till.training_strip"},
	"limit_reached":    {"crew-override", "cashier.too_much"},
	"override":         {"crew-override", "till.override_title"},
}

var stateRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")

// statesOfTheTill are the names of the states in docs/till.md.
func statesOfTheTill(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/till.md")
	must(t, err)
	var all []string
	for _, row := range stateRow.FindAllSubmatch(text, -1) {
		all = append(all, string(row[1]))
	}
	return all
}

// picturesMost is how many bytes a clone of the repository is asked to carry for its pictures.
const picturesMost = 6 << 20

// saidOnly are texts that no picture can tell: they are there for those who do not see it.
var saidOnly = []string{"till.close_dialog", "till.device_ok", "till.device_unknown"}

// TestTheListOfPagesIsWhole holds docs/pages/README.md against the pictures, the states, and the pages' sources.
func TestTheListOfPagesIsWhole(t *testing.T) {
	var names, told []string
	tells := map[string][]string{}
	for _, l := range listOfPages(t) {
		tells[l.name] = l.tells
		if len(l.tells) == 0 {
			t.Errorf("README.md: %s tells nothing", l.name)
		}
		for _, key := range l.tells {
			if !i18n.Has(key) {
				t.Errorf("README.md: %s tells %s, which the catalogue has not", l.name, key)
			}
		}
		names, told = append(names, l.name+"-en.png", l.name+"-fa.png"), append(told, l.tells...)
	}
	drawnWith(t)
	files, err := filepath.Glob(filepath.Join(picturesDir, "*.png"))
	must(t, err)
	size := int64(0)
	for i, f := range files {
		info, err := os.Stat(f)
		must(t, err)
		size += info.Size()
		files[i] = filepath.Base(f)
		if !slices.Contains(names, files[i]) {
			t.Errorf("%s is not in README.md", files[i])
		}
	}
	for i, name := range names {
		if !slices.Contains(files, name) || slices.Contains(names[:i], name) {
			t.Errorf("README.md lists %s, which is not there or is there twice: make pictures", name)
		}
	}
	if size > picturesMost {
		t.Errorf("docs/pages holds %d bytes of pictures, more than %d", size, picturesMost)
	}
	of := statesOfTheTill(t)
	if len(of) != len(states) {
		t.Errorf("docs/till.md has %d states, of which pictures are listed for %d", len(of), len(states))
	}
	for _, state := range of {
		if want := states[state]; !slices.Contains(tells[want.picture], want.tells) {
			t.Errorf("docs/till.md has the state %s, and no picture of it (%q) tells %q", state, want.picture, want.tells)
		}
	}
	for _, source := range partsOfPages(t) {
		text, err := os.ReadFile(source)
		must(t, err)
		keys := slices.DeleteFunc(sourceKey.FindAllStringSubmatch(string(text), -1), func(k []string) bool { return slices.Contains(saidOnly, k[1]) })
		if len(keys) > 0 && !slices.ContainsFunc(keys, func(k []string) bool { return slices.Contains(told, k[1]) }) {
			t.Errorf("no picture tells any text of %s", filepath.Base(source))
		}
	}
}

// partsOfPages are the dialogs and parts that the pages are made of.
func partsOfPages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"till", "till/dialogs", "manager", "manager/parts", "setup", "display"} {
		some, err := filepath.Glob(filepath.Join("../web/pages", dir, "*.svelte"))
		must(t, err)
		all = append(all, some...)
	}
	if len(all) == 0 {
		t.Fatal("no sources of the pages")
	}
	return all
}

// inSightJS reads what can be seen, not what is only said to those who cannot see.
const inSightJS = `() => {
  const read = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const of = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (of.closest('.unseen, option') || !of.checkVisibility({ visibilityProperty: true })) continue;
    read.push(node === of ? node.placeholder ?? '' : node.data);
  }
  return ` + seenJS + `(read.join(''));
}`

// tellsAsListed fails when the page does not read as README.md says of its picture.
func (p *tillPage) tellsAsListed(name string) {
	p.t.Helper()
	for _, l := range listOfPages(p.t) {
		if l.name != name {
			continue
		}
		for _, key := range l.tells {
			var any []string
			for _, form := range forms(p.t, p.lang, key) {
				any = append(any, fmt.Sprintf("(%s)().includes(%q)", inSightJS, form))
			}
			seen, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](strings.Join(any, " || ")))
			must(p.t, err)
			if !seen {
				p.amiss("%s-%s does not tell %s, as docs/pages/README.md says", name, p.lang, key)
			}
		}
	}
}

// forms are the longest fixed parts of a text, one for each of its plural forms.
func forms(t testing.TB, lang i18n.Lang, key string) []string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("../i18n/catalog/%s.json", lang))
	must(t, err)
	var all map[string]json.RawMessage
	must(t, json.Unmarshal(raw, &all))
	texts := map[string]string{}
	if one := ""; json.Unmarshal(all[key], &one) == nil {
		texts["one"] = one
	} else {
		must(t, json.Unmarshal(all[key], &texts))
	}
	var parts []string
	for _, text := range texts {
		longest := slices.MaxFunc(gap.Split(text, -1), func(a, b string) int { return len(a) - len(b) })
		parts = append(parts, unseen.Replace(longest))
	}
	return parts
}
