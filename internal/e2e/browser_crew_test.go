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
func hireIn(t testing.TB, shop *stage.Shop, name, role, lang, pin string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(shop.Bin, "loyaltill"), "staff", "add", "-c", shop.AgentConfig(), "--role", role, "--language", lang, name)
	cmd.Stdin = strings.NewReader(pin + "\n" + pin + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("hire %s: %v\n%s", name, err, out)
	}
}

// crew are the cashiers of a till: 1 is Dora, who reads the till's language, 2 Navid, who reads another one, 3 Berta, the supervisor.
type crew struct {
	*tillPage
	shop        *stage.Shop
	dora, navid i18n.Lang
}

// TestTheCrewOfATillInABrowser hands a till from cashier to cashier.
func TestTheCrewOfATillInABrowser(t *testing.T) { inEachLanguage(t, crewOfATill) }

func crewOfATill(t *testing.T, lang i18n.Lang) {
	other := map[i18n.Lang]i18n.Lang{i18n.English: i18n.Persian, i18n.Persian: i18n.English}[lang]
	shop := openShop(t, func(o *stage.Options) { o.APIListen, o.Programme = fixedAddress(t), limited(t) })
	hireIn(t, shop, "Dora", "cashier", string(lang), "4714")
	hireIn(t, shop, "Navid", "cashier", string(other), "4715")
	hireIn(t, shop, "Berta", "supervisor", "", "4712")
	c := &crew{tillPage: openPageIn(t, lang, shop), shop: shop, dora: lang, navid: other}
	for _, part := range []struct {
		name string
		play func(*crew)
	}{
		{"a cashier signs in and the bill is theirs", (*crew).signsIn},
		{"the till goes to the next cashier, in their language, with the basket", (*crew).handsOver},
		{"wrong PINs wait, and the page counts down", (*crew).waits},
		{"a restart asks for the PIN and the basket stays", (*crew).afterRestart},
		{"a supervisor answers for one redemption beyond the limit", (*crew).override},
		{"where it is required the page opens locked", (*crew).required},
		{"where the store wants it a supervisor answers for a void", (*crew).void},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			whole := c.t
			c.t = t
			defer func() { c.t = whole }()
			part.play(c)
			c.wellBehaved()
		}) {
			return // what follows needs what came before
		}
	}
}

// quoted waits until an amount can be paid.
func (p *tillPage) quoted(amount int64) {
	p.t.Helper()
	p.reads(".side > button.main:enabled", p.money(amount))
}

// speaks waits until the page is in the language of whoever has just signed in.
func (c *crew) speaks(lang i18n.Lang) {
	c.t.Helper()
	c.lang = lang
	c.until("a page in "+string(lang), fmt.Sprintf(`document.documentElement.lang === %q && (document.documentElement.dir === 'rtl') === %t`, lang, lang.RTL()))
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

func (c *crew) signsIn() {
	c.tellsIn(c.dora, "till.sign_in_do")
	c.lock()
	c.tellsIn(c.dora, "till.staff_number")
	c.looksRight("crew-number")
	c.keys("1", kb.Enter)
	c.tellsIn(c.dora, "till.staff_pin", i18n.Args{"number": c.whole(1)})
	c.keys("47")
	c.wedge("40123455" + kb.Enter) // goods meant for the basket
	c.tellsIn(c.dora, "till.pin_scanned")
	c.looksRight("crew-scanned")
	c.until("no digit of it", `document.querySelectorAll('dialog[open] .dots .set').length === 0`)
	c.keys("4714", kb.Enter)
	c.until("no question", noQuestion)
	c.until("who it is", `document.querySelector('header').innerText.includes('Dora')`)
	c.looksRight("crew-signed-in")
	c.until("no PIN kept", `!/\b4714\b/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`)
	c.keys(kb.F2, "3.00 Juice", kb.Enter)
	c.quoted(300)
	c.keys(kb.F9)
	c.tells("till.given")
	c.keys(kb.F9)
	c.tells("till.done")
	c.keys(kb.Enter)
	c.hasReceipt("Dora")
}

// hasReceipt looks whose the newest receipt is; a Persian one is drawn, so there is no text on it.
func (c *crew) hasReceipt(cashier string) {
	c.t.Helper()
	if c.dora == i18n.English {
		receiptOf(c.t, c.shop, cashier)
	}
}

// receiptOf waits for the newest receipt and looks whose it is.
func receiptOf(t testing.TB, shop *stage.Shop, cashier string) {
	t.Helper()
	err := stage.Until(t.Context(), "the receipt of "+cashier, seenWithin, func(ctx context.Context) (bool, string, error) {
		text, err := newestSheet(ctx, shop)
		return strings.Contains(text, cashier), text, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// newestSheet is what the first lane's printer has cut last, as text; empty when that is nothing.
func newestSheet(ctx context.Context, shop *stage.Shop) (string, error) {
	var list struct{ Sheets []struct{ N int } }
	if err := shop.Bench.Do(ctx, "GET", "/printers/till1/sheets", nil, &list); err != nil || len(list.Sheets) == 0 {
		return "", err
	}
	var text []byte
	err := shop.Bench.Do(ctx, "GET", fmt.Sprintf("/printers/till1/sheets/%d.txt", list.Sheets[len(list.Sheets)-1].N), nil, &text)
	return string(text), err
}

func (c *crew) handsOver() {
	c.keys(kb.F2, "2.50 Rye bread", kb.Enter)
	c.shows("Rye bread")
	c.keys("1.20 Half a wo")
	c.lock()
	c.tellsIn(c.dora, "till.staff_locked", i18n.Args{"name": "Dora"})
	c.tellsIn(c.dora, "till.staff_pin", i18n.Args{"number": c.whole(1)})
	c.looksRight("crew-locked")
	c.keys(kb.Escape, kb.Escape, kb.Backspace)
	c.tellsIn(c.dora, "till.staff_number") // nobody leaves it without a PIN
	c.proves("2", "4715")
	c.speaks(c.navid)
	c.until("no question", noQuestion)
	c.until("the next cashier", `document.querySelector('header').innerText.includes('Navid')`)
	c.shows("Rye bread")
	c.until("the typed text", `document.querySelector('#entry').value === '1.20 Half a wo'`)
	c.quoted(250)
	c.looksRight("crew-handed-over")
}

func (c *crew) waits() {
	c.lock()
	c.tellsIn(c.navid, "till.staff_locked", i18n.Args{"name": "Navid"})
	for range 3 {
		c.keys("9999", kb.Enter)
		c.tellsIn(c.navid, "cashier.staff_pin_wrong")
	}
	c.until("the countdown", `document.querySelector('dialog[open] .wait')`)
	c.looksRight("crew-wait")
	c.until("the end of the countdown", `!document.querySelector('dialog[open] .wait')`)
	c.keys("4715", kb.Enter)
	c.until("no question", noQuestion)
}

func (c *crew) afterRestart() {
	if err := c.shop.Agent.Stop(); err != nil {
		c.t.Fatal(err)
	}
	c.tellsIn(c.navid, "till.agent_away")
	if err := c.shop.StartAgent(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.until("the question who it is", `document.querySelector('dialog[open] .dots')`) // the quote has met the agent's new life
	c.keys(kb.Backspace)
	c.proves("1", "4714")
	c.until("no question", noQuestion)
	c.speaks(c.dora)
	c.shows("Rye bread")
	c.until("the typed text", `document.querySelector('#entry').value === '1.20 Half a wo'`)
	c.do(chromedp.Reload())
	c.until("Dora after a reload", `document.querySelector('header')?.innerText.includes('Dora')`)
	c.shows("Rye bread")
	c.keys(kb.Escape)
	c.tells("till.cancel_sale")
	c.keys(kb.F9)
	c.until("no question", noQuestion)
}

func (c *crew) override() {
	insert(c.t, c.shop, "liga")
	c.shows("6034…0018")
	c.keys(kb.F2, "40.00 Coffee", kb.Enter) // earns what the next one redeems
	c.gains(400)
	c.quoted(4000)
	c.keys(kb.F9)
	c.tells("till.given")
	c.keys(kb.F9)
	c.tells("till.done")
	if err := c.shop.Synced(c.t.Context(), syncedLimit); err != nil {
		c.t.Fatal(err)
	}
	c.keys(kb.Enter)
	swap(c.t, c.tillPage, c.shop, "liga")
	c.tells("till.available", i18n.Args{"count": 400})
	c.keys(kb.F2, "9.00 Tea", kb.Enter)
	c.quoted(900)
	c.keys(kb.F4, "100")
	c.quoted(800)
	c.keys(kb.F9)
	c.tells("till.pin_tries", i18n.Args{"count": 3})
	c.keys(c.shop.Members[0].PIN, kb.Enter)
	c.tells("till.given")
	c.keys(kb.F9)
	c.tellsIn(c.dora, "till.override_title")
	c.looksRight("crew-override")
	c.proves("1", "4714")
	c.tellsIn(c.dora, "cashier.approver_role")
	c.keys(kb.Backspace)
	c.proves("3", "4712")
	c.tells("till.done")
	c.tells("till.points_pay", i18n.Args{"count": 100})
	c.keys(kb.Enter)
	c.hasReceipt("Dora")
}

func (c *crew) required() {
	config, err := os.ReadFile(c.shop.AgentConfig())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(c.shop.AgentConfig(), append(config, "\n[staff]\nrequired = true\napprove = [\"void\"]\n"...), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.keys(kb.F2, "2.50 Rye bread", kb.Enter)
	c.shows("Rye bread")
	if err := c.shop.Agent.Stop(); err != nil {
		c.t.Fatal(err)
	}
	c.tells("till.agent_away")
	c.eval(`sessionStorage.clear()`)
	if err := c.shop.StartAgent(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.do(chromedp.Reload())
	c.tellsIn(c.dora, "till.staff_number")
	c.keys(kb.Escape, kb.F9)
	c.until("the lock", `document.querySelector('dialog[open] .dots')`)
	c.proves("2", "4715")
	c.until("no question", noQuestion)
	c.speaks(c.navid)
	c.shows("Rye bread")
	c.quoted(250)
	c.looksRight("crew-required")
}

// The question for a supervisor comes over the void, which stays as it was when it is left.
func (c *crew) void() {
	c.keys(kb.F9)
	c.tells("till.given")
	c.keys(kb.F9)
	c.until("the sale", `document.querySelector('.done')`)
	c.keys(kb.F10)
	c.press("till.void_title")
	c.keys(kb.F6)
	c.tells("till.void_choose")
	c.keys("1")
	c.until("the figures", `document.querySelector('dialog[open] button.danger:enabled')`)
	c.keys(kb.F9)
	c.tells("till.override_title")
	c.tells("cashier.approval_needed")
	c.looksRight("crew-void")
	c.keys(kb.Escape)
	c.until("the void behind it", `document.querySelectorAll('dialog[open]').length === 1 && document.querySelector('dialog[open] button.danger:enabled')`)
	c.keys(kb.F9)
	c.tells("till.override_title")
	c.proves("3", "4712")
	c.tells("till.void_done")
	c.keys(kb.Enter)
	c.until("no question", noQuestion)
}
