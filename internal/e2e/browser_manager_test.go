package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
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

func (p *tillPage) signIn(number, pin string) {
	p.t.Helper()
	p.fill("manager.number", number)
	p.fill("manager.pin", pin)
	p.keys(kb.Enter)
}

// TestTheManagerPageInABrowser is a manager's day: sign in, look, print, correct, close, read the trail.
func TestTheManagerPageInABrowser(t *testing.T) {
	inEachLanguage(t, dayOfAManager)
}

func dayOfAManager(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.APIListen = fixedAddress(t) })
	hire(t, shop, "Anna", "manager", "4711")
	hire(t, shop, "Berta", "supervisor", "4712")
	p := browseIn(t, lang, shop.API.Base, shop.API.Base+"/manager/")
	p.tells("manager.title")
	for _, part := range []struct {
		name string
		play func(*testing.T, *tillPage, *stage.Shop)
	}{
		{"a wrong PIN is refused and the right one lets in", managerSignsIn},
		{"the light says how the store does, and a test slip comes", managerLooks},
		{"coupons are looked at, then printed in a batch", managerIssues},
		{"one coupon of the batch is found by its code and taken out of use", managerTakesACouponBack},
		{"a large correction needs a second person", managerCorrects},
		{"the figures have the correction, and the X report is printed", managerCounts},
		{"somebody new gets a number", managerHires},
		{"a restart asks for the PIN and keeps what was typed", managerSignsInAgain},
		{"the trail tells all of it", managerReadsTheTrail},
		{"the answers to a ticket are kept, and hold after a restart", managerCommissions},
		{"another till is there after a restart that waits for the customer", managerFits},
		{"the page speaks Latvian too", managerInLatvian},
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
	p.looksRight("manager-sign-in")
	p.signIn("1", "9999")
	p.tells("cashier.staff_pin_wrong")
	p.fill("manager.pin", "4711")
	p.keys(kb.Enter)
	p.tells("manager.tab_overview")
	p.until("no PIN kept", `!/\b4711\b/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`)
}

func managerLooks(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.tells("manager.light_good")
	p.looksRight("manager-overview")
	p.looksRightInTheDark("manager-overview")
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/fault", map[string]any{"kind": "paper-out"}, nil); err != nil {
		t.Fatal(err)
	}
	p.reads(".light.warn", p.says("cashier.printer_paper_out"))
	p.looksRight("manager-no-paper")
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/paper", map[string]bool{"loaded": true}, nil); err != nil {
		t.Fatal(err)
	}
	p.until("the good light", `document.querySelector('.light.good')`)
	p.press("manager.test_slip")
	p.tells("manager.printing")
	p.press("manager.tab_jobs")
	p.tells("manager.slip")
	p.looksRight("manager-printing")
}

func managerIssues(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.press("manager.tab_issue")
	p.shows(map[i18n.Lang]string{"en": "Free coffee", "fa": "قهوهٔ رایگان"}[p.lang] + " · " + p.money(200))
	p.fill("manager.count", "2") // behind the 1: twelve
	p.press("manager.preview")
	p.until("the paper", `document.querySelector('canvas')?.width > 300 && document.querySelector('canvas').parentElement.ariaLabel.includes('Bezmaksas kafija')`)
	p.looksRight("manager-coupon")
	p.press("manager.print")
	p.reads("li", p.whole(12))
}

func managerTakesACouponBack(t *testing.T, p *tillPage, shop *stage.Shop) {
	var all struct {
		Batches []struct{ Seq int }
		Papers  []struct{ Serial string }
	}
	must(t, shop.API.Do(t.Context(), "GET", "/v1/coupons", nil, &all))
	must(t, shop.API.Do(t.Context(), "GET", fmt.Sprintf("/v1/coupons/%d", all.Batches[0].Seq), nil, &all))
	p.fill("manager.coupon_code", "1-NOBODYS")
	p.keys(kb.Enter)
	p.tells("cashier.coupon_unknown")
	p.eval(`document.querySelector('input[maxlength="1200"]').select()`)
	p.keys(all.Papers[4].Serial, kb.Enter)
	p.tells("manager.coupon_number", i18n.Args{"number": p.whole(5)})
	p.choose("manager.void_reason", "lost")
	p.press("manager.coupon_void")
	p.tells("manager.coupon_off")
	p.press("manager.coupon_papers")
	p.until("its papers", `document.querySelectorAll('.papers li').length === 12 && document.querySelectorAll('.papers button').length === 11`)
	p.looksRight("manager-coupons")
	p.press("manager.coupon_void") // the first of the list that can be
	p.until("two out of use", `document.querySelectorAll('.papers button').length === 10`)
}

func managerCorrects(t *testing.T, p *tillPage, shop *stage.Shop) {
	headOfficePlans(t, shop)
	p.press("manager.tab_adjust")
	p.fill("till.number", "6034 0000 0000 0018")
	p.fill("manager.plus_minus", "1500")
	p.fill("manager.reason", "goodwill")
	p.press("manager.adjust_do")
	p.tells("cashier.second_needed")
	p.fill("manager.second", "2")
	p.fill("manager.second_pin", "4712")
	p.looksRight("manager-correction")
	p.press("manager.adjust_do")
	p.tells("manager.adjusted", i18n.Args{"balance": p.whole(1500)})
}

// headOfficePlans publishes a version that is to hold from a day to come.
func headOfficePlans(t *testing.T, shop *stage.Shop) {
	t.Helper()
	now, err := os.ReadFile(shop.Programme)
	must(t, err)
	next := strings.NewReplacer("version: 1", "version: 2", "2026-01-01T00:00", "2099-12-01T00:00", "points: 10, per", "points: 20, per", "minimum: 50", "minimum: 100").Replace(string(now))
	file := filepath.Join(t.TempDir(), "next.yaml")
	must(t, os.WriteFile(file, []byte(next), 0o600))
	_, err = shop.Run(t.Context(), "headoffice", "publish", "--yes", "--dir", shop.HeadOfficeDir(), file)
	must(t, err)
}

func managerCounts(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.press("manager.tab_figures")
	p.shows(p.says("manager.points") + ": " + p.says("manager.flow_adjusted"))
	p.eval(`document.querySelector('td input').focus()`)
	p.keys("1400")
	p.reads("td.wrong", p.whole(100))
	p.press("manager.x_report")
	p.tells("manager.printing")
	p.looksRight("manager-figures")
	must(t, shop.Synced(t.Context(), syncedLimit)) // the correction was made after the version was published
	p.press("manager.tab_programme")
	p.tells("manager.in_force")
	p.reads("li", map[i18n.Lang]string{"en": "20 points for every €1.00 instead of 10 points for every €1.00", "fa": "۲۰ امتیاز برای هر €۱٫۰۰ به جای ۱۰ امتیاز برای هر €۱٫۰۰"}[p.lang])
	p.reads("li", map[i18n.Lang]string{"en": "at least: 100 instead of 50", "fa": "حداقل: ۱۰۰ به جای ۵۰"}[p.lang])
	p.tells("manager.first_version")
	p.looksRight("manager-programme")
}

func managerHires(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.press("manager.tab_staff")
	p.tells("manager.staff_new")
	p.fill("manager.name", "Carl")
	p.fill("manager.pin", "1234")
	p.fill("manager.pin_again", "1234")
	p.press("till.save")
	p.tells("cashier.staff_pin_easy")
	p.fill("manager.pin", "4713")
	p.fill("manager.pin_again", "4713")
	p.press("till.save")
	p.tells("manager.staff_added", i18n.Args{"name": "Carl", "number": p.whole(3)})
	p.looksRight("manager-staff")
}

func managerSignsInAgain(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.fill("manager.name", "Dora")
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.fill("manager.pin", "4714")
	p.fill("manager.pin_again", "4714")
	p.press("till.save")
	p.tells("cashier.session_over")
	p.looksRight("manager-again")
	p.fill("manager.pin", "4711")
	p.keys(kb.Enter)
	p.until("no question", noQuestion)
	p.until("what was typed", `[...document.querySelectorAll('input')].some((i) => i.value === 'Dora')`)
}

func managerReadsTheTrail(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.press("manager.tab_trail")
	for _, text := range []string{
		p.says("manager.act_adjust") + " · 6034…0018", "goodwill", p.says("manager.act_staff_add") + " · " + p.whole(3),
		p.says("manager.act_coupon_issue") + " · coffee", p.says("manager.act_coupon_void"), "lost", "Anna + " + p.whole(2), p.says("manager.act_day_report") + " · " + p.says("till.lane") + " " + p.whole(1),
		p.says("manager.trail_machine"), p.says("manager.role_cashier"), p.whole(1500) + " " + p.says("till.points_unit", i18n.Args{"count": 1500}),
	} {
		p.shows(text)
	}
	p.looksRight("manager-trail")
}

// again signs in after the restart that a saved change brings.
func (p *tillPage) again() {
	p.t.Helper()
	p.until("the question for the PIN", `document.querySelector('dialog[open]')`)
	p.fill("manager.pin", "4711")
	p.keys(kb.Enter)
	p.until("no question", noQuestion)
}

func managerCommissions(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.press("manager.tab_tills")
	p.tells("manager.commissioned_never")
	p.looksRight("manager-tills")
	p.press("manager.ticket")
	p.tells("manager.wizard_printing")
	p.looksRight("manager-wizard")
	p.press("setup.no")
	p.press("manager.wizard_back")
	p.eval(`(async () => {
		for (let n = 0; n < 64 && document.querySelector('.wizard .question'); n++) {
			document.querySelector('.wizard .main').click();
			await new Promise(requestAnimationFrame);
		}
	})()`)
	p.tells("manager.wizard_all")
	err := stage.Until(t.Context(), "the ticket on paper", seenWithin, func(ctx context.Context) (bool, string, error) {
		var list []struct{ State string }
		err := shop.API.Do(ctx, "GET", "/v1/jobs?limit=1", nil, &list)
		return len(list) == 1 && list[0].State == "confirmed", fmt.Sprint(list), err
	})
	must(t, err)
	p.press("manager.wizard_save")
	p.again()
	p.until("what was kept", `document.querySelector('details summary')`)
	p.click("details summary")
	p.tells("manager.saw_cut")
	p.until("the restart is over", `!document.querySelector('.waits, .part > .wrong, .good[role=status]')`)
	p.eval(`scrollTo(0, 0)`)
	p.looksRight("manager-commissioned")
	file, err := os.ReadFile(shop.AgentConfig())
	must(t, err)
	if !strings.Contains(string(file), "-till1.toml") {
		t.Errorf("no profile of its own:\n%s", file)
	}
	if _, err := os.Stat(shop.AgentConfig() + ".bak"); err == nil {
		t.Error("the configuration before lies there after the start")
	}
}

func managerFits(t *testing.T, p *tillPage, shop *stage.Shop) {
	insert(t, shop, "liga")
	p.press("setup.add")
	p.press("manager.tills_save")
	p.tells("manager.busy_sale", i18n.Args{"lane": "Till 1"})
	p.eval(`scrollTo(0, 0)`)
	p.looksRight("manager-tills-wait")
	must(t, shop.Remove(t.Context(), 1))
	must(t, shop.API.Do(t.Context(), "DELETE", "/v1/lanes/1/member", nil, nil))
	p.again()
	p.tells("manager.no_device")
	p.until("the second till", `document.querySelectorAll('.lanes li').length === 2`)
}

func managerInLatvian(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.choose("till.language", "lv")
	p.lang = i18n.Latvian
	for _, tab := range []string{"overview", "jobs", "issue", "figures", "adjust", "programme", "trail", "staff", "tills"} {
		p.press("manager.tab_" + tab)
		p.until("the part", `document.querySelector('nav [aria-current=page]')`)
		p.accessible("manager-" + tab)
	}
}
