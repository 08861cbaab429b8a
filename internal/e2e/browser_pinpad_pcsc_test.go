//go:build linux && pcsc

package e2e

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/pcscd"
	"loyaltill/internal/stage"
)

// TestPINOnTheReaderInABrowser has the page wait while the member types on the reader.
func TestPINOnTheReaderInABrowser(t *testing.T) {
	chromium(t)
	if err := pcscd.Available(t.Context()); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	shop := openShop(t, func(o *stage.Options) { o.Pinpads = true })
	p := openPage(t, shop)
	insert(t, shop, "liga")
	p.shows("Enter PIN")
	for _, lang := range []string{"lv", "fa", "en"} {
		p.speak(lang)
		p.keys(kb.F8)
		p.until("the question", `document.querySelector('dialog[open] .says')`)
		p.looksRight("1-pinpad-" + lang)
		press(t, shop, "cancel")
		p.until("the refusal", `document.querySelector('dialog[open] .says.wrong')`)
		p.keys(kb.Escape)
		p.until("no question", noQuestion)
	}
	p.keys(kb.F8)
	p.shows("The member types the PIN on the card reader.")
	press(t, shop, "1", "1", "1", "1", "ok")
	p.shows("Wrong PIN. 2 tries are left.")
	p.looksRight("2-pinpad-wrong")
	p.keys(kb.F9)
	press(t, shop, append(strings.Split(shop.Members[0].PIN, ""), "ok")...)
	p.shows("PIN entered")
	p.until("no question", noQuestion)
	p.wellBehaved()
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
