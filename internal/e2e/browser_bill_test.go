package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
	"loyaltill/store"
)

// billDesk is a till page in one language, with the shop behind it.
type billDesk struct {
	*tillPage
	shop *stage.Shop
}

// TestBillsComeBackWaitAndAreSentToTheTill: goods come back with and without a bill, a sale is undone, set aside, and sent by a POS.
func TestBillsComeBackWaitAndAreSentToTheTill(t *testing.T) {
	chromium(t)
	shop := openShop(t, func(o *stage.Options) {
		o.APIListen, o.Programme = fixedAddress(t), withoutBills(t, o.Programme)
	})
	d := &billDesk{tillPage: openPage(t, shop), shop: shop}
	for _, d.lang = range []i18n.Lang{i18n.English, i18n.Persian} {
		d.speak()
		for _, part := range []struct {
			name string
			play func(*billDesk, *testing.T)
		}{
			{"a part of a bill comes back, and what is gone cannot", (*billDesk).partComesBack},
			{"the code of another store's bill is scanned", (*billDesk).elsewhere},
			{"goods without a bill come back at the lowest price", (*billDesk).withoutBill},
			{"the last sale is undone with a reason", (*billDesk).undone},
			{"a sale set aside survives the page and the agent", (*billDesk).aside},
			{"a sale sent by a POS never takes the place of a typed one", (*billDesk).sent},
		} {
			if !t.Run(string(d.lang)+": "+part.name, func(t *testing.T) {
				whole := d.t
				d.t = t
				defer func() { d.t = whole }()
				part.play(d, t)
				d.wellBehaved()
			}) {
				return // what follows needs an empty till
			}
		}
	}
}

// withoutBills is a programme that takes goods back without their bill.
func withoutBills(t *testing.T, of string) string {
	t.Helper()
	text, err := os.ReadFile(of)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "programme.yaml")
	changed := strings.Replace(string(text), "shortage: withhold", "shortage: withhold, without_bill: lowest_price", 1)
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// speak has the page speak the language from its start on.
func (d *billDesk) speak() {
	d.eval(fmt.Sprintf(`localStorage.setItem('loyaltill.lang', %q)`, d.lang))
	d.do(chromedp.Reload())
	d.until("the page in "+string(d.lang), fmt.Sprintf(`document.documentElement.lang === %q && document.activeElement?.id === 'entry'`, d.lang))
}

// menu opens one of the rarer acts.
func (d *billDesk) menu(key string) {
	d.t.Helper()
	d.keys(kb.F10)
	d.press(key)
}

// shut waits until no question is open.
func (d *billDesk) shut() {
	d.t.Helper()
	d.until("the end of the question", noQuestion)
}

// sell makes a sale by the API, of two pieces of jam, for a member without the card. It gives the receipt's number.
func (d *billDesk) sell() string {
	d.t.Helper()
	body := map[string]any{"number": "6034000000000018", "lines": []map[string]any{
		{"sku": "4750001", "name": "Jam", "category": "food", "quantity": 2000, "amount": 600}, {"sku": "4750002", "name": "Tea", "quantity": 1000, "amount": 250},
	}, "tenders": []map[string]any{{"kind": "cash", "amount": 850}}}
	var q struct{ Quote string }
	d.api("POST", "/v1/lanes/1/quote", body, &q)
	body["quote"] = q.Quote
	id := uuid.Must(uuid.NewV7()).String()
	if err := d.shop.API.Do(d.t.Context(), "POST", "/v1/lanes/1/sales", body, nil, "Idempotency-Key", id); err != nil {
		d.t.Fatal(err)
	}
	var sold struct{ Number string }
	d.api("POST", "/v1/lanes/1/returns/quote", map[string]string{"sale": id}, &sold)
	return sold.Number
}

func (d *billDesk) api(method, path string, in, out any) {
	d.t.Helper()
	if err := d.shop.API.Do(d.t.Context(), method, path, in, out); err != nil {
		d.t.Fatal(err)
	}
}

func (d *billDesk) partComesBack(*testing.T) {
	number := d.sell()
	d.menu("till.return_title")
	d.keys("9-9-9", kb.Enter)
	d.tells("cashier.sale_unknown")
	d.keys(number, kb.Enter)
	d.until("its lines", `document.activeElement?.id === 'back-0'`)
	d.tells("till.return_choose")
	d.keys("+")
	d.until("what it gives back", `document.querySelector('dialog .refund dd')`)
	d.tells("till.return_taken")
	d.shows(d.money(300))
	d.looksRight("bill-return")
	d.keys(kb.F9)
	d.tells("till.return_done")
	d.looksRight("bill-returned")
	d.keys(kb.Enter)
	d.shut()
	d.menu("till.return_title")
	d.keys(number, kb.Enter)
	d.until("its lines", `document.activeElement?.id === 'back-0'`)
	d.keys("a")
	d.shows(d.money(550))
	d.keys(kb.F9)
	d.tells("till.return_done")
	d.keys(kb.Enter)
	d.shut()
	d.menu("till.return_title")
	d.keys(number, kb.Enter)
	d.tells("cashier.return_nothing")
	d.looksRight("bill-claimed")
	d.keys(kb.Escape, kb.Escape)
	d.shut()
}

func (d *billDesk) elsewhere(t *testing.T) {
	identity, err := store.LoadIdentity(d.shop.Identity)
	if err != nil {
		t.Fatal(err)
	}
	bill := loyalty.Returnable{Store: 9, Epoch: 2, Seq: loyalty.Seq(70 + len(d.says("till.title"))), Day: "2026-11-20", Programme: strings.Repeat("ab", 32), Currency: "EUR", ToPay: 900,
		Lines: []loyalty.ReturnableLine{{Quantity: 3000, Price: 900}}}
	code, err := bill.Code(identity.PaperKey(9))
	if err != nil {
		t.Fatal(err)
	}
	d.keys(kb.F2, code, kb.Enter)
	d.until("its line", `document.activeElement?.id === 'back-0'`)
	d.tells("receipt.return_line", i18n.Args{"number": 1})
	d.keys("+", "+")
	d.shows(d.money(600))
	d.keys(kb.F9)
	d.tells("till.return_done")
	d.keys(kb.Enter)
	d.shut()
}

func (d *billDesk) withoutBill(*testing.T) {
	d.menu("till.return_title")
	d.keys(kb.F6)
	d.tells("till.return_article_hint")
	d.keys("4759999", kb.Enter)
	d.tells("cashier.goods_unknown")
	d.eval(`document.querySelector('#returned').select()`)
	d.keys("4750001", kb.Enter)
	d.shows("Jam")
	d.keys("4750001", kb.Enter)
	d.shows(d.money(600))
	d.looksRight("bill-without-bill")
	d.keys(kb.F9)
	d.tells("till.return_done")
	d.keys(kb.Enter)
	d.shut()
}

// ring types a line and waits until it can be paid.
func (d *billDesk) ring(line string, toPay int64) {
	d.t.Helper()
	d.keys(kb.F2, line, kb.Enter)
	d.payable(toPay)
}

func (d *billDesk) payable(toPay int64) {
	d.t.Helper()
	d.reads(".side > button.main:enabled", d.money(toPay))
}

// pay takes cash for what is on the screen and leaves an empty till.
func (d *billDesk) pay() {
	d.t.Helper()
	d.keys(kb.F9)
	d.tells("till.given")
	d.keys(kb.Enter)
	d.tells("till.done")
}

func (d *billDesk) undone(*testing.T) {
	d.ring("4.00 Candle", 400)
	d.pay()
	d.menu("till.void_title")
	d.tells("till.void_hint")
	d.keys(kb.F6)
	d.tells("till.void_choose")
	d.keys("2")
	d.until("what it gives back", `document.querySelector('dialog .refund dd')`)
	d.looksRight("bill-void")
	d.keys(kb.F9)
	d.tells("till.void_done")
	d.keys(kb.Enter)
	d.shut()
	d.tells("till.new_sale")
}

func (d *billDesk) aside(t *testing.T) {
	d.ring("2 x 1.50 Rye bread", 300)
	d.menu("till.aside_title")
	d.tells("till.aside_why")
	d.looksRight("bill-aside")
	d.keys("Anna", kb.Enter)
	d.tells("till.aside_done")
	d.tells("till.new_sale")
	d.allPrinted(t) // what is cut short by the restart would be asked about
	if err := d.shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	d.tells("till.agent_away")
	if err := d.shop.StartAgent(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.speak()
	d.ring("0.70 Gum", 70)
	d.menu("till.baskets_title")
	d.shows("Anna")
	d.looksRight("bill-waiting")
	d.keys(kb.Enter) // the gum waits in its place
	d.shows("Rye bread")
	d.until("the line of before", `!document.body.innerText.includes('Gum')`)
	d.ring("1.00 Salt", 400)
	d.pay()
	d.keys(kb.F2)
	d.menu("till.baskets_title")
	d.shows(d.money(70))
	d.press("till.basket_drop")
	d.tells("till.baskets_none")
	d.keys(kb.Escape)
	d.shut()
}

// allPrinted waits until no paper is on its way.
func (d *billDesk) allPrinted(t *testing.T) {
	t.Helper()
	err := stage.Until(t.Context(), "the papers", seenWithin, func(ctx context.Context) (bool, string, error) {
		var lane struct{ Jobs int }
		err := d.shop.API.Do(ctx, "GET", "/v1/lanes/1", nil, &lane)
		return lane.Jobs == 0, fmt.Sprint(lane.Jobs, " jobs"), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// push sends a basket to the till as a POS does. It gives the id of the sale that it becomes.
func (d *billDesk) push(name string, amount int64) string {
	d.t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	line := map[string]any{"sku": "77", "name": name, "quantity": 1000, "amount": amount}
	d.api("PUT", "/v1/baskets/"+id, map[string]any{"lane": 1, "note": name, "lines": []any{line}}, nil)
	return id
}

func (d *billDesk) sent(t *testing.T) {
	first := d.push("Flowers", 900)
	d.shows("Flowers") // nothing was open: it is on the screen by itself
	d.tells("till.basket_fixed")
	d.payable(900)
	d.pay()
	d.api("GET", "/v1/sales/"+first, nil, nil)
	d.keys(kb.F2)
	d.ring("1.20 Radish", 120)
	second := d.push("Vase", 2500)
	d.tells("till.basket_came", i18n.Args{"amount": d.money(2500)})
	d.shows("Radish")
	d.looksRight("bill-sent")

	var refused *stage.Problem
	err := d.shop.API.Do(t.Context(), "PUT", "/v1/baskets/"+uuid.Must(uuid.NewV7()).String(),
		map[string]any{"lane": 1, "lines": make([]struct{}, loyalty.MaxLines+1)}, nil)
	if !errors.As(err, &refused) || refused.Code != "field_invalid" {
		t.Errorf("an oversize basket: %v", err)
	}
	d.keys(kb.F12)
	d.shows("Vase")
	d.payable(2500)
	d.pay()
	d.api("GET", "/v1/sales/"+second, nil, nil)
	d.keys(kb.F2)
	d.menu("till.baskets_title")
	d.keys(kb.Enter)
	d.shows("Radish")
	d.keys(kb.Escape)
	d.tells("till.cancel_sale")
	d.keys(kb.F9)
	d.tells("till.sale_cancelled")
	d.keys(kb.Escape)
}
