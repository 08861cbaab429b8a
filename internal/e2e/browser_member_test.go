package e2e

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
)

// memberVisit is what a member comes to the till for.
type memberVisit struct {
	*tillPage
	shop   *stage.Shop
	member stage.Member
	card   string // a gift card
}

// newcomer is a number that is nobody's at first.
const newcomer = "971000000012"

// TestWhatMembersComeForInABrowser: testdata/member.yaml gives 10 points for 1.00, 100 for a newsletter or a visit; a mug takes 212.
func TestWhatMembersComeForInABrowser(t *testing.T) { inEachLanguage(t, whatMembersComeFor) }

func whatMembersComeFor(t *testing.T, lang i18n.Lang) {
	shop := openShop(t, func(o *stage.Options) { o.Programme = "testdata/member.yaml" })
	p := openPageIn(t, lang, shop)
	v := &memberVisit{tillPage: p, shop: shop, member: shop.Members[0]}
	for _, part := range []struct {
		name string
		play func(*memberVisit)
	}{
		{"who agrees becomes a member with the card handed over, and a friend's claim is noted", (*memberVisit).joins},
		{"points come without buying, once, and a refusal says why", (*memberVisit).active},
		{"the account is shown and printed", (*memberVisit).account},
		{"what can be had is offered, and what is missing is said", (*memberVisit).offered},
		{"a gift card is sold, and the customer is asked", (*memberVisit).sellsGiftCard},
		{"a gift card is topped up and pays in parts", (*memberVisit).paysByGiftCard},
		{"a gift card that is not paid for pays nothing", (*memberVisit).unpaidGiftCard},
		{"points go to another member, as shown, and the slip says so", (*memberVisit).gives},
		{"a transfer whose answer is lost is told after a reload, and counts once", (*memberVisit).givesUnheard},
		{"one member becomes two when a supervisor answers for it, beyond what may be given away", (*memberVisit).splits},
		{"a card asks for its PIN before a transfer, and what is or will be on it stays", (*memberVisit).givesByCard},
		{"an old number becomes part of the member's when a supervisor answers for it", (*memberVisit).merges},
		{"a lost card is blocked", (*memberVisit).losesCard},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			whole := p.t
			p.t = t
			defer func() { p.t = whole }()
			part.play(v)
			p.wellBehaved()
		}) {
			return // what follows needs what came before
		}
	}
}

// menu opens an act of the menu.
func (v *memberVisit) menu(key string) {
	v.t.Helper()
	v.keys(kb.F10)
	v.press(key)
}

// types puts text in the place of what a field holds: the key that led there comes twice from a browser that is driven.
func (v *memberVisit) types(id, text string) {
	v.t.Helper()
	v.until("the field "+id, fmt.Sprintf(`document.querySelector('#%s:enabled')`, id))
	v.eval(fmt.Sprintf(`(() => { const i = document.querySelector('#%s'); i.focus(); i.select() })()`, id))
	v.keys(text, kb.Enter)
}

func (v *memberVisit) focusIs(id string) {
	v.t.Helper()
	v.until("the focus on "+id, fmt.Sprintf(`document.activeElement?.id === %q`, id))
}

func (v *memberVisit) noDialog() {
	v.t.Helper()
	v.until("no question", noQuestion)
}

// pays completes the sale in cash and leaves its result on the screen.
func (v *memberVisit) pays() {
	v.t.Helper()
	v.until("the quote", `document.querySelector('.side > button.main:enabled')`)
	v.keys(kb.F9)
	v.until("the payment", `document.querySelector('#pay-do:enabled')`)
	v.keys(kb.Enter)
	v.tells("till.done")
	v.noDialog()
}

func (v *memberVisit) next() {
	v.t.Helper()
	v.focusIs("entry")
	v.keys(kb.Enter)
	v.tells("till.new_sale")
}

func (v *memberVisit) cancels() {
	v.t.Helper()
	v.keys(kb.Escape)
	v.tells("till.cancel_sale")
	v.keys(kb.F9)
	v.tells("till.new_sale")
	v.noDialog()
}

func (v *memberVisit) joins() {
	v.menu("till.join")
	v.focusIs("newcomer")
	v.keys(newcomer, kb.Enter)
	v.until("the member", `document.querySelector('.member.known')`)
	v.noDialog()
	v.menu("till.activities")
	v.focusIs("activity-0")
	v.keys("3")
	v.types("referrer", newcomer)
	v.tells("cashier.referral_self")
	v.looksRight("member-referral")
	v.types("referrer", v.member.Number)
	v.tells("till.activity_noted")
	v.keys(kb.Escape)
	v.noDialog()
	v.keys("2.00 Water", kb.Enter)
	v.pays()
	v.tells("till.answer")
	v.looksRight("member-question")
	v.next() // nobody has to answer
}

func (v *memberVisit) active() {
	insert(v.t, v.shop, v.member.Name)
	v.until("the member", `document.querySelector('.member.known')`)
	v.menu("till.activities")
	v.focusIs("activity-0")
	v.looksRight("member-activities")
	v.keys("1")
	v.types("proof", "nobody")
	v.tells("cashier.activity_proof")
	v.looksRight("member-proof")
	v.types("proof", v.member.Name+"@example.com")
	v.tells("till.activity_given", i18n.Args{"count": 100})
	v.tells("till.activity_done")
	v.until("no proof left", `!document.querySelector('#proof')`)
	v.focusIs("activity-1")
	v.keys("2")
	v.focusIs("activity-do")
	v.keys(kb.Enter)
	v.until("both done", `document.querySelectorAll('dialog li button:disabled').length === 2`)
	v.keys(kb.Escape)
	v.noDialog()
}

func (v *memberVisit) account() {
	v.menu("till.account")
	v.focusIs("slip")
	v.tells("till.points_unit", i18n.Args{"count": 200})
	v.looksRight("member-account")
	v.keys(kb.F9)
	v.tells("till.slip_queued")
	v.keys(kb.Escape)
	v.noDialog()
}

// offered needs the points on the card, which takes head office and another tap.
func (v *memberVisit) offered() {
	if err := v.shop.Synced(v.t.Context(), syncedLimit); err != nil {
		v.t.Fatal(err)
	}
	v.call("POST", "/v1/lanes/1/coupons", map[string]string{"coupon": "big"}, nil)
	coupon := v.signedCode()
	if err := v.shop.Remove(v.t.Context(), 1); err != nil {
		v.t.Fatal(err)
	}
	v.tells("till.card_gone")
	insert(v.t, v.shop, v.member.Name)
	v.tells("till.available", i18n.Args{"count": 200})
	v.keys(kb.F2, "3.00 Coffee", kb.Enter)
	v.wedge(coupon + kb.Enter)
	v.tells("till.reward_missing", i18n.Args{"count": 12})
	v.tells("till.coupon_idle")
	v.looksRight("member-offers")
	v.cancels()
}

var signedCode = regexp.MustCompile(`\[qr (LC1:[^\]]+)\]`)

// signedCode waits until a coupon is printed and reads what its symbol holds.
func (v *memberVisit) signedCode() (code string) {
	v.t.Helper()
	err := stage.Until(v.t.Context(), "a signed coupon", seenWithin, func(ctx context.Context) (bool, string, error) {
		text, err := newestSheet(ctx, v.shop)
		if found := signedCode.FindStringSubmatch(text); found != nil {
			code = found[1]
		}
		return code != "", text, err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return code
}

func (v *memberVisit) sellsGiftCard() {
	v.menu("till.gift")
	v.focusIs("gift")
	v.looksRight("member-gift-card")
	v.keys(kb.F4)
	v.tells("till.gift_printing")
	v.focusIs("gift-amount")
	serial, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`document.querySelector('dialog .who').innerText.trim()`))
	if err != nil {
		v.t.Fatal(err)
	}
	v.card = serial
	v.keys("11", kb.F9)
	v.tells("cashier.gift_card_value")
	v.looksRight("member-new-gift-card")
	v.keys(kb.Backspace, kb.Backspace, "10", kb.F9)
	v.noDialog()
	v.pays()
	v.tells("receipt.gift_card_balance", i18n.Args{"card": "…" + serial[len(serial)-4:]})
	v.keys(kb.F4, "4")
	v.tells("till.activity_given", i18n.Args{"count": 7})
	v.looksRight("member-gift-card-sold")
	v.next()
}

// scans types what a scanner would.
func (v *memberVisit) scans(card, focus string) {
	v.t.Helper()
	v.keys(kb.F2, card, kb.Enter)
	v.focusIs(focus)
}

func (v *memberVisit) paysByGiftCard() {
	v.scans(v.card, "gift-amount")
	v.keys("25", kb.F9)
	v.noDialog()
	v.pays()
	v.next()
	v.keys("12.00 Cheese", kb.Enter)
	v.until("the quote", `document.querySelector('.side > button.main:enabled')`)
	v.scans(v.card, "gift-pay")
	v.looksRight("member-pay-with-it")
	v.keys(kb.F8)
	v.noDialog()
	v.owes(0)
	v.looksRight("member-paid-by-it")
	v.pays()
	v.tells("till.gift_left", i18n.Args{"card": "…" + v.card[len(v.card)-4:]})
	v.next()
	v.keys("30.00 Ham", kb.Enter)
	v.until("the quote", `document.querySelector('.side > button.main:enabled')`)
	v.scans(v.card, "gift-pay")
	v.keys(kb.Enter)
	v.noDialog()
	v.owes(700) // 35.00 less 12.00 were left on it
	v.pays()
	v.next()
	v.keys(kb.F2, v.card, kb.Enter)
	v.tells("till.gift_empty")
	v.looksRight("member-empty")
	v.keys(kb.Escape)
	v.noDialog()
}

// owes waits until so much is left to pay with money.
func (v *memberVisit) owes(cents int) {
	v.t.Helper()
	v.until(fmt.Sprintf("%d to pay", cents), fmt.Sprintf(`document.querySelector('.totals output').innerText.replace(/[۰-۹]/g, (d) => '۰۱۲۳۴۵۶۷۸۹'.indexOf(d)).replace(/[^0-9]/g, '') === '%03d'
		&& document.querySelector('.side > button.main:enabled')`, cents))
}

// unpaidGiftCard is sold on account by the shop's own till software.
func (v *memberVisit) unpaidGiftCard() {
	card := "G9-" + v.member.Name
	sale := map[string]any{
		"lines":   []map[string]any{{"sku": "gc", "quantity": 1000, "amount": 1000, "gift_card": map[string]string{"kind": "gift", "serial": card}}},
		"tenders": []map[string]any{{"kind": "account", "amount": 1000}},
	}
	var quote struct{ Quote string }
	v.call("POST", "/v1/lanes/1/quote", sale, &quote)
	sale["quote"] = quote.Quote
	v.call("POST", "/v1/lanes/1/sales", sale, nil)
	v.menu("till.gift")
	v.focusIs("gift")
	v.types("gift", card)
	v.tells("cashier.gift_card_inactive")
	v.until("no way to pay with it", `!document.querySelector('#gift-pay')`)
	v.keys(kb.Escape)
	v.noDialog()
}

// known puts the newcomer at the till by number, though a card lies in the reader.
func (v *memberVisit) known() {
	v.t.Helper()
	v.keys(kb.F6)
	v.types("number", newcomer)
	v.tells("till.by_number")
	v.noDialog()
}

// has waits until the newcomer has so many points, as the account says.
func (v *memberVisit) has(points int) {
	v.t.Helper()
	var account struct{ Balance int }
	v.call("GET", "/v1/lanes/1/account?number="+newcomer, nil, &account)
	if account.Balance != points {
		v.t.Errorf("the newcomer has %d points, want %d", account.Balance, points)
	}
}

func (v *memberVisit) gives() {
	v.known()
	v.menu("till.transfer")
	v.focusIs("transfer-to")
	v.tells("till.transfer_have")
	v.looksRight("transfer")
	v.types("transfer-to", newcomer)
	v.focusIs("transfer-points")
	v.types("transfer-points", "a few")
	v.tells("till.transfer_whole")
	v.types("transfer-points", "8")
	v.tells("cashier.member_same")
	v.types("transfer-to", "97000000999")
	v.tells("cashier.receiver_unknown")
	v.looksRight("transfer-refused")
	v.types("transfer-to", v.member.Number)
	v.focusIs("transfer-do")
	v.types("transfer-points", "11") // what was shown is for 8
	v.tells("cashier.member_limit")
	v.types("transfer-points", "8")
	v.focusIs("transfer-do")
	v.tells("till.transfer_left")
	v.looksRight("transfer-shown")
	v.keys(kb.F9)
	v.tells("till.transfer_done", i18n.Args{"count": 8})
	v.tells("till.slip_queued")
	v.looksRight("transfer-done")
	v.keys(kb.Enter)
	v.noDialog()
	v.has(42)
}

// givesUnheard loses the agent's answer, then the page.
func (v *memberVisit) givesUnheard() {
	v.menu("till.transfer")
	v.focusIs("transfer-to")
	v.types("transfer-to", v.member.Number)
	v.types("transfer-points", "5")
	v.focusIs("transfer-do")
	v.eval(`(() => {
	  const real = window.fetch;
	  window.fetch = async (...call) => {
	    const answer = await real(...call);
	    if (!String(call[0]).endsWith('/transfers')) return answer;
	    window.fetch = real;
	    throw new TypeError('the answer was lost');
	  };
	})()`)
	v.keys(kb.F9)
	v.tells("till.no_answer")
	v.do(chromedp.Reload())
	v.until("the page again", `document.activeElement?.id === 'entry'`)
	v.eval(`if (/6034|9710/.test(JSON.stringify(localStorage))) throw new Error('a number was kept')`)
	v.known()
	v.menu("till.transfer")
	v.tells("till.transfer_before")
	v.tells("till.transfer_done", i18n.Args{"count": 5})
	v.looksRight("transfer-told-late")
	v.keys(kb.Enter)
	v.noDialog()
	v.has(37)
	v.menu("till.transfer")
	v.focusIs("transfer-to") // told once
	v.keys(kb.Escape)
	v.noDialog()
	v.byCard()
}

// splits gives more than the programme lets a member give. The question for a supervisor comes over what is shown, which stays.
func (v *memberVisit) splits() {
	hireIn(v.t, v.shop, "Berta", "supervisor", "", "4712")
	v.known()
	v.menu("till.transfer")
	v.focusIs("transfer-to")
	v.keys(kb.F4)
	v.types("transfer-to", v.member.Number)
	v.types("transfer-points", "12")
	v.focusIs("transfer-do")
	v.tells("till.transfer_left")
	v.looksRight("transfer-split")
	v.keys(kb.F9)
	v.tells("cashier.approval_needed")
	v.looksRight("transfer-approval")
	v.keys(kb.Escape)
	v.until("what was shown", `document.querySelectorAll('dialog[open]').length === 1 && document.querySelector('#transfer-do:enabled')`)
	v.has(37)
	v.keys(kb.F9)
	v.tells("cashier.approval_needed")
	v.proves("1", "4712")
	v.tells("till.transfer_done", i18n.Args{"count": 12})
	v.tells("till.slip_queued")
	v.keys(kb.Enter)
	v.noDialog()
	v.has(25)
	v.byCard()
}

func (v *memberVisit) givesByCard() {
	must(v.t, v.shop.Synced(v.t.Context(), syncedLimit))
	v.menu("till.transfer")
	v.tells("till.transfer_pin")
	v.looksRight("transfer-pin")
	v.keys(kb.F8)
	v.tells("till.pin_tries", i18n.Args{"count": 3})
	v.keys(v.member.PIN, kb.Enter)
	v.focusIs("transfer-to")
	v.types("transfer-to", newcomer)
	v.types("transfer-points", "5")
	v.tells("cashier.member_short") // all comes onto the card with the next tap
	v.keys(kb.Escape)
	v.noDialog()
	v.has(25)
}

// byCard has the member of the card in the reader at the till again.
func (v *memberVisit) byCard() {
	v.t.Helper()
	v.keys(kb.F7)
	v.until("the card again", `!document.querySelector('.member.known') || document.querySelector('.member .number')?.innerText.includes('0018')`)
}

func (v *memberVisit) merges() {
	v.menu("till.merge")
	v.focusIs("merge-old")
	v.looksRight("merge")
	v.types("merge-old", v.member.Number)
	v.tells("cashier.member_same")
	v.types("merge-old", newcomer)
	v.focusIs("merge-back")
	v.tells("till.merge_points")
	v.looksRight("merge-shown")
	v.keys(kb.F9)
	v.tells("cashier.approval_needed")
	v.proves("1", "4712")
	v.tells("till.merge_done")
	v.tells("till.slip_queued")
	v.looksRight("merge-done")
	v.keys(kb.Enter)
	v.noDialog()
	must(v.t, v.shop.Synced(v.t.Context(), syncedLimit))
	var old, card struct{ Balance int }
	v.call("GET", "/v1/lanes/1/account?number="+newcomer, nil, &old)
	v.call("GET", "/v1/lanes/1/account?number="+v.member.Number, nil, &card)
	if old != card || card.Balance == 0 {
		v.t.Errorf("%d points under the old number, %d under the card's", old.Balance, card.Balance)
	}
}

func (v *memberVisit) losesCard() {
	v.menu("till.account")
	v.focusIs("slip")
	v.keys(kb.F8)
	v.focusIs("lost-not")
	v.keys(kb.F9)
	v.tells("cashier.card_here")
	v.keys(kb.Escape)
	v.noDialog()
	if err := v.shop.Remove(v.t.Context(), 1); err != nil {
		v.t.Fatal(err)
	}
	v.tells("till.card_gone")
	v.menu("till.account")
	v.focusIs("slip")
	v.keys(kb.F8)
	v.focusIs("lost-not")
	v.tells("till.lost_why")
	v.looksRight("member-lost")
	v.keys(kb.F9)
	v.tells("till.lost_done")
	v.looksRight("member-blocked")
	v.keys(kb.Escape)
	v.noDialog()
	insert(v.t, v.shop, v.member.Name)
	v.tells("cashier.card_blocked")
	v.looksRight("member-card-blocked")
	if err := v.shop.Remove(v.t.Context(), 1); err != nil {
		v.t.Fatal(err)
	}
	v.until("no card", `!document.querySelector('.member.refused')`)
}

// call is one call of the shop's own till software.
func (v *memberVisit) call(method, path string, body, answer any) {
	v.t.Helper()
	if err := v.shop.API.Do(context.WithoutCancel(v.t.Context()), method, path, body, answer, "Idempotency-Key", uuid.Must(uuid.NewV7()).String()); err != nil {
		v.t.Fatal(err)
	}
}
