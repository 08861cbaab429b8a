package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// TestNewPINsInABrowser has a member choose the card's first PIN, block it, and choose another one with the PUK.
func TestNewPINsInABrowser(t *testing.T) { inEachLanguage(t, newPINs) }

func newPINs(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.PINAtTill = true })
	p := openPageIn(t, lang, shop)
	insert(t, shop, "liga")
	p.tells("till.pin_choose")
	p.keys(kb.F8)
	p.tells("till.pin_first")
	p.looksRight("pin-first")
	p.keys("47", kb.Enter)
	p.tells("cashier.pin_format")
	p.keys("11", kb.Enter)
	p.tells("till.pin_again")
	p.keys("4712", kb.Enter)
	p.tells("cashier.pins_differ")
	p.keys("4711", kb.Enter)
	p.tells("till.pin_again")
	for range 2 { // by thumb
		p.click(`.pad button:nth-of-type(4)`)
		p.click(`.pad button:nth-of-type(7)`)
	}
	p.click(`.pad button.main`)
	p.tells("cashier.pins_differ")
	p.keys("4711", kb.Enter, "4711", kb.Enter)
	p.tells("till.pin_ok")
	p.until("no question", noQuestion)

	swap(t, p, shop, "liga")
	p.tells("till.pin_do")
	p.keys(kb.F8, "1111", kb.Enter)
	p.tells("cashier.pin_wrong", i18n.Args{"count": 2})
	p.keys("1111", kb.Enter)
	p.tells("cashier.pin_wrong", i18n.Args{"count": 1})
	p.keys("1111", kb.Enter)
	p.tells("cashier.pin_last_try")
	p.keys(kb.F9)
	p.tells("cashier.pin_blocked")
	p.keys(kb.Escape)
	p.tells("till.pin_unblock")
	p.keys(kb.F8)
	p.tells("till.pin_puk")
	p.looksRight("pin-unblock")
	p.keys("87654321", kb.Enter, "2580", kb.Enter, "2580", kb.Enter)
	p.tells("cashier.puk_wrong", i18n.Args{"count": 9})
	p.keys(shop.Members[0].PUK, kb.Enter)
	p.tells("till.pin_new")
	p.keys("2580", kb.Enter, "2581", kb.Enter)
	p.tells("cashier.pins_differ")
	p.keys("2580", kb.Enter, "2580", kb.Enter) // the PUK is not asked for again
	p.tells("till.pin_ok")
	p.until("nothing of it kept", fmt.Sprintf(`!/2580|4711|%s/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`, shop.Members[0].PUK))
	p.wellBehaved()
}

// TestForeignCardTellsItsMemberAfterThePINInABrowser shows a card of another maker, which is nobody's until its PIN was right; and
// one that is nobody's then either, whose owner joins.
func TestForeignCardTellsItsMemberAfterThePINInABrowser(t *testing.T) { inEachLanguage(t, foreignCard) }

func foreignCard(t *testing.T, lang i18n.Lang) {
	const number = "FP-86095742719"
	profiles := t.TempDir()
	profile, err := os.ReadFile("../../devices/card/profile/profiles/iso7816-file-pin.json")
	if err == nil {
		err = os.WriteFile(filepath.Join(profiles, "pin.json"), profile, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	shop := openShop(t, func(o *stage.Options) { o.Profiles = profiles })
	if _, err := shop.Run(t.Context(), "headoffice", "member", "add", "--dir", shop.HeadOfficeDir(), "--language", "pl", "--number", number); err != nil {
		t.Fatal(err)
	}
	const card = `{ "format": "ISO 7816 card 1", "t0": true, "pin": { "reference": "01", "block": "34373131FFFFFFFF", "tries": 3, "left": 3 },
		"applications": [ { "aid": "F04F4C44434841494E01", "files": [ { "fid": "EF01", "pin": true, "data": "3836303935373432373%s2020202020" } ] } ] }`
	for name, end := range map[string]string{"strange": "139", "stranger": "237"} { // 86095742719, and nobody's
		if err := os.WriteFile(filepath.Join(shop.Dir, "cards", name+".card.json"), fmt.Appendf(nil, card, end), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := openPageIn(t, lang, shop)
	insert(t, shop, "strange")
	p.tells("till.pin_do")
	p.looksRight("foreign-pin")
	p.keys(kb.F8)
	p.until("the question", `document.querySelector('dialog[open] .dots')`)
	p.keys("1234", kb.Enter)
	p.tells("cashier.pin_wrong", i18n.Args{"count": 2})
	p.keys("4711", kb.Enter)
	p.shows("FP-…2719")
	p.until("no question", noQuestion)
	p.looksRight("foreign-known")

	swap(t, p, shop, "stranger")
	p.tells("till.pin_do")
	p.keys(kb.F8, "4711", kb.Enter)
	p.tells("cashier.member_unknown")
	p.until("no question", noQuestion)
	p.tells("till.join")
	p.looksRight("foreign-nobody")
	p.keys(kb.F8)
	p.until("the focus on yes", `document.activeElement?.id === 'agree'`)
	p.keys(kb.Enter)
	p.tells("till.joined", i18n.Args{"number": "FP-…2727"})
	p.wellBehaved()
}
