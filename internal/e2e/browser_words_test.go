package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"loyaltill/internal/i18n"
)

// inEachLanguage plays a flow for who reads from the left and for who reads from the right.
func inEachLanguage(t *testing.T, play func(*testing.T, i18n.Lang)) {
	t.Helper()
	chromium(t)
	for _, lang := range []i18n.Lang{i18n.English, i18n.Persian} {
		t.Run(string(lang), func(t *testing.T) { play(t, lang) })
	}
}

// unseen are marks that only order foreign names and signs; spaces that hold figures together are read as spaces.
var unseen = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u200e", "", "\u200f", "", "\u061c", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

// seenJS does in the page what unseen does here.
const seenJS = `((text) => text.replace(/[\u00a0\u202f\s]+/g, ' ').replace(/[\u200e\u200f\u061c\u2066-\u2069]/g, '').trim())`

// says is a text of the catalogue in the page's language, as it is read there.
func (p *tillPage) says(key string, given ...i18n.Args) string {
	p.t.Helper()
	if !i18n.Has(key) {
		p.t.Fatalf("the catalogue has no %s", key)
	}
	args := i18n.Args{}
	for _, g := range given {
		maps.Copy(args, g)
	}
	return unseen.Replace(i18n.Text(p.lang, key, args))
}

// money and whole are figures in the page's language, as they are read there.
func (p *tillPage) money(minor int64) string {
	return unseen.Replace(i18n.Money(p.lang, minor, i18n.Currency{Code: "EUR", Digits: 2}))
}

func (p *tillPage) whole(n int64) string { return i18n.Number(p.lang, n) }

// tells waits until the screen reads as a text of the catalogue: p.tells("till.joined", i18n.Args{"number": "6034…0018"}).
func (p *tillPage) tells(key string, args ...i18n.Args) {
	p.t.Helper()
	p.shows(p.says(key, args...))
}

// named finds, in the question on top if there is one, the controls of a kind by their accessible name: those that are called so, else
// those whose name begins so.
func named(kind, name string) string {
	return fmt.Sprintf(`((kind, name) => {
	  const seen = %s;
	  const called = (e) => {
	    const copy = (e.matches('input, select, textarea') ? e.labels?.[0] : e)?.cloneNode(true);
	    copy?.querySelectorAll('[aria-hidden=true], kbd, input, select, textarea').forEach((part) => part.remove());
	    return seen(e.getAttribute('aria-label') || copy?.textContent || '');
	  };
	  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
	  const all = [...top.querySelectorAll(kind)].filter((e) => !e.disabled && e.checkVisibility());
	  return all.findLast((e) => called(e) === name) ?? all.findLast((e) => called(e).startsWith(name));
	})(%q, %q)`, seenJS, kind, strings.Join(strings.Fields(name), " "))
}

// press clicks the control whose name is a text of the catalogue.
func (p *tillPage) press(key string, args ...i18n.Args) {
	p.t.Helper()
	p.marked("the control "+key, named("button, a, summary, [type=checkbox], [type=radio]", p.says(key, args...)), func(selector string) { p.click(selector) })
}

// fill types into the field whose label is a text of the catalogue, behind what stands there.
func (p *tillPage) fill(key, text string, args ...i18n.Args) {
	p.t.Helper()
	p.marked("the field "+key, named("input, textarea", p.says(key, args...)), func(selector string) {
		p.eval(fmt.Sprintf(`document.querySelector(%q).focus()`, selector))
		p.keys(kb.End, text)
	})
}

// choose takes one of a list whose label is a text of the catalogue, by its value.
func (p *tillPage) choose(key, value string, args ...i18n.Args) {
	p.t.Helper()
	p.marked("the list "+key, named("select", p.says(key, args...)), func(selector string) {
		p.eval(fmt.Sprintf(`(() => { const s = document.querySelector(%q); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })) })()`, selector, value))
	})
}

// marked waits for an element, gives it a mark and lets act find it by that.
func (p *tillPage) marked(what, element string, act func(selector string)) {
	p.t.Helper()
	p.until(what, element)
	p.eval(element + `.setAttribute('data-wanted', '')`)
	act("[data-wanted]")
	p.eval(`document.querySelector('[data-wanted]')?.removeAttribute('data-wanted')`)
}

// gains waits until the screen shows what a sale earns.
func (p *tillPage) gains(points int64) {
	p.t.Helper()
	p.shows("+" + p.whole(points) + " " + p.says("till.points_unit", i18n.Args{"count": points}))
}

// read says, in the page, that an element reads so.
func (p *tillPage) read(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => %s(e.innerText).includes(%q))`, selector, seenJS, strings.Join(strings.Fields(text), " "))
}

// reads waits until an element does.
func (p *tillPage) reads(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q in %s", text, selector), p.read(selector, text))
}
