package e2e

import (
	"net"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// trouble is a till at which one thing after the other goes wrong.
type trouble struct {
	*tillPage
	shop *stage.Shop
}

// TestEveryTroubleOfATillInABrowser has cards, printer, head office and reader fail, and looks at what the cashier is told to do.
func TestEveryTroubleOfATillInABrowser(t *testing.T) { inEachLanguage(t, troublesOfATill) }

func troublesOfATill(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.APIListen = fixedAddress(t) })
	d := &trouble{tillPage: openPageIn(t, lang, shop), shop: shop}
	for _, part := range []struct {
		name string
		play func(*trouble)
	}{
		{"a card that cannot be read, or must not be taken, is refused with what to do", (*trouble).ofCards},
		{"paper and cover are told before a customer waits", (*trouble).ofPrinters},
		{"a paper that may have come out is asked about", (*trouble).ofPapers},
		{"the till says since when head office is away, and sells", (*trouble).ofHeadOffice},
		{"a reader that is not there is missed", (*trouble).ofReaders},
		{"a store that head office refuses is told to call support, and sells", (*trouble).ofTheStore},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			whole := d.t
			d.t = t
			defer func() { d.t = whole }()
			part.play(d)
			d.wellBehaved()
		}) {
			return // what follows needs a till that is well
		}
	}
}

// bench asks the simulator for something.
func (d *trouble) bench(method, path string, body any) {
	d.t.Helper()
	must(d.t, d.shop.Bench.Do(d.t.Context(), method, path, body, nil))
}

func (d *trouble) ofCards() {
	for _, c := range []struct {
		fault         map[string]any
		says, picture string
	}{
		{map[string]any{"kind": "truncated", "bytes": 4, "sticky": true}, "cashier.card_answer_cut", "trouble-card-cut"},
		{map[string]any{"kind": "sw", "sw": "6F00", "ins": "B0", "sticky": true}, "cashier.card_unreadable", "trouble-card-unreadable"},
	} {
		d.bench(http.MethodPut, "/readers/till1/fault", c.fault)
		insert(d.t, d.shop, "liga")
		d.tells(c.says)
		d.looksRight(c.picture)
		d.bench(http.MethodDelete, "/readers/till1/fault", nil)
		d.bench(http.MethodDelete, "/readers/till1/card", nil)
		d.until("no card", `!document.querySelector('.member.refused')`)
	}
	for _, c := range []struct{ state, says, picture string }{
		{"forged", "cashier.card_counterfeit", "trouble-card-false"},
		{"terminated", "cashier.card_terminated", "trouble-card-ended"},
	} {
		d.bench(http.MethodPut, "/cards/dara/state", map[string]string{"state": c.state})
		insert(d.t, d.shop, "dara")
		d.tells(c.says)
		d.looksRight(c.picture)
		d.bench(http.MethodDelete, "/readers/till1/card", nil)
		d.until("no card", `!document.querySelector('.member.refused')`)
	}
}

func (d *trouble) ofPrinters() {
	for _, c := range []struct {
		bad, good     string
		badly, well   map[string]any
		says, picture string
	}{
		{"fault", "paper", map[string]any{"kind": "paper-near-end"}, map[string]any{"loaded": true, "mm": 80000}, "cashier.printer_paper_low", "trouble-paper-low"},
		{"cover", "cover", map[string]any{"open": true}, map[string]any{"open": false}, "cashier.printer_cover_open", "trouble-cover-open"},
		{"cable", "cable", map[string]any{"plugged": false}, map[string]any{"plugged": true}, "cashier.printer_absent", "trouble-no-printer"},
	} {
		d.bench(http.MethodPost, "/printers/till1/"+c.bad, c.badly)
		d.reads(".strips", d.says(c.says))
		d.looksRight(c.picture)
		d.bench(http.MethodPost, "/printers/till1/"+c.good, c.well)
		d.until("a printer that is well", "!"+d.read(".strips", d.says(c.says)))
	}
}

// ofPapers takes the cable away at the cut, when nobody can tell any more whether the paper is whole.
func (d *trouble) ofPapers() {
	d.keys(kb.F2, "2.00 Tea", kb.Enter)
	d.reads(".side > button.main:enabled", d.money(200))
	d.bench(http.MethodPost, "/printers/till1/fault", map[string]any{"kind": "unplug", "at": "cut", "for_ms": 2000})
	d.keys(kb.F9)
	d.tells("till.given")
	d.keys(kb.Enter)
	d.reads(".strips", d.says("cashier.printer_absent"))
	d.reads(".strips", d.says("cashier.job_uncertain"))
	d.until("a printer that is back", "!"+d.read(".strips", d.says("cashier.printer_absent")))
	d.looksRight("trouble-paper-uncertain")
	d.keys(kb.F12)
	d.until("the question", `document.querySelector('dialog[open]')`)
	d.looksRight("trouble-is-it-on-paper")
	d.press("till.job_printed")
	d.until("no question", noQuestion)
	d.until("nothing to answer", "!"+d.read(".strips", d.says("cashier.job_uncertain")))
	d.keys(kb.F2, kb.Enter)
	d.tells("till.new_sale")
}

func (d *trouble) ofHeadOffice() {
	must(d.t, d.shop.HeadOffice.Stop())
	d.keys(kb.F2, "2.00 Tea", kb.Enter)
	d.reads(".side > button.main:enabled", d.money(200))
	d.keys(kb.F9)
	d.tells("till.given")
	d.keys(kb.Enter)
	d.tells("till.done")
	d.reads("header", d.says("till.offline_since", i18n.Args{"at": ""}))
	d.looksRight("trouble-offline")
	must(d.t, d.shop.StartHeadOffice(d.t.Context()))
	must(d.t, d.shop.Synced(d.t.Context(), syncedLimit))
	d.keys(kb.Enter)
	d.tells("till.new_sale")
}

var readerSetting = regexp.MustCompile(`(?m)^reader = \{.*\}$`)

func (d *trouble) ofReaders() {
	for _, c := range []struct{ reader, says, picture string }{
		{`name = "A reader that was sold"`, "cashier.reader_absent", "trouble-no-reader"},
		{`link = "127.0.0.1:` + d.taken() + `"`, "cashier.reader_link_unavailable", "trouble-reader-fault"},
	} {
		config, err := os.ReadFile(d.shop.AgentConfig())
		must(d.t, err)
		other := readerSetting.ReplaceAllLiteral(config, []byte("reader = { "+c.reader+" }"))
		must(d.t, os.WriteFile(d.shop.AgentConfig(), other, 0o600))
		must(d.t, d.shop.Agent.Stop())
		must(d.t, d.shop.StartAgent(d.t.Context()))
		d.do(chromedp.Reload()) // or the reader is one that was here and is lost
		d.reads(".strips", d.says(c.says))
		d.looksRight(c.picture)
	}
}

// taken is a port that somebody else listens on.
func (d *trouble) taken() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(d.t, err)
	d.t.Cleanup(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(d.t, err)
	return port
}

func (d *trouble) ofTheStore() {
	_, err := d.shop.Run(d.t.Context(), "headoffice", "store", "revoke", "--dir", d.shop.HeadOfficeDir(), "--store", "1", "--reason", "stolen")
	must(d.t, err)
	must(d.t, d.shop.Agent.Stop())
	must(d.t, d.shop.StartAgent(d.t.Context()))
	d.reads(".strips", d.says("till.sync_trouble"))
	d.looksRight("trouble-office-fault")
}
