package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// hears notes the tone of every oscillator that the page starts.
const hears = `(() => {
  globalThis.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { heard.push(Math.round(this.frequency.value)); start.call(this, at); };
})()`

var toneInDocs = regexp.MustCompile(`(\d+)/\d+`)

// tones are those of a state as docs/till.md has them.
func tones(t testing.TB, state string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/till.md")
	must(t, err)
	for row := range strings.Lines(string(page)) {
		if cells := strings.Split(row, " | "); strings.HasPrefix(row, "| `"+state+"` |") && len(cells) > 2 {
			var hz []string
			for _, m := range toneInDocs.FindAllStringSubmatch(cells[2], -1) {
				hz = append(hz, m[1])
			}
			return strings.Join(hz, " ")
		}
	}
	t.Fatalf("docs/till.md has no state %s", state)
	return ""
}

// signals waits until a state was heard since the last one, and its picture is drawn beside its text.
func (p *tillPage) signals(state, where, text string) {
	p.t.Helper()
	p.until("the sound of "+state, fmt.Sprintf(`(' ' + heard.join(' ') + ' ').includes(' %s ')`, tones(p.t, state)))
	p.reads(where, text)
	p.until("the picture of "+state, fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.querySelector('svg path')?.getTotalLength() > 10)`, where))
	p.eval(`heard.length = 0`)
}

// TestStatesAreReadSeenAndHeard goes through what a till meets on a bad day.
func TestStatesAreReadSeenAndHeard(t *testing.T) { inEachLanguage(t, badDay) }

func badDay(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.APIListen = fixedAddress(t) })
	p := openPageIn(t, lang, shop)
	p.eval(hears)
	p.keys(kb.F2) // from now on the page may sound

	paper := func(path string, body any) {
		must(t, shop.Bench.Do(t.Context(), "POST", "/printers/till1/"+path, body, nil))
	}
	paper("fault", map[string]any{"kind": "paper-out"})
	p.signals("paper_out", ".strip", p.says("cashier.printer_paper_out"))
	paper("paper", map[string]bool{"loaded": true})
	p.until("no strip", `!document.querySelector('.strip')`)

	insert(t, shop, "liga")
	p.tells("till.pin_do")
	p.signals("card", ".member", "6034")
	p.keys(kb.F8)
	p.tells("till.pin_tries", i18n.Args{"count": 3})
	p.keys("0000", kb.Enter)
	p.signals("pin_wrong", ".says.wrong", p.says("cashier.pin_wrong", i18n.Args{"count": 2}))
	p.keys(kb.Escape)
	must(t, shop.Remove(t.Context(), 1))

	must(t, shop.Agent.Stop())
	p.signals("agent_restarting", ".strip", p.says("till.agent_away"))
	must(t, shop.StartAgent(t.Context()))
	p.until("the agent", `!document.querySelector('.strip')`)

	// Switched off, the text and the picture stay.
	p.keys(kb.F10)
	p.press("till.sound_on")
	p.tells("till.sound_off")
	p.keys(kb.Escape)
	p.eval(`heard.length = 0`)
	paper("fault", map[string]any{"kind": "paper-out"})
	p.reads(".strip", p.says("cashier.printer_paper_out"))
	p.until("silence", `heard.length === 0`)
	p.wellBehaved()
}
