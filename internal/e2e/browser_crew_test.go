package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// tellsIn waits for a text of the catalogue in a language, which is the page's from then on.
func (p *tillPage) tellsIn(lang i18n.Lang, key string, args ...i18n.Args) {
	p.t.Helper()
	p.lang = lang
	p.tells(key, args...)
}

// limited is the demo's programme in which a cashier redeems 50 points at once.
func limited(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../demo/programme.yaml")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "programme.yaml")
	if err := os.WriteFile(name, append(text, "\nlimits: { cashier: { redeem: 50 } }\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// hireIn lets somebody work in the shop, with a language of their own.
func hireIn(t *testing.T, shop *stage.Shop, name, role, lang, pin string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(shop.Bin, "loyaltill"), "staff", "add", "-c", shop.AgentConfig(), "--role", role, "--language", lang, name)
	cmd.Stdin = strings.NewReader(pin + "\n" + pin + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("hire %s: %v\n%s", name, err, out)
	}
}

// TestTheCrewOfATillInABrowser hands a till from cashier to cashier: 1 is Dora, who reads English, 2 Navid, who reads Persian, 3 Berta,
// the supervisor.
func TestTheCrewOfATillInABrowser(t *testing.T) {
	chromium(t)
	shop := openShop(t, func(o *stage.Options) { o.APIListen, o.Programme = fixedAddress(t), limited(t) })
	hireIn(t, shop, "Dora", "cashier", "en", "4714")
	hireIn(t, shop, "Navid", "cashier", "fa", "4715")
	hireIn(t, shop, "Berta", "supervisor", "", "4712")
	p := openPage(t, shop)
	for _, part := range []struct {
		name string
		play func(*testing.T, *tillPage, *stage.Shop)
	}{
		{"a cashier signs in and the bill is theirs", crewSignsIn},
		{"the till goes to the next cashier, in their language, with the basket", crewHandsOver},
		{"wrong PINs wait, and the page counts down", crewWaits},
		{"a restart asks for the PIN and the basket stays", crewAfterRestart},
		{"a supervisor answers for one redemption beyond the limit", crewOverride},
		{"where it is required the page opens locked", crewRequired},
		{"where the store wants it a supervisor answers for a void", crewVoid},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			whole := p.t
			p.t = t
			defer func() { p.t = whole }()
			part.play(t, p, shop)
			p.wellBehaved()
		}) {
			return // what follows needs what came before
		}
	}
}

// quoted waits until an amount can be paid.
func (p *tillPage) quoted(amount string) {
	p.t.Helper()
	p.until("the quote", fmt.Sprintf(`document.querySelector('.side > button.main:enabled')?.innerText.includes(%q)`, amount))
}

// lock locks the till by its button: a keyboard may have no Pause.
func (p *tillPage) lock() {
	p.t.Helper()
	p.click(`header button.crew`)
	p.until("the question who it is", `document.querySelector('dialog[open] .dots')`)
}

// proves types a number of staff and a PIN.
func (p *tillPage) proves(number, pin string) {
	p.t.Helper()
	p.keys(number, kb.Enter, pin, kb.Enter)
}

func crewSignsIn(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.tellsIn(i18n.English, "till.sign_in_do")
	p.lock()
	p.tellsIn(i18n.English, "till.staff_number")
	p.looksRight("crew-1-number-en")
	p.keys("1", kb.Enter)
	p.tellsIn(i18n.English, "till.staff_pin", i18n.Args{"number": "1"})
	p.keys("47")
	p.wedge("40123455" + kb.Enter) // goods meant for the basket
	p.tellsIn(i18n.English, "till.pin_scanned")
	p.until("no digit of it", `document.querySelectorAll('dialog[open] .dots .set').length === 0`)
	p.keys("4714", kb.Enter)
	p.until("no question", noQuestion)
	p.until("who it is", `document.querySelector('header').innerText.includes('Dora')`)
	p.looksRight("crew-2-signed-in-en")
	p.until("no PIN kept", `!/\b4714\b/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`)
	p.keys(kb.F2, "3.00 Juice", kb.Enter)
	p.quoted("€3.00")
	p.keys(kb.F9)
	p.shows("Cash received")
	p.keys(kb.F9)
	p.shows("Sale completed")
	p.keys(kb.Enter)
	receiptOf(t, shop, "Dora")
}

// receiptOf waits for the newest receipt and looks whose it is.
func receiptOf(t *testing.T, shop *stage.Shop, cashier string) {
	t.Helper()
	var list struct{ Sheets []struct{ N int } }
	err := stage.Until(t.Context(), "the receipt of "+cashier, seenWithin, func(ctx context.Context) (bool, string, error) {
		if err := shop.Bench.Do(ctx, "GET", "/printers/till1/sheets", nil, &list); err != nil || len(list.Sheets) == 0 {
			return false, "no sheet", err
		}
		var text []byte
		err := shop.Bench.Do(ctx, "GET", fmt.Sprintf("/printers/till1/sheets/%d.txt", list.Sheets[len(list.Sheets)-1].N), nil, &text)
		return strings.Contains(string(text), cashier), string(text), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func crewHandsOver(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys(kb.F2, "2.50 Rye bread", kb.Enter)
	p.shows("Rye bread")
	p.keys("1.20 Half a wo")
	p.lock()
	p.tellsIn(i18n.English, "till.staff_locked", i18n.Args{"name": "Dora"})
	p.tellsIn(i18n.English, "till.staff_pin", i18n.Args{"number": "1"})
	p.looksRight("crew-3-locked-en")
	p.keys(kb.Escape, kb.Escape, kb.Backspace)
	p.tellsIn(i18n.English, "till.staff_number") // nobody leaves it without a PIN
	p.proves("2", "4715")
	p.lang = i18n.Persian
	p.until("the next cashier's language", `document.documentElement.lang === 'fa' && document.documentElement.dir === 'rtl'`)
	p.until("no question", noQuestion)
	p.until("the next cashier", `document.querySelector('header').innerText.includes('Navid')`)
	p.shows("Rye bread")
	p.until("the typed text", `document.querySelector('#entry').value === '1.20 Half a wo'`)
	p.looksRight("crew-4-handed-over-fa")
}

func crewWaits(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.lock()
	p.tellsIn(i18n.Persian, "till.staff_locked", i18n.Args{"name": "Navid"})
	for range 3 {
		p.keys("9999", kb.Enter)
		p.tellsIn(i18n.Persian, "cashier.staff_pin_wrong")
	}
	p.until("the countdown", `document.querySelector('dialog[open] .wait')`)
	p.looksRight("crew-5-wait-fa")
	p.until("the end of the countdown", `!document.querySelector('dialog[open] .wait')`)
	p.keys("4715", kb.Enter)
	p.until("no question", noQuestion)
}

func crewAfterRestart(t *testing.T, p *tillPage, shop *stage.Shop) {
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	p.tellsIn(i18n.Persian, "till.agent_away")
	if err := shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.until("the question who it is", `document.querySelector('dialog[open] .dots')`) // the quote has met the agent's new life
	p.keys(kb.Backspace)
	p.proves("1", "4714")
	p.until("no question", noQuestion)
	p.lang = i18n.English
	p.until("Dora's language", `document.documentElement.lang === 'en'`)
	p.shows("Rye bread")
	p.until("the typed text", `document.querySelector('#entry').value === '1.20 Half a wo'`)
	p.do(chromedp.Reload())
	p.until("Dora after a reload", `document.querySelector('header')?.innerText.includes('Dora')`)
	p.shows("Rye bread")
	p.keys(kb.Escape)
	p.shows("Cancel this sale?")
	p.keys(kb.F9)
	p.until("no question", noQuestion)
}

func crewOverride(t *testing.T, p *tillPage, shop *stage.Shop) {
	insert(t, shop, "liga")
	p.shows("6034…0018")
	p.keys(kb.F2, "40.00 Coffee", kb.Enter) // earns what the next one redeems
	p.shows("+400 points")
	p.quoted("€40.00")
	p.keys(kb.F9)
	p.shows("Cash received")
	p.keys(kb.F9)
	p.shows("Sale completed")
	if err := shop.Synced(t.Context(), syncedLimit); err != nil {
		t.Fatal(err)
	}
	p.keys(kb.Enter)
	swap(t, p, shop, "liga")
	p.shows("400 to spend here")
	p.keys(kb.F2, "9.00 Tea", kb.Enter)
	p.quoted("€9.00")
	p.keys(kb.F4, "100")
	p.quoted("€8.00")
	p.keys(kb.F9)
	p.shows("3 tries are left")
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.shows("Cash received")
	p.keys(kb.F9)
	p.tellsIn(i18n.English, "till.override_title")
	p.looksRight("crew-6-override-en")
	p.proves("1", "4714")
	p.tellsIn(i18n.English, "cashier.approver_role")
	p.keys(kb.Backspace)
	p.proves("3", "4712")
	p.shows("Sale completed")
	p.shows("Paid with 100 points")
	p.keys(kb.Enter)
	receiptOf(t, shop, "Dora")
}

func crewRequired(t *testing.T, p *tillPage, shop *stage.Shop) {
	config, err := os.ReadFile(shop.AgentConfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(shop.AgentConfig(), append(config, "\n[staff]\nrequired = true\napprove = [\"void\"]\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	p.keys(kb.F2, "2.50 Rye bread", kb.Enter)
	p.shows("Rye bread")
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	p.shows("The agent is restarting.")
	p.eval(`sessionStorage.clear()`)
	if err := shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Reload())
	p.tellsIn(i18n.English, "till.staff_number")
	p.keys(kb.Escape, kb.F9)
	p.until("the lock", `document.querySelector('dialog[open] .dots')`)
	p.proves("2", "4715")
	p.until("no question", noQuestion)
	p.lang = i18n.Persian
	p.until("Persian", `document.documentElement.dir === 'rtl'`)
	p.shows("Rye bread")
	p.looksRight("crew-7-required-fa")
}

// The question for a supervisor comes over the void, which stays as it was when it is left.
func crewVoid(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.F9)
	p.until("the sale", `document.querySelector('.done')`)
	p.keys(kb.F10)
	p.press("till.void_title")
	p.keys(kb.F6)
	p.tells("till.void_choose")
	p.keys("1")
	p.until("the figures", `document.querySelector('dialog[open] button.danger:enabled')`)
	p.keys(kb.F9)
	p.tells("till.override_title")
	p.tells("cashier.approval_needed")
	p.looksRight("crew-8-void-fa")
	p.keys(kb.Escape)
	p.until("the void behind it", `document.querySelectorAll('dialog[open]').length === 1 && document.querySelector('dialog[open] button.danger:enabled')`)
	p.keys(kb.F9)
	p.tells("till.override_title")
	p.proves("3", "4712")
	p.tells("till.void_done")
	p.keys(kb.Enter)
	p.until("no question", noQuestion)
}
