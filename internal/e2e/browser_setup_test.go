package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// maxClicks is what a first start may cost, the code typed.
const maxClicks = 12

// bareShop has head office and devices, and an agent that has never been set up; its setup page is open in a language.
func bareShop(t *testing.T, lang i18n.Lang) (*stage.Shop, *tillPage) {
	t.Helper()
	chromium(t)
	shop, err := stage.OpenBare(t.Context(), stage.Options{Bin: programs(t), Dir: t.TempDir(), Programme: "../demo/programme.yaml", Speed: 50, TimeZone: noonZone(time.Now())})
	t.Cleanup(func() {
		if err := shop.Close(); err != nil {
			t.Errorf("close the shop: %v", err)
		}
		if t.Failed() {
			showLogs(t, shop.Log())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return shop, openSetup(t, shop, lang)
}

// openSetup opens the setup page of an agent that was just started, and counts the clicks on it.
func openSetup(t *testing.T, shop *stage.Shop, lang i18n.Lang) *tillPage {
	t.Helper()
	page := shop.Agent.Text("setup")
	origin, _, _ := strings.Cut(page, "/setup/")
	p := browseIn(t, lang, origin, page)
	p.tells("setup.code")
	p.until("no token in the address", `location.hash === ''`)
	p.eval(`window.clicks = 0; document.addEventListener('click', () => window.clicks++, true)`)
	return p
}

// pairs types the code, which is all that anybody types.
func (p *tillPage) pairs(code string) {
	p.t.Helper()
	p.until("the focus in the code", `document.activeElement === document.querySelector('form input')`)
	p.keys(code, kb.Enter)
}

// startsTill waits until the agent that was set up shows its till page, and takes it up.
func (p *tillPage) startsTill(shop *stage.Shop) {
	p.t.Helper()
	err := stage.Until(p.t.Context(), "the till page", seenWithin, func(context.Context) (bool, string, error) {
		at, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.pathname + ' ' + document.activeElement?.id`))
		if err != nil {
			return false, err.Error(), nil // from one page to the other
		}
		return at == "/till/ entry", at, nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := shop.Started(); err != nil {
		p.t.Fatal(err)
	}
	if err := shop.Synced(p.t.Context(), syncedLimit); err != nil {
		p.t.Fatal(err)
	}
}

func TestAFirstStartTakesTwelveClicksAndTheCode(t *testing.T) { inEachLanguage(t, firstStart) }

func firstStart(t *testing.T, lang i18n.Lang) {
	shop, p := bareShop(t, lang)
	if shop.CardPath != directLink {
		p.until("a reader of the first till", `document.querySelectorAll('.lanes select')[0]?.value !== ''`)
	}
	p.until("a printer of the first till", `document.querySelectorAll('.lanes select')[1]?.value.endsWith('printer1')`)
	p.looksRight("setup-begin")
	code, err := shop.PairingCode(t.Context())
	must(t, err)
	p.pairs(code)
	p.tells("setup.paired", i18n.Args{"number": 1, "name": "Veikals Rīga 1"})
	p.press("manager.test_slip")
	p.tells("setup.saw", i18n.Args{"name": p.says("setup.till_name", i18n.Args{"number": 1})})
	p.shows("EPSON TM-T20III")
	p.looksRight("setup-slip")
	slip := lastSheet(t, shop)
	for _, want := range []string{"TEST SLIP", "https://127.0.0.1", code[:4]} {
		if lang == i18n.English && !strings.Contains(slip, want) { // Persian is drawn
			t.Errorf("the slip lacks %q:\n%s", want, slip)
		}
	}
	p.press("setup.yes")
	p.tells("setup.seen")
	p.looksRight("setup-ready")
	p.until("few clicks, with the last one", fmt.Sprintf(`window.clicks < %d`, maxClicks))
	p.press("setup.start")
	p.startsTill(shop)
	p.wellBehaved()
	configuredAs(t, shop, "epson-tm-t20iii-80")
	must(t, shop.Agent.Stop())
	must(t, shop.FirstStart(t.Context()))
	if shop.Agent.Text("setup") != "" || shop.Agent.Text("api") == "" {
		t.Errorf("the second start tells %v", shop.Agent.Ready)
	}
}

// directLink is how cards reach the agent where there is no card service; a setup page finds no reader then.
const directLink = "direct link (no card service here)"

// configuredAs checks the file that the page has written.
func configuredAs(t *testing.T, shop *stage.Shop, profile string) {
	t.Helper()
	if _, err := shop.Run(t.Context(), "loyaltill", "config", "--check", shop.AgentConfig()); err != nil {
		t.Error(err)
	}
	file, err := os.ReadFile(shop.AgentConfig())
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	if strings.Count(text, "[[lane]]") != 1 || !strings.Contains(text, "printer1") || !strings.Contains(text, fmt.Sprintf("profile = %q", profile)) {
		t.Errorf("the configuration:\n%s", text)
	}
	if shop.CardPath != directLink && !strings.Contains(text, "reader = { ") {
		t.Errorf("no reader in the configuration:\n%s", text)
	}
}

func TestAFirstStartWithoutHeadOfficeIsFinishedAfterAnotherStart(t *testing.T) {
	inEachLanguage(t, startWithoutHeadOffice)
}

func startWithoutHeadOffice(t *testing.T, lang i18n.Lang) {
	shop, p := bareShop(t, lang)
	code, err := shop.PairingCode(t.Context())
	must(t, err)
	p.pairs("7K3M")
	p.tells("cashier.pair_form")
	must(t, shop.HeadOffice.Stop())
	p.eval(`document.querySelector('form input').select()`)
	p.keys(code, kb.Enter)
	p.tells("cashier.pair_silent")
	p.looksRight("setup-silent")
	p.press("setup.later")
	p.tells("setup.saved")
	p.looksRight("setup-later")
	must(t, shop.Agent.Stop())
	must(t, shop.StartHeadOffice(t.Context()))
	must(t, shop.FirstStart(t.Context()))
	again := openSetup(t, shop, lang)
	again.pairs(code)
	again.startsTill(shop)
	configuredAs(t, shop, "generic-80") // nobody has tried the printer
}

// lastSheet is the text of the newest paper of the first printer.
func lastSheet(t *testing.T, shop *stage.Shop) string {
	t.Helper()
	var list struct{ Sheets []struct{ N int } }
	err := stage.Until(t.Context(), "a sheet", seenWithin, func(ctx context.Context) (bool, string, error) {
		err := shop.Bench.Do(ctx, "GET", "/printers/till1/sheets", nil, &list)
		return len(list.Sheets) > 0, "none", err
	})
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	if err := shop.Bench.Do(t.Context(), "GET", fmt.Sprintf("/printers/till1/sheets/%d.txt", list.Sheets[len(list.Sheets)-1].N), nil, &text); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
