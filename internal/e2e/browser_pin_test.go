package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/stage"
)

// speak switches the page to another language.
func (p *tillPage) speak(lang string) {
	p.t.Helper()
	p.keys(kb.F10)
	p.until("the menu", `document.querySelector('dialog[open] select')`)
	p.eval(fmt.Sprintf(`(() => { const s = document.querySelector('dialog[open] select'); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })) })()`, lang))
	p.until(lang, fmt.Sprintf(`document.documentElement.lang === %q`, lang))
	p.keys(kb.Escape)
	p.until("no question", noQuestion)
}

// TestNewPINsInABrowser has a member choose the card's first PIN, block it, and choose another one with the PUK.
func TestNewPINsInABrowser(t *testing.T) {
	chromium(t)
	shop := openShop(t, func(o *stage.Options) { o.PINAtTill = true })
	p := openPage(t, shop)
	insert(t, shop, "liga")
	p.shows("Choose a PIN")
	for _, lang := range []string{"lv", "fa", "en"} {
		p.speak(lang)
		p.keys(kb.F8)
		p.until("the question", `document.querySelector('dialog[open] .dots')`)
		p.looksRight("1-first-pin-" + lang)
		p.keys(kb.Escape)
		p.until("no question", noQuestion)
	}
	p.keys(kb.F8)
	p.shows("This card has no PIN yet.")
	p.keys("47", kb.Enter)
	p.shows("A PIN has 4 to 8 digits.")
	p.keys("11", kb.Enter)
	p.shows("The same PIN once more")
	p.keys("4712", kb.Enter)
	p.shows("The two PINs are not the same.")
	p.keys("4711", kb.Enter)
	p.shows("The same PIN once more")
	for range 2 { // by thumb
		p.click(`.pad button:nth-of-type(4)`)
		p.click(`.pad button:nth-of-type(7)`)
	}
	p.click(`.pad button.main`)
	p.shows("The two PINs are not the same.")
	p.keys("4711", kb.Enter, "4711", kb.Enter)
	p.shows("PIN entered")
	p.until("no question", noQuestion)

	swap(t, p, shop, "liga")
	p.shows("Enter PIN")
	p.keys(kb.F8, "1111", kb.Enter)
	p.shows("2 tries are left")
	p.keys("1111", kb.Enter)
	p.shows("1 try is left")
	p.keys("1111", kb.Enter)
	p.shows("Only one try is left.")
	p.keys(kb.F9)
	p.shows("The PIN is blocked.")
	p.keys(kb.Escape)
	p.shows("Unblock PIN")
	p.keys(kb.F8)
	p.shows("PUK from the PIN letter")
	p.looksRight("2-unblock")
	p.keys("87654321", kb.Enter, "2580", kb.Enter, "2580", kb.Enter)
	p.shows("Wrong PUK. 9 tries are left.")
	p.keys(shop.Members[0].PUK, kb.Enter)
	p.shows("Now the member chooses a new PIN")
	p.keys("2580", kb.Enter, "2581", kb.Enter)
	p.shows("The two PINs are not the same.")
	p.keys("2580", kb.Enter, "2580", kb.Enter) // the PUK is not asked for again
	p.shows("PIN entered")
	p.until("nothing of it kept", fmt.Sprintf(`!/2580|4711|%s/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`, shop.Members[0].PUK))
	p.wellBehaved()
}

// TestForeignCardTellsItsMemberAfterThePINInABrowser shows a card of another maker, which is nobody's until its PIN was right; and
// one that is nobody's then either, whose owner joins.
func TestForeignCardTellsItsMemberAfterThePINInABrowser(t *testing.T) {
	chromium(t)
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
	p := openPage(t, shop)
	insert(t, shop, "strange")
	p.shows("Enter PIN")
	for _, lang := range []string{"lv", "fa", "en"} {
		p.speak(lang)
		p.looksRight("1-foreign-" + lang)
	}
	p.keys(kb.F8)
	p.until("the question", `document.querySelector('dialog[open] .dots')`)
	p.keys("1234", kb.Enter)
	p.shows("Wrong PIN. 2 tries are left.")
	p.keys("4711", kb.Enter)
	p.shows("FP-…2719")
	p.until("no question", noQuestion)
	p.looksRight("2-foreign-known")

	swap(t, p, shop, "stranger")
	p.shows("Enter PIN")
	p.keys(kb.F8, "4711", kb.Enter)
	p.shows("No member has this card or number yet.")
	p.until("no question", noQuestion)
	p.shows("New member")
	p.looksRight("3-foreign-nobody")
	p.keys(kb.F8)
	p.until("the focus on yes", `document.activeElement?.id === 'agree'`)
	p.keys(kb.Enter)
	p.shows("is a member now.")
	p.shows("FP-…2727")
	p.wellBehaved()
}
