//go:build linux && pcsc

package e2e

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
	"loyaltill/internal/pcscd"
	"loyaltill/internal/stage"
)

// TestPINOnTheReaderInABrowser has the page wait while the member types on the reader.
func TestPINOnTheReaderInABrowser(t *testing.T) { inEachLanguage(t, pinOnTheReader) }

func pinOnTheReader(t *testing.T, lang i18n.Lang) {
	if err := pcscd.Available(t.Context()); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	shop := openShop(t, func(o *stage.Options) { o.Pinpads = true })
	p := openPageIn(t, lang, shop)
	insert(t, shop, "liga")
	p.tells("till.pin_do")
	p.keys(kb.F8)
	p.until("the question", `document.querySelector('dialog[open] .says')`)
	p.looksRight("pinpad")
	press(t, shop, "cancel")
	p.until("the refusal", `document.querySelector('dialog[open] .says.wrong')`)
	p.keys(kb.Escape)
	p.until("no question", noQuestion)
	p.keys(kb.F8)
	p.tells("cashier.pin_on_reader")
	press(t, shop, "1", "1", "1", "1", "ok")
	p.tells("cashier.pin_wrong", i18n.Args{"count": 2})
	p.looksRight("pinpad-wrong")
	p.keys(kb.F9)
	press(t, shop, append(strings.Split(shop.Members[0].PIN, ""), "ok")...)
	p.tells("till.pin_ok")
	p.until("no question", noQuestion)
	p.losesTheReader(shop)
	p.wellBehaved()
}

// losesTheReader pulls the reader's cable in the middle of a sale to nobody.
func (p *tillPage) losesTheReader(shop *stage.Shop) {
	p.t.Helper()
	must(p.t, shop.Remove(p.t.Context(), 1))
	p.until("nobody", `!document.querySelector('.member.known') || document.querySelector('.member button.icon')?.click()`)
	p.keys(kb.F2, "2.00 Tea", kb.Enter)
	p.quoted(200)
	must(p.t, shop.Bench.Do(p.t.Context(), "PUT", "/readers/till1/cable", map[string]bool{"plugged": false}, nil))
	p.reads(".strips", p.says("till.reader_lost"))
	p.quoted(200)
	p.looksRight("trouble-reader-lost")
	must(p.t, shop.Bench.Do(p.t.Context(), "PUT", "/readers/till1/cable", map[string]bool{"plugged": true}, nil))
	p.until("the reader", "!"+p.read(".strips", p.says("till.reader_lost")))
	p.quoted(200)
}

// press presses keys of the reader once it asks.
func press(t *testing.T, shop *stage.Shop, keys ...string) {
	t.Helper()
	err := stage.Until(t.Context(), "keys pressed", seenWithin, func(ctx context.Context) (bool, string, error) {
		err := shop.Bench.Do(ctx, "POST", "/readers/till1/keys", map[string]any{"keys": keys}, nil)
		var refused *stage.Problem
		if errors.As(err, &refused) && refused.Code == "pinpad_idle" {
			return false, refused.Code, nil // the question is on its way
		}
		return err == nil, "", err
	})
	if err != nil {
		t.Fatal(err)
	}
}
