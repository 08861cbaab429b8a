package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// A page of a POS vendor's own server sells through the agent once a manager has let it in, and no longer when he takes that back.
func TestAWebTillOfAnotherServerInABrowser(t *testing.T) { inEachLanguage(t, webTill) }

func webTill(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, nil)
	hire(t, shop, "Anna", "manager", "4711")
	vendor := httptest.NewServer(http.FileServer(http.Dir(examples)))
	t.Cleanup(vendor.Close)
	web := browse(t, vendor.URL, vendor.URL+"/pos.html?agent="+url.QueryEscape(shop.API.Base))
	manager := browseIn(t, lang, shop.API.Base, shop.API.Base+"/manager/")
	manager.signIn("1", "4711")
	manager.press("manager.tab_origins")
	manager.tells("manager.origins_none")

	web.click("#connect")
	web.until("the code", `/^\d{6}$/.test(document.querySelector('#code').textContent)`)
	code, err := chromedp.Run(web.ctx, chromedp.Evaluate[string](`document.querySelector('#code').textContent`))
	must(t, err)
	manager.tells("manager.origin_asks", i18n.Args{"origin": vendor.URL, "code": code})
	manager.looksRight("manager-web-till-asks")
	manager.press("manager.origin_allow")
	web.shows("Connected with Till 1.")
	before := entries(t, shop)
	web.click("#sale button")
	web.shows("points earned")
	if sold := entries(t, shop) - before; sold != 1 {
		t.Errorf("%d sales of one", sold)
	}

	manager.press("manager.origin_end")
	manager.tells("manager.origins_none")
	web.click("#sale button")
	web.shows("let in no more")
	manager.wellBehaved()
}

// A browser that keeps a page of the world from this computer says so by its permission alone; the page tells what to do.
func TestAWebTillTellsWhatTheBrowserAllowsInABrowser(t *testing.T) {
	chromium(t)
	shop := openShop(t, func(o *stage.Options) { o.NoPCSC = true })
	vendor := httptest.NewServer(http.FileServer(http.Dir(examples)))
	t.Cleanup(vendor.Close)
	// For the browser the vendor's server stands in the world.
	public := chromedp.Flag("ip-address-space-overrides", strings.TrimPrefix(vendor.URL, "http://")+"=public")
	web := browseIn(t, i18n.English, vendor.URL, vendor.URL+"/pos.html?agent="+url.QueryEscape(shop.API.Base), public)
	web.shows("please allow it")
	for _, c := range []struct{ setting, says string }{
		{"denied", "The browser keeps this page from this computer."},
		{"granted", "let this page in if the same code stands there"},
	} {
		_, err := chromedp.Call(web.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "loopback-network"}, Setting: browser.PermissionSetting(c.setting),
		})
		must(t, err)
		web.click("#connect")
		web.shows(c.says)
	}
}
