package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// TestTheCustomersDisplayInABrowser holds the second screen of a till against the till beside it.
func TestTheCustomersDisplayInABrowser(t *testing.T) { inEachLanguage(t, customerLooksOn) }

func customerLooksOn(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.APIListen, o.Members[0].Language = fixedAddress(t), string(lang) })
	p := openPage(t, shop) // the cashier reads English, whatever the customer does
	page, token := displayAddress(t, p)
	d := browseIn(t, lang, shop.API.Base, fmt.Sprintf("%s%s&lang=%s#%s", shop.API.Base, page, lang, token))
	d.tells("display.welcome")
	d.until("no token in the address", `location.hash === '' && localStorage.length === 1`)
	d.looksRight("display-idle")

	p.keys("2 x 3.10 Coffee #drinks 21%", kb.Enter)
	p.reads(".totals output", p.money(620))
	d.reads(".pay dd", d.money(620))
	d.reads("ol li", "Coffee")
	d.looksRight("display-bill")

	must(t, shop.Agent.Stop())
	d.tells("display.moment")
	d.until("no figure while nobody knows", `!document.querySelector('dd, li')`)
	d.looksRight("display-moment")
	must(t, shop.StartAgent(t.Context()))
	d.reads(".pay dd", d.money(620)) // the till asked anew
	p.keys(kb.Escape)
	p.tells("till.cancel_sale")
	p.keys(kb.F9)
	d.tells("display.welcome")
	d.until("no bill that was given up", `!document.querySelector('.pay')`)

	insert(t, shop, shop.Members[0].Name)
	p.shows("6034…0018")
	p.keys("12.40 Coffee #drinks 21%", kb.Enter)
	p.gains(124)
	d.tells("display.earns")
	d.reads(".pay dd", d.money(1240))
	d.looksRight("display-member")
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.F9)
	p.tells("till.done")
	d.tells("display.thanks")
	d.reads("dl", d.money(1240))
	d.looksRight("display-paid")
	p.wellBehaved()
	d.wellBehaved()
}

// displayAddress has the till open its display and says where that is.
func displayAddress(t *testing.T, p *tillPage) (page, token string) {
	t.Helper()
	p.eval(`((open) => { window.open = (...how) => { window.opened = String(how[0]); return open(...how) } })(window.open.bind(window))`)
	p.keys(kb.F10)
	p.press("till.display")
	p.until("the display's window", `window.opened`)
	p.until("no question", noQuestion)
	address, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`window.opened`))
	must(t, err)
	page, token, _ = strings.Cut(address, "#")
	if token == "" || page != "/display/?lane=1" {
		t.Fatalf("the till opens %q", address)
	}
	return page, token
}
