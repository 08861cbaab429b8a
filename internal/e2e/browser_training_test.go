package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
)

// TestPractisingAtATillInABrowser begins a training at the till, sells in it, and ends it from the store's office.
func TestPractisingAtATillInABrowser(t *testing.T) { inEachLanguage(t, practiceAtATill) }

func practiceAtATill(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, nil)
	hire(t, shop, "Anna", "manager", "4711")
	p := openPageIn(t, lang, shop)
	p.keys(kb.F10)
	p.press("till.training_title")
	p.tells("till.training_who")
	p.looksRight("training-begin")
	p.keys("1", kb.Enter, "4711", kb.Enter)
	p.tells("till.training_strip")
	p.choose("till.practice_choose", "1")
	p.shows("9999…0001")
	p.keys(kb.F2, "2.00 Tea", kb.Enter)
	p.reads(".side > button.main:enabled", p.money(200))
	p.looksRight("training-sale")
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.F9)
	p.tells("till.done")
	p.press("till.practice_paper")
	p.until("the paper", `document.querySelector('dialog[open] canvas')?.width > 300`)
	p.looksRight("training-paper")
	p.keys(kb.Escape)
	p.until("no question", noQuestion)
	p.wellBehaved()

	office := browseIn(t, lang, shop.API.Base, shop.API.Base+"/manager/")
	office.signIn("1", "4711")
	office.press("manager.tab_training")
	office.tells("till.training_end")
	office.looksRight("manager-training")
	office.press("till.training_end")
	office.tells("manager.training_none")
	office.wellBehaved()
	p.until("a till whose sales count", "!"+p.read("body", p.says("till.training_strip")))
}
