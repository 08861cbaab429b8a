package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

const (
	seenWithin  = time.Minute // how long the page may take to show something, on a busy machine
	syncedLimit = time.Minute
)

// noQuestion holds when no dialog is open.
const noQuestion = `!document.querySelector('dialog[open]')`

// screens are the smallest till, a usual one and a large one.
var screens = []struct{ width, height int64 }{{1024, 768}, {1280, 800}, {1920, 1080}}

// tillPage is the till page in a browser of its own.
type tillPage struct {
	t    testing.TB
	ctx  context.Context
	lang i18n.Lang // in which the page is read

	keyed time.Time // when the last key was, as its event said
	dir   string    // screenshots
	axe   string    // source of axe-core, once it was read

	mu      sync.Mutex
	foreign []string // requests to anybody but the agent
	errors  []string // of the console
}

// chromium finds the browser; without it the test is skipped, except in CI, which must have one.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no Chromium: apt-get install chromium")
	}
	t.Skip("no Chromium here: apt-get install chromium")
	return ""
}

// openPage opens the shop's till page, openPageIn for somebody who reads another language.
func openPage(t *testing.T, shop *stage.Shop) *tillPage {
	t.Helper()
	return openPageIn(t, i18n.English, shop)
}

func openPageIn(t *testing.T, lang i18n.Lang, shop *stage.Shop) *tillPage {
	t.Helper()
	p := browseIn(t, lang, shop.API.Base, shop.TillPage())
	p.until("the entry line", `document.activeElement?.id === 'entry'`)
	return p
}

// browse starts a browser with an empty profile on a page of one of our own servers, browseIn that of somebody who reads another
// language.
func browse(t testing.TB, origin, address string) *tillPage {
	t.Helper()
	return browseIn(t, i18n.English, origin, address)
}

func browseIn(t testing.TB, lang i18n.Lang, origin, address string, flags ...chromedp.ExecAllocatorOption) *tillPage {
	t.Helper()
	p := &tillPage{t: t, lang: lang, dir: t.ArtifactDir()}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(flags,
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en"),
		chromedp.Flag("accept-lang", string(lang)))...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	p.ctx = ctx
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
	p.scheme("light")
	p.watch(origin)
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: datesJS})
	must(t, err)
	p.do(chromedp.Navigate(address))
	return p
}

// watch collects what a page of ours must never do.
func (p *tillPage) watch(origin string) {
	p.t.Helper()
	err := chromedp.Listen(p.ctx, func(event any) {
		// What the browser draws of its own, such as the sign on a field for a date, it has in itself.
		if e, ok := event.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, origin+"/") && !strings.HasPrefix(e.Request.URL, "data:") {
			p.mu.Lock()
			p.foreign = append(p.foreign, e.Request.URL)
			p.mu.Unlock()
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	messages := chromedp.Console(p.ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			// The browser notes each answer that is a refusal; those are the API's business.
			if m.Source != "network" && (m.IsException() || m.Type == "error" || m.Type == "warning") {
				p.mu.Lock()
				p.errors = append(p.errors, m.String())
				p.mu.Unlock()
			}
		}
	})
	p.t.Cleanup(func() {
		_ = chromedp.Cancel(p.ctx) // ends the messages; a browser that is gone already is closed too
		reading.Wait()
	})
}

// wellBehaved fails for what watch has collected.
func (p *tillPage) wellBehaved() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.foreign) > 0 {
		p.t.Errorf("requests to others: %q", p.foreign)
	}
	if len(p.errors) > 0 {
		p.t.Errorf("console: %q", p.errors)
	}
}

func (p *tillPage) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Time between two keys, as the events say it; the machine takes whatever it takes.
const (
	fingerGap = 120 * time.Millisecond
	wedgeGap  = 3 * time.Millisecond
)

// keys types as people do.
func (p *tillPage) keys(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.typed(k, fingerGap)
	}
}

// wedge types as a scanner does.
func (p *tillPage) wedge(text string) {
	p.t.Helper()
	p.keyed = p.keyed.Add(fingerGap)
	p.typed(text, wedgeGap)
}

func (p *tillPage) typed(keys string, gap time.Duration) {
	p.t.Helper()
	for _, key := range keys {
		if p.keyed = p.keyed.Add(gap); gap == fingerGap && p.keyed.Before(time.Now()) {
			p.keyed = time.Now()
		}
		at := input.TimeSinceEpoch(float64(p.keyed.UnixMicro()) / 1e6)
		p.do(chromedp.KeyEvent(string(key), func(e *input.DispatchKeyEventParams) {
			if e.Timestamp = at; e.Type == kb.KeyDown {
				e.Type = input.DispatchKeyEventTypeRawKeyDown // a page that takes it gets no character, as from a keyboard
			}
		}))
	}
}

func (p *tillPage) click(selector string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, seenWithin)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		p.shoot("failed")
		p.t.Fatalf("click %s: %v", selector, err)
	}
}

// clickText clicks the button that reads so.
func (p *tillPage) clickText(text string) {
	p.t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll('button:enabled')].findLast((b) => b.innerText.includes(%q))`, text)
	p.until("the button "+text, found+" !== undefined")
	p.eval(found + `.setAttribute('data-wanted', '')`)
	p.click("[data-wanted]")
	p.eval(`document.querySelector('[data-wanted]')?.removeAttribute('data-wanted')`)
}

func (p *tillPage) eval(expression string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](expression)); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

func (p *tillPage) until(what, condition string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, seenWithin)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`Boolean(`+condition+`)`, chromedp.WithPollingTimeout(seenWithin))); err != nil {
		p.shoot("failed")
		p.t.Fatalf("wait for %s: %v", what, err)
	}
}

// shows waits until the screen reads so. Marks that only order foreign names and keep figures together are not read.
func (p *tillPage) shows(text string) {
	p.t.Helper()
	p.reads("body", text)
}

func (p *tillPage) shoot(name string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// layoutFaults finds, in whatever is on top, panels that clip, buttons outside the screen or under a finger's size, and
// controls without a name. A list that scrolls may hold more than fits.
const layoutFaults = `(() => {
  const faults = [];
  const root = document.documentElement;
  const long = !location.pathname.startsWith('/till'); // a till is one screen; other pages may be longer than that, never wider
  const say = (e, what) => faults.push((e.id || e.className || e.tagName) + ' ' + JSON.stringify((e.innerText ?? '').slice(0, 30)) + ': ' + what);
  if (root.scrollWidth > innerWidth || (!long && root.scrollHeight > innerHeight)) faults.push('the page scrolls');
  const top = document.querySelector('dialog[open]') ?? document.body;
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.classList.contains('unseen');
  for (const e of top.querySelectorAll('section, header, form, dl, p, h1, h2, button, .totals, .strip, .paper')) {
    if (!seen(e) || e.closest('.unseen')) continue;
    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && getComputedStyle(e).textOverflow !== 'ellipsis') say(e, 'clips ' + (e.scrollWidth - e.clientWidth) + ' px across');
  }
  for (const e of top.querySelectorAll('button, input, select')) {
    if (!seen(e)) continue;
    const b = e.getBoundingClientRect();
    if (b.width < 47.5 || b.height < (e.type === 'range' ? 15 : 47.5)) say(e, 'is ' + Math.round(b.width) + ' by ' + Math.round(b.height) + ' px');
    if (!e.closest('ol, ul') && (b.left < -1 || b.right > innerWidth + 1 || (!long && (b.top < -1 || b.bottom > innerHeight + 1)))) say(e, 'is outside the screen');
    const name = e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText;
    if (!name?.trim()) say(e, 'has no name');
  }
  return JSON.stringify(faults);
})()`

// looksRight checks the layout at each size of screen, compares the page with its picture, and checks what it is for those who cannot
// see it well.
func (p *tillPage) looksRight(name string) {
	p.t.Helper()
	direction := map[bool]string{true: "rtl", false: "ltr"}[p.lang.RTL()]
	p.until("a page in "+string(p.lang), fmt.Sprintf(`document.documentElement.lang === %q && document.documentElement.dir === %q`, p.lang, direction))
	for _, s := range screens {
		if *writePictures && s.width != pictureWidth {
			continue
		}
		p.resize(s.width, s.height)
		if s.width == pictureWidth {
			p.pictured(name)
		}
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](layoutFaults))
		must(p.t, err)
		var faults []string
		must(p.t, json.Unmarshal([]byte(text), &faults))
		for _, f := range faults {
			p.amiss("%s-%s at %dx%d: %s", name, p.lang, s.width, s.height, f)
		}
		if s.width != pictureWidth {
			p.shoot(fmt.Sprintf("%s-%s-%dx%d", name, p.lang, s.width, s.height))
		}
	}
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
	if !*writePictures {
		p.accessible(name)
	}
}

// resize gives the page another size and waits until it is drawn so: it is laid out anew before the second frame.
func (p *tillPage) resize(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
	p.eval(`document.body.dataset.frame = ''; requestAnimationFrame(() => requestAnimationFrame(() => { document.body.dataset.frame = 'drawn' }))`)
	p.until("the next frame", `document.body.dataset.frame === 'drawn'`)
}

func (p *tillPage) scheme(name string) {
	p.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}, // nothing is caught half faded
	}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media); err != nil {
		p.t.Fatal(err)
	}
}

// fixedAddress lets the agent come back where the page looks for it.
func fixedAddress(t *testing.T) string {
	t.Helper()
	address, err := stage.FreeAddress()
	must(t, err)
	return address
}

func insert(t testing.TB, shop *stage.Shop, card string) {
	t.Helper()
	if err := shop.Insert(t.Context(), 1, card); err != nil {
		t.Fatal(err)
	}
}

// TestTheTillPageInABrowser is a shift at the till: programme.yaml gives 10 points for 1.00, dairy twice; a point pays 0.01.
func TestTheTillPageInABrowser(t *testing.T) { inEachLanguage(t, shiftAtTheTill) }

func shiftAtTheTill(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.APIListen = fixedAddress(t) })
	stranger := browseIn(t, lang, shop.API.Base, shop.API.Base+"/till/")
	stranger.tells("till.sign_in")
	stranger.looksRight("till-sign-in")
	stranger.wellBehaved()
	p := openPageIn(t, lang, shop)
	p.until("no token in the address", `location.hash === '' && !location.href.includes('token')`)
	p.looksRight("till-empty")
	for _, part := range []struct {
		name string
		play func(*testing.T, *tillPage, *stage.Shop)
	}{
		{"a sale by clicking earns points", saleByClicking},
		{"a sale by keyboard alone pays with card, PIN and points", saleByKeyboard},
		{"a member without the card is found by number", memberByNumber},
		{"who agrees becomes a member by number", newcomerByNumber},
		{"the last try at a PIN is asked for", lastTry},
		{"a card of nobody is refused with a reason", strangeCard},
		{"what was typed survives a reload and the agent's restart", keepsWhatWasTyped},
		{"a sale goes on when the card that was taken away comes back", cardTornAway},
		{"a sale whose answer is lost counts once", lostAnswer},
		{"paper that runs out is said, and the receipt comes by itself", paperRunsOut},
		{"the page speaks every language", everyLanguage},
		{"a coupon is printed, and papers are listed", couponAndPapers},
		{"a reward is taken and a coupon shown, each once", rewardAndCoupon},
		{"credit of earlier sales pays a part", creditPays},
		{"the day is closed after a question", closesTheDay},
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

func saleByClicking(t *testing.T, p *tillPage, shop *stage.Shop) {
	insert(t, shop, "liga")
	p.shows("6034…0018")
	p.press("till.form")
	p.until("the form", `document.querySelector('dialog[open] select')`)
	p.looksRight("till-form")
	p.do(chromedp.SendKeys(chromedp.CSS("dialog label:nth-of-type(1) input"), "Cheese"))
	p.eval(`(() => { const s = document.querySelector('dialog select'); s.value = 'food/dairy'; s.dispatchEvent(new Event('change', { bubbles: true })) })()`)
	p.do(chromedp.SendKeys(chromedp.CSS("dialog .row label:nth-of-type(2) input"), "12.00"))
	p.press("till.add")
	p.gains(240)
	p.looksRight("till-quote")
	p.looksRightInTheDark("till-quote")
	p.seesWhatBreaks("till-quote")
	p.press("till.pay")
	p.tells("till.given")
	p.looksRight("till-pay")
	p.clickText(p.money(2000))
	p.shows(p.money(800))
	p.press("till.pay_do")
	p.tells("till.done")
	p.shows(p.says("till.receipt") + ": " + p.says("cashier.job_confirmed"))
	p.looksRight("till-done")
	p.press("till.next_sale")
	p.tells("till.new_sale")
	if err := shop.Synced(t.Context(), syncedLimit); err != nil {
		t.Fatal(err)
	}
}

func saleByKeyboard(t *testing.T, p *tillPage, shop *stage.Shop) {
	// The points of the first sale get onto the card at the next tap.
	if err := shop.Remove(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.tells("till.card_gone")
	insert(t, shop, "liga")
	p.tells("till.available", i18n.Args{"count": 240})

	p.keys(kb.F2, "2 x 3.10 Coffee #drinks 21%", kb.Enter)
	p.gains(62)
	p.keys("9.99 Mistake", kb.Enter)
	p.shows(p.money(1619))
	p.keys(kb.ArrowUp, kb.Delete)
	p.tells("till.say_removed", i18n.Args{"name": "Mistake"})
	p.keys(kb.F4, "105")
	p.tells("explain.redeem_step", i18n.Args{"step": 10, "limit": 100})
	p.gains(52)
	p.looksRight("till-points")
	p.keys(kb.F9)
	p.tells("till.pin_tries", i18n.Args{"count": 3})
	p.looksRight("till-pin")
	p.keys("1111", kb.Enter)
	p.tells("cashier.pin_wrong", i18n.Args{"count": 2})
	p.looksRight("till-pin-wrong")
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.tells("till.given")
	p.keys(kb.F8)
	p.tells("till.pay_on_terminal", i18n.Args{"amount": p.money(520)})
	p.keys(kb.Enter)
	p.tells("till.done")
	p.tells("till.points_pay", i18n.Args{"count": 100})
	p.reads("dd", p.whole(192))
	p.shows(p.says("till.receipt") + ": " + p.says("cashier.job_confirmed"))
	p.until("the focus in the entry line", `document.activeElement?.id === 'entry'`)
	p.keys(kb.Enter)
	p.tells("till.new_sale")
	p.until("nothing of the PIN kept", fmt.Sprintf(`!/\b%s\b/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`, shop.Members[0].PIN))
}

func memberByNumber(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys(kb.F6)
	p.tells("till.number_hint")
	p.keys("6034 0000 0000 0019", kb.Enter)
	p.tells("cashier.member_unknown")
	p.keys("6034 0000 0000 0026")
	p.looksRight("till-number")
	p.keys(kb.Enter)
	p.tells("till.by_number")
	p.shows("6034…0026")
	p.keys("3.00 Juice", kb.Enter)
	p.gains(30)
	p.until("no number kept", `!JSON.stringify({ ...localStorage, ...sessionStorage }).includes('6034000000000026')`)
	p.keys(kb.F7)
	p.shows("6034…0018") // her card lies in the reader still
	p.keys(kb.Escape)
	p.tells("till.cancel_sale")
	p.looksRight("till-cancel")
	p.keys(kb.F9)
	p.tells("till.new_sale")
}

func lastTry(t *testing.T, p *tillPage, shop *stage.Shop) {
	swap(t, p, shop, "dara")
	p.shows("6034…0026")
	p.tells("till.pin_do")
	p.keys(kb.F8)
	p.tells("till.pin_tries", i18n.Args{"count": 3})
	p.keys("1111", kb.Enter)
	p.tells("cashier.pin_wrong", i18n.Args{"count": 2})
	p.keys("2222", kb.Enter)
	p.tells("cashier.pin_wrong", i18n.Args{"count": 1})
	p.keys(shop.Members[1].PIN, kb.Enter)
	p.tells("cashier.pin_last_try")
	p.looksRight("till-last-try")
	p.keys(kb.F9)
	p.tells("till.pin_ok")
	p.until("no question", noQuestion)
}

func strangeCard(t *testing.T, p *tillPage, shop *stage.Shop) {
	if _, err := shop.Run(t.Context(), "firmware-sim", "card", "create", "--cards", filepath.Join(shop.Dir, "cards"), "stranger"); err != nil {
		t.Fatal(err)
	}
	swap(t, p, shop, "stranger")
	p.until("the refusal", `document.querySelector('.member.refused')`)
	p.looksRight("till-refused")
	swap(t, p, shop, "liga")
	p.shows("6034…0018")
}

// newcomerByNumber: the card of another member lies in the reader meanwhile, and its owner stands there again afterwards.
func newcomerByNumber(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F6, "9710 0000 0012", kb.Enter)
	p.tells("cashier.member_unknown")
	p.looksRight("till-nobody")
	p.keys(kb.F8)
	p.until("the consent", `document.querySelector('dialog[open] blockquote')`)
	for _, lang := range []string{"fa", "lv", "en"} { // in the customer's language, the page stays
		p.choose("till.join_language", lang)
		p.until("the text in "+lang, fmt.Sprintf(`document.querySelector('dialog[open] blockquote').lang === %q`, lang))
	}
	p.looksRight("till-consent")
	p.keys(kb.Escape)
	p.until("no question", noQuestion)
	if _, err := memberByAPI(t, shop, "971000000012"); err == nil {
		t.Fatal("who did not agree is a member")
	}
	p.keys(kb.F6, "9710 0000 0012", kb.Enter)
	p.tells("cashier.member_unknown")
	p.keys(kb.F8)
	p.until("the consent", `document.querySelector('dialog[open] blockquote')`)
	p.until("the focus on yes", `document.activeElement?.id === 'agree'`)
	p.keys(kb.Enter)
	p.until("a member", `document.querySelector('.member.known')`)
	p.until("no question", noQuestion)
	p.looksRight("till-joined")
	if _, err := memberByAPI(t, shop, "971000000012"); err != nil {
		t.Fatal(err)
	}
	p.keys("2.00 Water", kb.Enter)
	p.gains(20)
	p.until("no number kept", `!JSON.stringify({ ...localStorage, ...sessionStorage }).includes('971000000012')`)
	p.keys(kb.Escape)
	p.tells("till.cancel_sale")
	p.keys(kb.F9)
	p.until("no question", noQuestion)
	swap(t, p, shop, "liga")
	p.shows("6034…0018")
}

func memberByAPI(t *testing.T, shop *stage.Shop, number string) (m struct{ Number string }, err error) {
	err = shop.API.Do(t.Context(), "GET", "/v1/members?number="+number, nil, &m)
	return m, err
}

// swap takes out what is in the reader and puts another card in.
func swap(t testing.TB, p *tillPage, shop *stage.Shop, card string) {
	t.Helper()
	if err := shop.Remove(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.until("no card", `!document.querySelector('.member.refused') && !`+p.read("body", p.says("till.card_in_reader")))
	insert(t, shop, card)
}

func keepsWhatWasTyped(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F2, "1.45 Rye bread #bread", kb.Enter)
	p.shows("Rye bread")
	p.do(chromedp.Reload())
	p.shows("Rye bread")
	p.until("the entry line", `document.activeElement?.id === 'entry'`)
	p.keys("2.50 Half a wo")
	p.until("the member again", `document.querySelector('.member.known')`)
	p.quoted(145)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	p.tells("till.agent_away")
	p.looksRight("till-restarting")
	if err := shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.until("the agent is back", "!"+p.read("body", p.says("till.agent_away")))
	p.until("the typed text", `document.querySelector('#entry').value === '2.50 Half a wo'`)
	p.keys("rd", kb.Enter)
	p.shows("Half a word")
	p.shows(p.money(395))
	p.keys(kb.Escape)
	p.tells("till.cancel_sale")
	p.keys(kb.F9)
	p.tells("till.sale_cancelled")
	p.keys(kb.Escape)
}

func cardTornAway(t *testing.T, p *tillPage, shop *stage.Shop) {
	swap(t, p, shop, "liga")
	p.tells("till.card_in_reader")
	p.tells("till.pin_do")
	p.keys(kb.F8)
	p.tells("till.pin_tries", i18n.Args{"count": 3})
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.tells("till.pin_ok")
	p.until("no question", noQuestion)
	p.keys(kb.F2, "2.00 Tea", kb.Enter)
	p.gains(20)
	p.keys(kb.F4, "50")
	p.tells("till.points_pay", i18n.Args{"count": 50})
	// The card debits, its answer is lost, the card is gone: card.md 3.5 has the instruction byte.
	if err := shop.Bench.Do(t.Context(), "PUT", "/readers/till1/fault", map[string]string{"kind": "tear-after", "ins": "54"}, nil); err != nil {
		t.Fatal(err)
	}
	p.reads(".side > button.main:enabled", p.money(150))
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.Enter)
	p.tells("cashier.card_tap_again")
	p.tells("till.card_gone")
	p.looksRight("till-tap-again")
	p.do(chromedp.Reload()) // the unanswered sale is remembered
	p.tells("cashier.card_tap_again")
	insert(t, shop, "liga")
	p.tells("till.done")
	p.reads("dd", p.whole(157)) // 192 - 50 + 15
	p.keys(kb.F2)
	p.tells("till.new_sale")
}

func lostAnswer(t *testing.T, p *tillPage, shop *stage.Shop) {
	before := entries(t, shop)
	p.keys("1.00 Gum", kb.Enter)
	p.reads(".side > button.main:enabled", p.money(100))
	p.eval(`(() => {
	  const real = window.fetch;
	  window.fetch = async (...call) => {
	    const answer = await real(...call);
	    if (!String(call[0]).endsWith('/sales')) return answer;
	    window.fetch = real;
	    throw new TypeError('the answer was lost');
	  };
	})()`)
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.Enter)
	p.tells("till.done")
	if after := entries(t, shop); after != before+1 {
		t.Errorf("%d entries after the sale, %d before", after, before)
	}
	p.keys(kb.F2)
	p.tells("till.new_sale")
}

// entries is how long the store's log is.
func entries(t *testing.T, shop *stage.Shop) int64 {
	t.Helper()
	var status struct{ Sync struct{ Head int64 } }
	if err := shop.API.Do(t.Context(), "GET", "/v1/status", nil, &status); err != nil {
		t.Fatal(err)
	}
	return status.Sync.Head
}

func paperRunsOut(t *testing.T, p *tillPage, shop *stage.Shop) {
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/fault", map[string]any{"kind": "paper-out"}, nil); err != nil {
		t.Fatal(err)
	}
	p.tells("cashier.printer_paper_out")
	p.keys("1.00 Gum", kb.Enter)
	p.reads(".side > button.main:enabled", p.money(100))
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.Enter)
	p.tells("till.done")
	p.until("a receipt that waits", `document.querySelector('.paper.bad')`)
	p.looksRight("till-paper-out")
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/paper", map[string]bool{"loaded": true}, nil); err != nil {
		t.Fatal(err)
	}
	p.shows(p.says("till.receipt") + ": " + p.says("cashier.job_confirmed"))
	p.until("no remedy", "!"+p.read("body", p.says("cashier.printer_paper_out")))
	p.keys(kb.Enter)
}

func everyLanguage(_ *testing.T, p *tillPage, _ *stage.Shop) {
	own := p.lang
	p.keys(kb.F10)
	p.until("the menu", `document.querySelector('dialog[open] select')`)
	p.looksRight("till-menu")
	for _, lang := range append(i18n.Langs(), own) {
		p.choose("till.language", string(lang))
		p.lang = lang
		p.tells("till.close_title")
		p.accessible("till-menu")
	}
	p.keys(kb.Escape, "2 x 1.29 شیر #dairy", kb.Enter)
	p.shows(p.money(258))
	p.until("the sides of the page", `(document.documentElement.dir === 'rtl') === (document.querySelector('.side').getBoundingClientRect().left < document.querySelector('.bill').getBoundingClientRect().left)`)
	p.keys(kb.Escape)
	p.tells("till.cancel_sale")
	p.keys(kb.F9)
	p.until("no question", noQuestion)
}

func couponAndPapers(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys(kb.F10)
	p.press("till.coupon_title")
	p.tells("till.coupon_kind")
	p.keys("no-such", kb.Enter)
	p.tells("cashier.coupon_unknown")
	p.eval(`document.querySelector('dialog input').select()`)
	p.keys("coffee")
	p.looksRight("till-print-coupon")
	p.keys(kb.Enter)
	p.reads("#coupon-says", p.money(200))
	p.keys(kb.Escape, kb.F10)
	p.press("till.jobs_title")
	p.tells("till.job_coupon")
	p.reads("dialog li", p.says("cashier.job_confirmed"))
	p.looksRight("till-papers")
	p.keys(kb.Escape, kb.F1)
	p.tells("till.key_points_all")
	p.looksRight("till-keys")
	p.keys(kb.Escape)
	p.until("no question", noQuestion)
}

// rewardAndCoupon needs 60 points on the card; a mug takes 3.00 off, the coupon 2.00.
func rewardAndCoupon(t *testing.T, p *tillPage, shop *stage.Shop) {
	var coupon struct{ Serial string }
	key := uuid.Must(uuid.NewV7()).String()
	if err := shop.API.Do(t.Context(), "POST", "/v1/lanes/1/coupons", map[string]string{"coupon": "coffee"}, &coupon, "Idempotency-Key", key); err != nil {
		t.Fatal(err)
	}
	swap(t, p, shop, "liga")
	p.tells("till.card_in_reader")
	p.tells("till.pin_do")
	p.keys(kb.F8)
	p.tells("till.pin_tries", i18n.Args{"count": 3})
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.tells("till.pin_ok")
	p.until("no question", noQuestion)
	p.keys(kb.F2, "10.00 Candles #household", kb.Enter)
	p.gains(100)
	p.until("how far the hamper is", `document.querySelector('.offers button:disabled small')`)
	p.clickText(map[i18n.Lang]string{"en": "Mug", "fa": "لیوان"}[p.lang])
	p.shows(p.money(-300))
	p.keys(kb.F2, coupon.Serial, kb.Enter)
	p.reads(".totals output", p.money(500))
	p.shows(map[i18n.Lang]string{"en": "Free coffee", "fa": "قهوهٔ رایگان"}[p.lang])
	p.looksRight("till-reward-and-coupon")
	p.click(`#coupon`)
	p.keys("1-NOSUCH", kb.Enter)
	p.tells("cashier.coupon_unreadable")
	p.reads(".totals output", p.money(500)) // as before
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.Enter)
	p.tells("till.done")
	p.keys(kb.Enter)
	p.tells("till.new_sale")
	p.keys("3.00 Soap", kb.Enter, coupon.Serial, kb.Enter)
	p.tells("cashier.coupon_used")
	p.quoted(300)
	p.looksRight("till-coupon-used")
	p.keys(kb.Escape)
	p.tells("till.cancel_sale")
	p.keys(kb.F9)
	p.tells("till.new_sale")
}

// creditPays needs the PIN of the sale before: the card has not been taken out. Each sale gives back 0.02 of 1.00.
func creditPays(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys("10.00 Candles #household", kb.Enter)
	p.gains(100)
	p.shows(map[i18n.Lang]string{"en": "Money back", "fa": "بازگشت پول"}[p.lang] + ": " + p.money(20))
	p.clickText(map[i18n.Lang]string{"en": "Credit", "fa": "اعتبار"}[p.lang])
	p.until("a part paid by credit", "!"+p.read(".totals output", p.money(1000)))
	p.looksRight("till-credit")
	p.keys(kb.F9)
	p.tells("till.given")
	p.keys(kb.Enter)
	p.tells("till.done")
	p.tells("receipt.wallet_earned", i18n.Args{"wallet": map[i18n.Lang]string{"en": "Credit", "fa": "اعتبار"}[p.lang]})
	p.looksRight("till-credit-done")
	p.keys(kb.Enter)
	p.tells("till.new_sale")
}

func closesTheDay(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F10)
	p.press("till.close_title")
	p.tells("till.close_do")
	p.looksRight("till-close-day")
	p.keys(kb.F9)
	p.tells("till.close_printing")
	var jobs []struct{ Class, State string }
	err := stage.Until(t.Context(), "the Z report", seenWithin, func(ctx context.Context) (bool, string, error) {
		err := shop.API.Do(ctx, "GET", "/v1/jobs?lane=1", nil, &jobs)
		printed := slices.ContainsFunc(jobs, func(j struct{ Class, State string }) bool { return j.Class == "report" && j.State == "confirmed" })
		return printed, fmt.Sprint(jobs), err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.keys(kb.Escape)
	p.tells("till.new_sale")
}
