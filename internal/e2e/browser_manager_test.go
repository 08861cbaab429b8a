package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/stage"
)

// hire lets somebody work in the shop, from the command line of its machine.
func hire(t *testing.T, shop *stage.Shop, name, role, pin string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(shop.Bin, "loyaltill"), "staff", "add", "-c", shop.AgentConfig(), "--role", role, name)
	cmd.Stdin = strings.NewReader(pin + "\n" + pin + "\n")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "signs in with number") {
		t.Fatalf("hire %s: %v\n%s", name, err, out)
	}
}

// typed puts text into the field of a label.
func (p *tillPage) typed(label, text string) {
	p.t.Helper()
	field := fmt.Sprintf(`[...document.querySelectorAll('label')].findLast((l) => l.innerText.trim().startsWith(%q))?.querySelector('input')`, label)
	p.until("the field "+label, field)
	p.eval(field + `.setAttribute('data-field', '')`)
	p.do(chromedp.SendKeys(chromedp.CSS("[data-field]"), text))
	p.eval(`document.querySelector('[data-field]').removeAttribute('data-field')`)
}

// fits checks the layout on the two smaller screens, and keeps a picture of it: a page may be longer than the screen, never wider.
func (p *tillPage) fits(name string) {
	p.t.Helper()
	for _, s := range screens[:2] {
		p.do(chromedp.EmulateViewport(s.width, s.height))
		p.eval(`document.body.dataset.frame = ''; requestAnimationFrame(() => requestAnimationFrame(() => { document.body.dataset.frame = 'drawn' }))`)
		p.until("the next frame", `document.body.dataset.frame === 'drawn'`)
		p.until("a page no wider than the screen", `document.documentElement.scrollWidth <= innerWidth`)
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](layoutFaults))
		if err != nil {
			p.t.Fatal(err)
		}
		var faults []string
		if err := json.Unmarshal([]byte(text), &faults); err != nil {
			p.t.Fatal(err)
		}
		for _, f := range faults {
			if f != "the page scrolls" && !strings.HasSuffix(f, "is outside the screen") {
				p.t.Errorf("%s at %dx%d: %s", name, s.width, s.height, f)
			}
		}
		p.shoot(fmt.Sprintf("%s-%dx%d", name, s.width, s.height))
	}
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
}

func (p *tillPage) signIn(number, pin string) {
	p.t.Helper()
	p.typed("Your number", number)
	p.typed("PIN code", pin)
	p.keys(kb.Enter)
}

// TestTheManagerPageInABrowser is a manager's day: sign in, look, print, correct, close, read the trail.
func TestTheManagerPageInABrowser(t *testing.T) {
	chromium(t)
	shop := openShop(t, func(o *stage.Options) { o.APIListen = fixedAddress(t) })
	hire(t, shop, "Anna", "manager", "4711")
	hire(t, shop, "Berta", "supervisor", "4712")
	p := browse(t, shop.API.Base, shop.API.Base+"/manager/")
	p.shows("Loyaltill manager")
	for _, part := range []struct {
		name string
		play func(*testing.T, *tillPage, *stage.Shop)
	}{
		{"a wrong PIN is refused and the right one lets in", managerSignsIn},
		{"the light says how the store does, and a test slip comes", managerLooks},
		{"coupons are looked at, then printed in a batch", managerIssues},
		{"a large correction needs a second person", managerCorrects},
		{"the figures have the correction, and the X report is printed", managerCounts},
		{"somebody new gets a number", managerHires},
		{"a restart asks for the PIN and keeps what was typed", managerSignsInAgain},
		{"the trail tells all of it", managerReadsTheTrail},
		{"Persian is mirrored, in the dark too", managerInPersian},
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

func managerSignsIn(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.fits("manager-1-sign-in")
	p.signIn("1", "9999")
	p.shows("Number or PIN is wrong")
	p.typed("PIN code", "4711")
	p.keys(kb.Enter)
	p.shows("Overview")
	p.until("no PIN kept", `!/\b4711\b/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`)
}

func managerLooks(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.shows("All is well.")
	p.fits("manager-2-overview")
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/fault", map[string]any{"kind": "paper-out"}, nil); err != nil {
		t.Fatal(err)
	}
	p.until("the light on the paper", `document.querySelector('.light.warn')?.innerText.includes('out of paper')`)
	p.fits("manager-3-no-paper")
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/paper", map[string]bool{"loaded": true}, nil); err != nil {
		t.Fatal(err)
	}
	p.until("the good light", `document.querySelector('.light.good')`)
	p.clickText("Test slip")
	p.shows("It is being printed.")
	p.clickText("Commissioning")
	p.shows("are these letters on the paper?")
	p.fits("manager-4-ticket")
	p.clickText("Printing")
	p.shows("Report or test slip")
	p.fits("manager-5-printing")
}

func managerIssues(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.clickText("Coupons and cards")
	p.shows("Free coffee · €2.00")
	p.typed("How many", "2") // behind the 1: twelve
	p.clickText("Look at it first")
	p.until("the paper", `document.querySelector('canvas')?.width > 300 && document.querySelector('canvas').parentElement.ariaLabel.includes('Bezmaksas kafija')`)
	p.fits("manager-6-coupon")
	p.clickText("Print")
	p.shows("12 issued")
}

func managerCorrects(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.clickText("Corrections")
	p.typed("Card number", "6034 0000 0000 0018")
	p.typed("Plus or minus", "1500")
	p.typed("Reason", "goodwill")
	p.clickText("Book the correction")
	p.shows("A second person signs with number and PIN.")
	p.typed("Second person's number", "2")
	p.typed("Second person's PIN", "4712")
	p.fits("manager-7-correction")
	p.clickText("Book the correction")
	p.shows("Booked. Points now: 1,500")
}

func managerCounts(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.clickText("Today")
	p.shows("Points: corrected")
	p.eval(`document.querySelector('td input').focus()`)
	p.keys("1400")
	p.until("the difference", `document.querySelector('td.wrong')?.innerText.includes('100')`)
	p.clickText("X report")
	p.shows("It is being printed.")
	p.fits("manager-8-figures")
	p.clickText("Programme")
	p.shows("in force")
	p.fits("manager-9-programme")
}

func managerHires(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.clickText("Staff")
	p.shows("Somebody new")
	p.typed("Name", "Carl")
	p.typed("PIN code", "1234")
	p.typed("The same again", "1234")
	p.clickText("Save")
	p.shows("This PIN is too easy.")
	p.typed("PIN code", "4713")
	p.typed("The same again", "4713")
	p.clickText("Save")
	p.shows("Carl signs in with number 3.")
	p.fits("manager-10-staff")
}

func managerSignsInAgain(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.typed("Name", "Dora")
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.typed("PIN code", "4714")
	p.typed("The same again", "4714")
	p.clickText("Save")
	p.shows("Your sign-in is over.")
	p.fits("manager-11-again")
	p.typed("PIN code", "4711")
	p.keys(kb.Enter)
	p.until("no question", noQuestion)
	p.until("what was typed", `[...document.querySelectorAll('input')].some((i) => i.value === 'Dora')`)
}

func managerReadsTheTrail(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.clickText("Trail")
	for _, text := range []string{"Correction · 6034…0018", "+1500 points, goodwill", "Staff added · 3", "Coupons printed · coffee", "Anna + 2", "X report · lane 1", "command line"} {
		p.shows(text)
	}
	p.fits("manager-12-trail")
}

func managerInPersian(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.eval(`(() => { const s = document.querySelector('header select'); s.value = 'fa'; s.dispatchEvent(new Event('change', { bubbles: true })) })()`)
	p.until("a mirrored page", `document.documentElement.dir === 'rtl' && document.querySelector('nav').getBoundingClientRect().left > document.querySelector('main').getBoundingClientRect().left`)
	p.scheme("dark")
	p.fits("manager-13-trail-fa-dark")
	p.clickText("نمای کلی")
	p.until("the light", `document.querySelector('.light')`)
	p.fits("manager-14-overview-fa-dark")
	p.scheme("light")
	p.fits("manager-15-overview-fa")
}
