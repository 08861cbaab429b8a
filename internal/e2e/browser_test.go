package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

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
	t   *testing.T
	ctx context.Context
	dir string // screenshots

	mu      sync.Mutex
	foreign []string // requests to anybody but the agent
	errors  []string // of the console
}

// chromium finds the browser; without it the test is skipped, except in CI, which must have one.
func chromium(t *testing.T) string {
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

// openPage opens the shop's till page.
func openPage(t *testing.T, shop *stage.Shop) *tillPage {
	t.Helper()
	p := browse(t, shop.API.Base, shop.TillPage())
	p.until("the entry line", `document.activeElement?.id === 'entry'`)
	return p
}

// browse starts a browser with an empty profile on a page of one of our own servers.
func browse(t *testing.T, origin, address string) *tillPage {
	t.Helper()
	p := &tillPage{t: t, dir: t.ArtifactDir()}
	allocator, stop := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en"))
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	p.ctx = ctx
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
	p.watch(origin)
	p.do(chromedp.Navigate(address))
	return p
}

// watch collects what a page of ours must never do.
func (p *tillPage) watch(origin string) {
	p.t.Helper()
	err := chromedp.Listen(p.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, origin+"/") {
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

func (p *tillPage) keys(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.do(chromedp.KeyEvent(k))
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
	p.until(fmt.Sprintf("%q", text), fmt.Sprintf(`document.body.innerText.replaceAll('\u00a0', ' ').replace(/[\u2066-\u2069]/g, '').includes(%q)`, text))
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
  const say = (e, what) => faults.push((e.id || e.className || e.tagName) + ' ' + JSON.stringify((e.innerText ?? '').slice(0, 30)) + ': ' + what);
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) faults.push('the page scrolls');
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
    if (!e.closest('ol, ul') && (b.left < -1 || b.top < -1 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1)) say(e, 'is outside the screen');
    const name = e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText;
    if (!name?.trim()) say(e, 'has no name');
  }
  return JSON.stringify(faults);
})()`

// looksRight checks the layout at each size of screen and keeps a picture of it.
func (p *tillPage) looksRight(name string) {
	p.t.Helper()
	for _, s := range screens {
		p.do(chromedp.EmulateViewport(s.width, s.height))
		// The page is laid out anew before the second frame.
		p.eval(`document.body.dataset.frame = ''; requestAnimationFrame(() => requestAnimationFrame(() => { document.body.dataset.frame = 'drawn' }))`)
		p.until("the next frame", `document.body.dataset.frame === 'drawn'`)
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](layoutFaults))
		if err != nil {
			p.t.Fatal(err)
		}
		var faults []string
		if err := json.Unmarshal([]byte(text), &faults); err != nil {
			p.t.Fatal(err)
		}
		for _, f := range faults {
			p.t.Errorf("%s at %dx%d: %s", name, s.width, s.height, f)
		}
		p.shoot(fmt.Sprintf("%s-%dx%d", name, s.width, s.height))
	}
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
}

func (p *tillPage) scheme(name string) {
	p.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media); err != nil {
		p.t.Fatal(err)
	}
}

// fixedAddress lets the agent come back where the page looks for it.
func fixedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func insert(t *testing.T, shop *stage.Shop, card string) {
	t.Helper()
	if err := shop.Insert(t.Context(), 1, card); err != nil {
		t.Fatal(err)
	}
}

// TestTheTillPageInABrowser is a shift at the till: programme.yaml gives 10 points for 1.00, dairy twice; a point pays 0.01.
func TestTheTillPageInABrowser(t *testing.T) {
	chromium(t)
	shop := openShop(t, func(o *stage.Options) { o.APIListen = fixedAddress(t) })
	p := openPage(t, shop)
	p.until("no token in the address", `location.hash === '' && !location.href.includes('token')`)
	p.looksRight("1-empty")
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
		{"Persian is mirrored, in the dark too", persianAndDark},
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
	p.clickText("Form")
	p.until("the form", `document.querySelector('dialog[open] select')`)
	p.looksRight("2-form")
	p.do(chromedp.SendKeys(chromedp.CSS("dialog label:nth-of-type(1) input"), "Cheese"))
	p.eval(`(() => { const s = document.querySelector('dialog select'); s.value = 'food/dairy'; s.dispatchEvent(new Event('change', { bubbles: true })) })()`)
	p.do(chromedp.SendKeys(chromedp.CSS("dialog .row label:nth-of-type(2) input"), "12.00"))
	p.clickText("Add")
	p.shows("+240 points")
	p.looksRight("3-quote")
	p.clickText("Pay")
	p.shows("Cash received")
	p.looksRight("4-pay")
	p.clickText("€20.00")
	p.shows("€8.00")
	p.clickText("Complete the sale")
	p.shows("Sale completed")
	p.shows("Receipt: Printed")
	p.looksRight("5-done")
	p.clickText("Next sale")
	p.shows("New sale")
	if err := shop.Synced(t.Context(), syncedLimit); err != nil {
		t.Fatal(err)
	}
}

func saleByKeyboard(t *testing.T, p *tillPage, shop *stage.Shop) {
	// The points of the first sale get onto the card at the next tap.
	if err := shop.Remove(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.shows("Card was taken away")
	insert(t, shop, "liga")
	p.shows("240 to spend here")

	p.keys(kb.F2, "2 x 3.10 Coffee #drinks 21%", kb.Enter)
	p.shows("+62 points")
	p.keys("9.99 Mistake", kb.Enter)
	p.shows("€16.19")
	p.keys(kb.ArrowUp, kb.Delete)
	p.shows("Mistake removed")
	p.keys(kb.F4, "105")
	p.shows("Points are redeemed in steps of 10: 100")
	p.shows("+52 points")
	p.looksRight("6-points")
	p.keys(kb.F9)
	p.shows("3 tries are left")
	p.looksRight("7-pin")
	p.keys("1111", kb.Enter)
	p.shows("Wrong PIN. 2 tries are left.")
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.shows("Cash received")
	p.keys(kb.F8)
	p.shows("Take €5.20 on the bank terminal")
	p.keys(kb.Enter)
	p.shows("Sale completed")
	p.shows("Paid with 100 points")
	p.until("the new balance", `[...document.querySelectorAll('dd')].some((d) => d.innerText === '192')`)
	p.shows("Receipt: Printed")
	p.until("the focus in the entry line", `document.activeElement?.id === 'entry'`)
	p.keys(kb.Enter)
	p.shows("New sale")
	p.until("nothing of the PIN kept", fmt.Sprintf(`!/\b%s\b/.test(JSON.stringify({ ...localStorage, ...sessionStorage }))`, shop.Members[0].PIN))
}

func memberByNumber(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys(kb.F6)
	p.shows("8 to 19 digits")
	p.keys("6034 0000 0000 0019", kb.Enter)
	p.shows("No member has this card or number yet.")
	p.keys("6034 0000 0000 0026")
	p.looksRight("8-number")
	p.keys(kb.Enter)
	p.shows("Known by number")
	p.shows("6034…0026")
	p.keys("3.00 Juice", kb.Enter)
	p.shows("+30 points")
	p.until("no number kept", `!JSON.stringify({ ...localStorage, ...sessionStorage }).includes('6034000000000026')`)
	p.keys(kb.F7)
	p.shows("6034…0018") // her card lies in the reader still
	p.keys(kb.Escape)
	p.shows("Cancel this sale?")
	p.keys(kb.F9)
	p.shows("New sale")
}

func lastTry(t *testing.T, p *tillPage, shop *stage.Shop) {
	swap(t, p, shop, "dara")
	p.shows("6034…0026")
	p.keys(kb.F8)
	p.shows("3 tries are left")
	p.keys("1111", kb.Enter)
	p.shows("2 tries are left")
	p.keys("2222", kb.Enter)
	p.shows("1 try is left")
	p.keys(shop.Members[1].PIN, kb.Enter)
	p.shows("Only one try is left.")
	p.looksRight("9-last-try")
	p.keys(kb.F9)
	p.shows("PIN entered")
	p.until("no question", noQuestion)
}

func strangeCard(t *testing.T, p *tillPage, shop *stage.Shop) {
	if _, err := shop.Run(t.Context(), "firmware-sim", "card", "create", "--cards", filepath.Join(shop.Dir, "cards"), "stranger"); err != nil {
		t.Fatal(err)
	}
	swap(t, p, shop, "stranger")
	p.until("the refusal", `document.querySelector('.member.refused')`)
	p.looksRight("10-refused")
	swap(t, p, shop, "liga")
	p.shows("6034…0018")
}

// newcomerByNumber: the card of another member lies in the reader meanwhile, and its owner stands there again afterwards.
func newcomerByNumber(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F6, "9710 0000 0012", kb.Enter)
	p.shows("No member has this card or number yet.")
	p.looksRight("11-nobody")
	p.keys(kb.F8)
	p.shows("We keep your card's number")
	for _, lang := range []string{"fa", "lv", "en"} { // in the customer's language, the page stays
		p.eval(fmt.Sprintf(`(() => { const s = document.querySelector('dialog[open] select'); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })) })()`, lang))
		p.until("the text in "+lang, fmt.Sprintf(`document.querySelector('dialog[open] blockquote').lang === %q`, lang))
		p.looksRight("12-consent-" + lang)
	}
	p.keys(kb.Escape)
	p.until("no question", noQuestion)
	if _, err := memberByAPI(t, shop, "971000000012"); err == nil {
		t.Fatal("who did not agree is a member")
	}
	p.keys(kb.F6, "9710 0000 0012", kb.Enter)
	p.shows("No member has this card or number yet.")
	p.keys(kb.F8)
	p.shows("We keep your card's number")
	p.until("the focus on yes", `document.activeElement?.id === 'agree'`)
	p.keys(kb.Enter)
	p.shows("is a member now.")
	p.until("no question", noQuestion)
	p.looksRight("13-joined")
	if _, err := memberByAPI(t, shop, "971000000012"); err != nil {
		t.Fatal(err)
	}
	p.keys("2.00 Water", kb.Enter)
	p.shows("+20 points")
	p.until("no number kept", `!JSON.stringify({ ...localStorage, ...sessionStorage }).includes('971000000012')`)
	p.keys(kb.Escape)
	p.shows("Cancel this sale?")
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
func swap(t *testing.T, p *tillPage, shop *stage.Shop, card string) {
	t.Helper()
	if err := shop.Remove(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.until("no card", `!document.body.innerText.includes('Card is in the reader') && !document.querySelector('.member.refused')`)
	insert(t, shop, card)
}

func keepsWhatWasTyped(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F2, "1.45 Rye bread #bread", kb.Enter)
	p.shows("Rye bread")
	p.do(chromedp.Reload())
	p.shows("Rye bread")
	p.until("the entry line", `document.activeElement?.id === 'entry'`)
	p.keys("2.50 Half a wo")
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	p.shows("The agent is restarting.")
	p.looksRight("11-restarting")
	if err := shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.until("the agent is back", `!document.body.innerText.includes('The agent is restarting.')`)
	p.until("the typed text", `document.querySelector('#entry').value === '2.50 Half a wo'`)
	p.keys("rd", kb.Enter)
	p.shows("Half a word")
	p.shows("€3.95")
	p.keys(kb.Escape)
	p.shows("Cancel this sale?")
	p.keys(kb.F9)
	p.shows("The sale was cancelled.")
	p.keys(kb.Escape)
}

func cardTornAway(t *testing.T, p *tillPage, shop *stage.Shop) {
	swap(t, p, shop, "liga")
	p.shows("Card is in the reader")
	p.keys(kb.F8)
	p.shows("3 tries are left")
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.shows("PIN entered")
	p.until("no question", noQuestion)
	p.keys(kb.F2, "2.00 Tea", kb.Enter)
	p.shows("+20 points")
	p.keys(kb.F4, "50")
	p.shows("Paid with 50 points")
	// The card debits, its answer is lost, the card is gone: card.md 3.5 has the instruction byte.
	if err := shop.Bench.Do(t.Context(), "PUT", "/readers/till1/fault", map[string]string{"kind": "tear-after", "ins": "54"}, nil); err != nil {
		t.Fatal(err)
	}
	p.until("the quote", `document.querySelector('.side > button.main:enabled')?.innerText.includes('€1.50')`)
	p.keys(kb.F9)
	p.shows("Cash received")
	p.keys(kb.Enter)
	p.shows("Hold the same card to the reader again.")
	p.looksRight("12-tap-again")
	p.do(chromedp.Reload()) // the unanswered sale is remembered
	p.shows("Hold the same card to the reader again.")
	insert(t, shop, "liga")
	p.shows("Sale completed")
	p.until("the new balance", `[...document.querySelectorAll('dd')].some((d) => d.innerText === '157')`) // 192 - 50 + 15
	p.keys(kb.F2)
	p.shows("New sale")
}

func lostAnswer(t *testing.T, p *tillPage, shop *stage.Shop) {
	before := entries(t, shop)
	p.keys("1.00 Gum", kb.Enter)
	p.until("the quote", `document.querySelector('.side > button.main:enabled')?.innerText.includes('€1.00')`)
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
	p.shows("Cash received")
	p.keys(kb.Enter)
	p.shows("Sale completed")
	if after := entries(t, shop); after != before+1 {
		t.Errorf("%d entries after the sale, %d before", after, before)
	}
	p.keys(kb.F2)
	p.shows("New sale")
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
	p.shows("The printer is out of paper.")
	p.keys("1.00 Gum", kb.Enter)
	p.until("the quote", `document.querySelector('.side > button.main:enabled')?.innerText.includes('€1.00')`)
	p.keys(kb.F9)
	p.shows("Cash received")
	p.keys(kb.Enter)
	p.shows("Sale completed")
	p.until("a receipt that waits", `document.querySelector('.paper.bad')`)
	p.looksRight("13-paper-out")
	if err := shop.Bench.Do(t.Context(), "POST", "/printers/till1/paper", map[string]bool{"loaded": true}, nil); err != nil {
		t.Fatal(err)
	}
	p.shows("Receipt: Printed")
	p.until("no remedy", `!document.body.innerText.includes('out of paper')`)
	p.keys(kb.Enter)
}

func persianAndDark(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys(kb.F10)
	p.until("the menu", `document.querySelector('dialog[open] select')`)
	p.looksRight("14-menu")
	for _, lang := range []string{"lv", "pl", "et", "hy", "fa"} {
		p.eval(fmt.Sprintf(`(() => { const s = document.querySelector('dialog[open] select'); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })) })()`, lang))
		p.until(lang, fmt.Sprintf(`document.documentElement.lang === %q`, lang))
		p.looksRight("15-menu-" + lang)
	}
	p.keys(kb.Escape, "2 x 1.29 شیر #dairy", kb.Enter)
	p.until("a mirrored page", `document.documentElement.dir === 'rtl' && document.querySelector('.side').getBoundingClientRect().left < document.querySelector('.bill').getBoundingClientRect().left`)
	p.until("Persian digits", `document.querySelector('.totals output').innerText.includes('۲٫۵۸')`)
	p.scheme("dark")
	p.looksRight("16-fa-dark")
	p.scheme("light")
	p.looksRight("17-fa")
	p.keys(kb.Escape)
	p.until("the question", `document.querySelector('dialog[open]')`)
	p.keys(kb.F9, kb.F10)
	p.until("the menu", `document.querySelector('dialog[open] select')`)
	p.eval(`(() => { const s = document.querySelector('dialog[open] select'); s.value = 'en'; s.dispatchEvent(new Event('change', { bubbles: true })) })()`)
	p.shows("Close the day")
	p.keys(kb.Escape)
}

func couponAndPapers(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys(kb.F10)
	p.clickText("Print a coupon")
	p.shows("Code of the coupon")
	p.keys("no-such", kb.Enter)
	p.shows("There is no such coupon.")
	p.eval(`document.querySelector('dialog input').select()`)
	p.keys("coffee")
	p.looksRight("18-coupon")
	p.keys(kb.Enter)
	p.shows("for €2.00 is being printed.")
	p.keys(kb.Escape, kb.F10)
	p.clickText("Printed papers")
	p.shows("Coupon of entry")
	p.until("a printed coupon", `document.querySelector('dialog li')?.innerText.includes('Printed')`)
	p.looksRight("19-papers")
	p.keys(kb.Escape, kb.F1)
	p.shows("All points, in the points field")
	p.looksRight("20-keys")
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
	p.shows("Card is in the reader")
	p.keys(kb.F8)
	p.shows("3 tries are left")
	p.keys(shop.Members[0].PIN, kb.Enter)
	p.shows("PIN entered")
	p.until("no question", noQuestion)
	p.keys(kb.F2, "10.00 Candles #household", kb.Enter)
	p.shows("+100 points")
	p.shows("points to go") // for the hamper
	p.clickText("Mug")
	p.shows("-€3.00")
	p.keys(kb.F2, coupon.Serial, kb.Enter)
	p.until("the figures", `document.querySelector('.totals output').innerText.includes('€5.00')`)
	p.shows("Free coffee")
	p.looksRight("22-reward-and-coupon")
	p.click(`#coupon`)
	p.keys("1-NOSUCH", kb.Enter)
	p.shows("This is not the code of a coupon")
	p.until("the figures as before", `document.querySelector('.totals output').innerText.includes('€5.00')`)
	p.keys(kb.F9)
	p.shows("Cash received")
	p.keys(kb.Enter)
	p.shows("Sale completed")
	p.keys(kb.Enter)
	p.shows("New sale")
	p.keys("3.00 Soap", kb.Enter, coupon.Serial, kb.Enter)
	p.shows("This coupon has already been used.")
	p.looksRight("23-coupon-used")
	p.keys(kb.Escape)
	p.shows("Cancel this sale?")
	p.keys(kb.F9)
	p.shows("New sale")
}

// creditPays needs the PIN of the sale before: the card has not been taken out. Each sale gives back 0.02 of 1.00.
func creditPays(_ *testing.T, p *tillPage, _ *stage.Shop) {
	p.keys("10.00 Candles #household", kb.Enter)
	p.shows("+100 points")
	p.shows("Money back: €0.20")
	p.clickText("Credit")
	p.until("a part paid by credit", `document.querySelector('.totals output').innerText.includes('€9.')`)
	p.looksRight("24-credit")
	p.keys(kb.F9)
	p.shows("Cash received")
	p.keys(kb.Enter)
	p.shows("Sale completed")
	p.shows("Credit: earned")
	p.looksRight("25-credit-done")
	p.keys(kb.Enter)
	p.shows("New sale")
}

func closesTheDay(t *testing.T, p *tillPage, shop *stage.Shop) {
	p.keys(kb.F10)
	p.clickText("Close the day")
	p.shows("This cannot be taken back")
	p.looksRight("21-close")
	p.keys(kb.F9)
	p.shows("is closed.")
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
	p.shows("New sale")
}
