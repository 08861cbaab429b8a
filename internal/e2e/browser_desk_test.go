package e2e

import (
	"encoding/base64"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// TestTheManagerSeesWhatStandsOut is what a manager does about odd sales, and with support.
func TestTheManagerSeesWhatStandsOut(t *testing.T) { inEachLanguage(t, oddDayOfAManager) }

func oddDayOfAManager(t *testing.T, lang i18n.Lang) {
	key, sealing := supportKey(t)
	shop := openShop(t, sealing)
	hire(t, shop, "Anna", "manager", "4711")
	hire(t, shop, "Ilze", "cashier", "4712")
	if _, err := ring(t.Context(), shop.API, uuid.Must(uuid.NewV7()).String(), 1240); err != nil {
		t.Fatal(err)
	}
	p := browseIn(t, lang, shop.API.Base, shop.API.Base+"/manager/")
	p.signIn("1", "4711")
	p.tells("manager.light_good")
	for _, part := range []struct {
		name string
		play func(*testing.T, *tillPage)
	}{
		{"it is noted whose card is whose", deskNotesACard},
		{"a sale on the cashier's own card stands out until it is explained", deskLooksAtAnAlert},
		{"the trail is asked for one kind of act", deskAsksTheTrail},
		{"the file for support opens at support", func(t *testing.T, p *tillPage) { deskHelpsSupport(t, p, shop, key) }},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			whole := p.t
			p.t = t
			defer func() { p.t = whole }()
			part.play(t, p)
			p.wellBehaved()
		}) {
			return // what follows needs what came before
		}
	}
}

func deskNotesACard(_ *testing.T, p *tillPage) {
	p.press("manager.tab_staff")
	p.reads("li", "Ilze")
	p.press("manager.change")
	p.fill("manager.own_card", "6034 0000 0000 0018")
	p.looksRight("manager-own-card")
	p.press("till.save")
	p.reads("li", p.says("manager.own_card"))
	p.until("no number kept", `!document.body.innerText.includes('0000 0018') && ![...document.querySelectorAll('input')].some((i) => i.value.includes('0018'))`)
}

func deskLooksAtAnAlert(_ *testing.T, p *tillPage) {
	p.press("manager.tab_overview")
	p.reads(".light.warn", p.says("manager.alerts_open", i18n.Args{"count": 1}))
	p.press("manager.tab_alerts")
	p.tells("manager.alert_own_card", i18n.Args{"count": 1, "points": p.whole(124)})
	p.shows("6034…0018 · Ilze")
	p.fill("manager.alert_because", "Ilze paid for her lunch")
	p.looksRight("manager-alert")
	p.press("manager.alert_see")
	p.tells("manager.alerts_none")
	p.press("manager.alerts_all")
	p.shows("Ilze paid for her lunch")
	p.looksRight("manager-alert-seen")
	p.press("manager.tab_overview")
	p.until("the good light", `document.querySelector('.light.good')`)
}

func deskAsksTheTrail(_ *testing.T, p *tillPage) {
	p.press("manager.tab_trail")
	p.tells("manager.trail_machine")
	p.choose("manager.what", "alert_seen")
	p.until("that alone", "!"+p.read("tbody", p.says("manager.trail_machine")))
	p.shows("Ilze paid for her lunch")
	p.looksRight("manager-trail-asked")
	p.choose("manager.who", "command line")
	p.until("nothing", `document.querySelectorAll('tbody tr').length === 0`)
}

// deskHelpsSupport takes what the browser would save, and opens it as support does.
func deskHelpsSupport(t *testing.T, p *tillPage, shop *stage.Shop, key age.Identity) {
	p.press("manager.tab_overview")
	p.eval(`(() => {
	  const real = URL.createObjectURL;
	  URL.createObjectURL = (blob) => {
	    const reader = new FileReader();
	    reader.onload = () => { window.saved = reader.result };
	    reader.readAsDataURL(blob);
	    return real.call(URL, blob);
	  };
	})()`)
	p.press("manager.bundle")
	p.tells("manager.bundle_done")
	p.looksRight("manager-bundle")
	p.until("the file", `window.saved`)
	url, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`window.saved`))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(url, "base64,")
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	texts := unsealed(t, key, sealed)
	holdsNoSecret(t, shop, texts)
	if !strings.Contains(string(texts["log.jsonl"]), "agent started") {
		t.Errorf("no log: %q", texts)
	}
}
