package loyalty

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// genProgramme draws a programme that uses every part of the engine.
func genProgramme(t *rapid.T) *Programme {
	head, rules, tail := genDocument(t)
	return compileRapid(t, head+strings.Join(rules, "")+tail)
}

func compileRapid(t *rapid.T, doc string) *Programme {
	p, err := Compile([]byte(doc))
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return p
}

// genDocument draws what stands before the earn rules, the rules, and what stands behind them.
func genDocument(t *rapid.T) (head string, rules []string, tail string) {
	var b strings.Builder
	b.WriteString(goodHead + "tiers: [{id: silver, name: {en: S}, from: 20}, {id: gold, name: {en: Gold}, from: 100}]\nladder: " +
		rapid.SampledFrom([]string{"{by: spend}", "{by: points}", "{by: visits, upgrade: next_sale}"}).Draw(t, "ladder") + `
sets:
  red: {label: [red]}
  food: {category: [food]}
  acme: {brand: [Acme]}
  mixed: {sets: [red, acme], without: [food]}
  rest: {all: true, without: [food]}
`)
	if rapid.Bool().Draw(t, "excludes") {
		b.WriteString("exclude: [acme]\n")
	}
	fmt.Fprintf(&b, "tenders: {points: {earns: %v}, gift_card: {earns: %v}}\nearn:\n", rapid.Bool().Draw(t, "points earn"), rapid.Bool().Draw(t, "cards earn"))
	for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
		rules = append(rules, genRule(t, i))
	}
	head = b.String()
	b.Reset()
	redeem := rapid.SampledFrom([]string{"{points: 1, value: 0.01}", "{points: 100, value: 1.00}", "{points: 3, value: 0.01}", "{points: 1, value: 0.10}",
		"{points: 7, value: 0.03}"}).Draw(t, "point value")
	fmt.Fprintf(&b, "redeem: {point_value: %s, minimum: %d, step: %d, keep: %d, max_share: %d, except: %s}\n", redeem,
		rapid.SampledFrom([]int{0, 1, 50, 500}).Draw(t, "minimum"), rapid.SampledFrom([]int{1, 10, 50}).Draw(t, "step"),
		rapid.SampledFrom([]int{0, 100}).Draw(t, "keep"), rapid.SampledFrom([]int{1, 50, 100}).Draw(t, "share"),
		rapid.SampledFrom([]string{"[]", "[food]"}).Draw(t, "except"))
	fmt.Fprintf(&b, "limits: {earn_per_sale: %d, redeem_without_purse: %d}\n", rapid.SampledFrom([]int{0, 100}).Draw(t, "cap"),
		rapid.SampledFrom([]int{0, 300}).Draw(t, "no purse"))
	b.WriteString("expiry: {months: 12}\n")
	b.WriteString(genReductions(t))
	if rapid.Bool().Draw(t, "says returns") {
		fmt.Fprintf(&b, "returns: {earned: %s, spent: %s, grace_days: %d, shortage: %s}\n",
			rapid.SampledFrom([]string{"pro_rata", "per_line"}).Draw(t, "earned back"), rapid.SampledFrom([]string{"original", "reissue"}).Draw(t, "spent back"),
			rapid.SampledFrom([]int{0, 20}).Draw(t, "grace"), rapid.SampledFrom([]string{"clamp", "negative", "withhold"}).Draw(t, "shortage"))
	}
	return head, rules, b.String()
}

func genRule(t *rapid.T, i int) string {
	on := rapid.SampledFrom([]string{"", ", on: red", ", on: food", ", on: mixed", ", on: rest"}).Draw(t, "on")
	when := rapid.SampledFrom([]string{"", "", ", when: {minimum: 30.00}", ", when: {weekdays: [tue]}", ", when: {weekdays: [sun]}", ", when: {tiers: [gold]}"}).Draw(t, "when")
	mode := rapid.SampledFrom([]string{"floor", "half_up", "half_even", "ceil"}).Draw(t, "mode")
	limit := rapid.SampledFrom([]string{"", ", cap: {sale: 20}", ", cap: {day: 15, over: refuse}", ", cap: {year: 40, balance: 300}", ", pending_days: 14"}).Draw(t, "rule cap")
	steps := rapid.SampledFrom([]string{"whole", "proportional"}).Draw(t, "steps")
	life := rapid.SampledFrom([]string{"", ", expiry: {days: 30}"}).Draw(t, "life")
	n := rapid.IntRange(1, 7).Draw(t, "n")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return fmt.Sprintf("  - {id: r%d, bonus: %d%s%s%s}\n", i, n, on, when, life)
	case 1:
		return fmt.Sprintf("  - {id: r%d, multiply: %s%s%s}\n", i, rapid.SampledFrom([]string{"2", "1.5", "0.333", "3"}).Draw(t, "factor"), on, when)
	case 2:
		at := rapid.SampledFrom([]string{"rule", "sale"}).Draw(t, "at")
		return fmt.Sprintf("  - {id: r%d, per: sale, rate: {points: %d}, rounding: {mode: %s, at: %s}%s%s%s%s}\n", i, n, mode, at, on, when, limit, life)
	case 3:
		at := rapid.SampledFrom([]string{"rule", "line", "sale"}).Draw(t, "at")
		return fmt.Sprintf("  - {id: r%d, per: unit, rate: {points: %d, per: 1.5}, steps: %s, rounding: {mode: %s, at: %s}%s%s%s%s}\n", i, n, steps, mode, at, on, when, limit, life)
	}
	at := rapid.SampledFrom([]string{"rule", "line", "sale"}).Draw(t, "at")
	base := rapid.SampledFrom([]string{"", ", base: {discount: before}", ", base: {tax: without}"}).Draw(t, "base")
	return fmt.Sprintf("  - {id: r%d, per: amount, rate: {points: %d, per: 1.30}, steps: %s, rounding: {mode: %s, at: %s}%s%s%s%s%s}\n", i, n, steps, mode, at, base, on, when, limit, life)
}

func genLine(t *rapid.T) Line {
	l := Line{
		SKU:      rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "sku"),
		Category: rapid.SampledFrom([]string{"", "food", "food/dairy", "tools"}).Draw(t, "category"),
		Brand:    rapid.SampledFrom([]string{"", "Acme"}).Draw(t, "brand"),
		Quantity: rapid.Int64Range(1, 5000).Draw(t, "quantity"),
		Amount:   rapid.OneOf(rapid.Int64Range(0, 5000), rapid.Just(int64(100))).Draw(t, "amount"),
		Discount: rapid.SampledFrom([]int64{0, 0, 35}).Draw(t, "discount"),
		Tax:      rapid.SampledFrom([]int64{0, 1200, 2100}).Draw(t, "tax"),
	}
	if rapid.Bool().Draw(t, "red") {
		l.Labels = []string{"red"}
	}
	return l
}

func genInput(t *rapid.T) QuoteInput {
	in := QuoteInput{Place: testPlace, Sale: Sale{Lines: rapid.SliceOfN(rapid.Custom(genLine), 1, 12).Draw(t, "lines")}}
	if rapid.IntRange(0, 9).Draw(t, "anonymous") > 0 {
		m := &MemberState{ID: 9, Tier: rapid.SampledFrom([]string{"", "gold"}).Draw(t, "tier"),
			Medium:    rapid.SampledFrom([]Medium{MediumPurse, MediumPurse, MediumNumber}).Draw(t, "medium"),
			Available: Points(rapid.Int64Range(0, 9000).Draw(t, "available"))}
		m.Lots = genLots(t)
		if rapid.Bool().Draw(t, "stands") {
			m.History = &History{Purchases: 2, Balance: Balance(m.Lots), Given: []RuleSum{{Rule: "r0", Day: 3, Year: 39}, {Rule: "r1", Day: 20, Year: 5}}}
			m.Standing = &Standing{Spend: rapid.Int64Range(0, 12_000).Draw(t, "spend"), Points: 90, Visits: 99}
		}
		in.Member = m
	}
	switch rapid.IntRange(0, 2).Draw(t, "ask") {
	case 0:
		in.Sale.Redeem = &Ask{All: true}
	case 1:
		in.Sale.Redeem = &Ask{Points: Points(rapid.Int64Range(0, 9000).Draw(t, "asked"))}
	}
	genOffers(t, &in.Sale)
	if total := totalAmount(in.Sale.Lines); total > 0 && rapid.Bool().Draw(t, "gift card") {
		in.Sale.Tenders = []Tender{{Kind: TenderGiftCard, Amount: rapid.Int64Range(1, total).Draw(t, "card amount")}}
	}
	return in
}

// genCase draws a programme and a bill that it can judge.
func genCase(t *rapid.T) (*Programme, QuoteInput) {
	p, in := genProgramme(t), genInput(t)
	fitTenders(t, p, &in)
	return p, in
}

// fitTenders keeps what a gift card paid within what the bill costs after reductions.
func fitTenders(t *rapid.T, p *Programme, in *QuoteInput) {
	given := in.Sale.Tenders
	in.Sale.Tenders = nil
	q, err := p.Quote(*in)
	if err != nil {
		t.Fatal(err)
	}
	if len(given) > 0 && q.Total > instruments(q.Reductions) {
		in.Sale.Tenders = []Tender{{Kind: given[0].Kind, Amount: min(given[0].Amount, q.Total-instruments(q.Reductions))}}
	}
	// What a card pays may earn nothing: a reward that these points were to pay then falls away, and for it another of its
	// group may pay more.
	var bad *SaleError
	if _, err := p.Quote(*in); errors.As(err, &bad) && bad.Code == SaleOverpaid {
		in.Sale.Tenders = nil
	}
}

func genLots(t *rapid.T) []Lot {
	var lots []Lot
	for i := range rapid.IntRange(0, 5).Draw(t, "lots") {
		lots = append(lots, Lot{ID: lotID(1, 1, Seq(i+1), 1), Remaining: Points(rapid.Int64Range(1, 900).Draw(t, "remaining")),
			Earned:  rapid.SampledFrom([]string{"2026-01-01", "2026-02-01"}).Draw(t, "earned"),
			Expires: rapid.SampledFrom([]string{"", "2026-11-24", "2027-01-31", "2026-11-23"}).Draw(t, "expires")})
	}
	return lots
}

func totalAmount(lines []Line) int64 {
	total := int64(0)
	for _, l := range lines {
		total += l.Amount
	}
	return total
}

func TestQuotingTwiceGivesTheSameAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		a, errA := p.Quote(in)
		b, errB := p.Quote(in)
		if !reflect.DeepEqual(a, b) || fmt.Sprint(errA) != fmt.Sprint(errB) {
			t.Fatalf("%+v %v\n%+v %v", a, errA, b, errB)
		}
	})
}

func TestTheOrderOfLinesDoesNotChangePointsOrPrices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		a, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		in.Sale.Lines = rapid.Permutation(in.Sale.Lines).Draw(t, "order")
		b, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if a.Earned != b.Earned || a.ToPay != b.ToPay || a.Redeem.Points != b.Redeem.Points || !slices.Equal(a.Why, b.Why) || !slices.Equal(a.Lots, b.Lots) {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func TestTheOrderOfRulesDoesNotChangePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head, rules, tail := genDocument(t)
		in := genInput(t)
		fitTenders(t, compileRapid(t, head+strings.Join(rules, "")+tail), &in)
		a, err := compileRapid(t, head+strings.Join(rules, "")+tail).Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		b, err := compileRapid(t, head+strings.Join(rapid.Permutation(rules).Draw(t, "order"), "")+tail).Quote(in)
		if err != nil || a.Earned != b.Earned {
			t.Fatalf("%d and %d points, %v", a.Earned, b.Earned, err)
		}
	})
}

func TestTheBreakdownAddsUpToThePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		var told, lots Points
		for _, f := range q.Why {
			if f.Applied {
				told += f.Points
			}
		}
		for _, l := range q.Lots {
			if l.Points <= 0 {
				t.Fatalf("a lot of %d", l.Points)
			}
			lots += l.Points
		}
		if told != q.Earned || lots != q.Earned || q.Earned < 0 {
			t.Fatalf("earned %d, told %d, in lots %d: %+v", q.Earned, told, lots, q.Why)
		}
	})
}

func TestARedemptionStaysWithinEveryLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		r := q.Redeem
		if r.Points == 0 {
			if r.Value != 0 {
				t.Fatalf("nothing redeemed pays %d", r.Value)
			}
			return
		}
		rule, m := p.redeem, in.Member
		worth := new(big.Int).Div(big.NewInt(int64(r.Points)*rule.value), big.NewInt(rule.points)).Int64()
		payable := q.Total
		for i, l := range q.Lines {
			if len(rule.except) > 0 && strings.HasPrefix(in.Sale.Lines[i].Category, "food") {
				payable -= l.net()
				if l.PaidByPoints != 0 {
					t.Fatalf("line %d may not be paid with points: %+v", i, l)
				}
			}
		}
		for name, broken := range map[string]bool{
			"value": r.Value != worth, "asked": r.Points > r.Asked, "max": r.Points > r.Max, "minimum": r.Points < rule.minimum,
			"step": r.Points%rule.step != 0, "keep": m.Available-r.Points < rule.keep, "available": r.Points > m.Available,
			"share": r.Value*fullShare > q.Total*rule.share, "bill": r.Value > q.Total, "due": q.Due < 0, "sets": r.Value > payable,
			"purse": m.Medium == MediumNumber && r.Points > p.noPurse,
		} {
			if broken {
				t.Fatalf("beyond %s: %+v", name, r)
			}
		}
		paid := int64(0)
		for _, l := range q.Lines {
			if l.PaidByPoints < 0 || l.PaidByPoints > l.Amount || l.Earning < 0 || l.Earning > l.Amount {
				t.Fatalf("line %+v", l)
			}
			paid += l.PaidByPoints
		}
		if paid != r.Value {
			t.Fatalf("points pay %d, the lines show %d", r.Value, paid)
		}
	})
}

func TestAskingForTheMaximumGivesTheMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		q, err := p.Quote(in)
		if err != nil || in.Member == nil {
			return
		}
		in.Sale.Redeem = &Ask{Points: q.Redeem.Max}
		if again, err := p.Quote(in); err != nil || again.Redeem.Points != q.Redeem.Max {
			t.Fatalf("max %d, asking for it gives %+v, %v", q.Redeem.Max, again.Redeem, err)
		}
	})
}

func TestPostingConservesPointsAndHeadOfficeAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := genCase(t)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if q.Due > 0 {
			in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
		}
		e, err := p.Post(q, in, testHead(77))
		if err != nil {
			t.Fatal(err)
		}
		body, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		stored, err := DecodeEntry(body)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := stored.Encode(); string(again) != string(body) {
			t.Fatalf("the stored form is not stable:\n%s\n%s", body, again)
		}
		if in.Sale.Redeem.wanted() {
			same := func(a, b Finding) bool { return a.Code == b.Code && a.Applied == b.Applied }
			if told := e.Sale.Why[len(e.Sale.Why)-len(q.Redeem.Clamps):]; !slices.EqualFunc(told, q.Redeem.Clamps, same) {
				t.Fatalf("paying changed the reasons: shown %+v, stored %+v", q.Redeem.Clamps, told)
			}
		}
		if in.Member == nil {
			if len(e.Moves) != 0 {
				t.Fatalf("nobody moved points: %+v", e.Moves)
			}
			return
		}
		before := Balance(in.Member.Lots)
		lots := Apply(in.Member.Lots, stored.Moves, in.Member.ID)
		if Balance(lots) != before+q.Earned-q.Redeem.Points-q.RewardPoints {
			t.Fatalf("balance %d after %d + %d - %d", Balance(lots), before, q.Earned, q.Redeem.Points)
		}
		if _, diffs, err := p.Requote(stored, in.Member.Tier, in.Member.Available); err != nil || len(diffs) > 0 {
			t.Fatalf("head office differs: %v %v", diffs, err)
		}
		tamper(t, p, stored, in.Member)
	})
}

// tamper changes one figure of an honest entry; head office must see it.
func tamper(t *rapid.T, p *Programme, e *Entry, m *MemberState) {
	s := e.Sale
	changes := map[string]*int64{"earned": (*int64)(&s.Earned), "redeemed": (*int64)(&s.Redeemed), "value": &s.Value, "to_pay": &s.ToPay,
		"total": &s.Total, "reduced": &s.Reduced, "reward points": (*int64)(&s.RewardPoints), "line": &s.Lines[0].Amount, "quantity": &s.Lines[0].Quantity}
	for i := range e.Moves {
		changes[fmt.Sprintf("movement %d", i)] = (*int64)(&e.Moves[i].Points)
	}
	for i := range s.Reductions {
		changes[fmt.Sprintf("reduction %d", i)] = &s.Reductions[i].Amount
	}
	for i := range sharesOf(s).Earned {
		changes[fmt.Sprintf("share %d", i)] = (*int64)(&s.Shares.Earned[i])
	}
	for i := range s.Tenders {
		changes[fmt.Sprintf("tender %d", i)] = &s.Tenders[i].Amount
	}
	for name, figure := range changes {
		for _, by := range []int64{1, -1} {
			*figure += by
			if _, diffs, err := p.Requote(e, m.Tier, m.Available); err == nil && len(diffs) == 0 {
				t.Fatalf("%s %+d was not found", name, by)
			}
			*figure -= by
		}
	}
}

func sharesOf(s *SaleBody) *Shares {
	if s.Shares == nil {
		return &Shares{}
	}
	return s.Shares
}

func TestSharesSumExactlyAndStayWithinTheirLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 30).Draw(t, "weights")
		all := sum(weights)
		total := rapid.Int64Range(0, all).Draw(t, "total")
		shares := Split(total, weights)
		if all == 0 {
			if shares != nil {
				t.Fatal("shares over nothing")
			}
			return
		}
		if sum(shares) != total {
			t.Fatalf("%v sum to %d, not %d", shares, sum(shares), total)
		}
		for i, s := range shares {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(total), big.NewInt(weights[i])), big.NewInt(all))
			off := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(s))
			if s < 0 || s > weights[i] || off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("share %d of %d is %d, exactly %s", i, weights[i], s, exact.FloatString(3))
			}
		}
	})
}

func TestLotsAgreeWithANaiveModel(t *testing.T) {
	const member = 3
	rapid.Check(t, func(t *rapid.T) {
		var lots []Lot
		balance := Points(0)
		days := []string{"2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"}
		day := 0
		for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				n := Points(rapid.Int64Range(1, 500).Draw(t, "earn"))
				lots = Apply(lots, []Movement{{From: AccountIssued, To: AccountMain(member), Points: n, Lot: lotID(1, 1, Seq(i), 1),
					Earned: days[day], Expires: rapid.SampledFrom(append(days[day:], "")).Draw(t, "expires")}}, member)
				balance += n
			case 1:
				n := Points(rapid.Int64Range(1, 500).Draw(t, "redeem"))
				moves := draw(lots, n, days[day], AccountCard(member), AccountRedeemed)
				for k := 1; k < len(moves); k++ {
					if moves[k].Lot == "" {
						break
					}
					if a, b := lotOf(lots, moves[k-1].Lot), lotOf(lots, moves[k].Lot); after(a, b) {
						t.Fatalf("lot %+v was drawn before %+v", a, b)
					}
				}
				lots = Apply(lots, moves, member)
				balance -= n
			case 2:
				day = min(day+1, len(days)-1)
				moves := Expire(member, lots, days[day])
				for _, m := range moves {
					balance -= m.Points
				}
				lots = Apply(lots, moves, member)
				if again := Expire(member, lots, days[day]); len(again) != 0 {
					t.Fatalf("expiry found more: %+v", again)
				}
			case 3: // onto the card: the points stay the member's, in their lots
				lots = Apply(lots, []Movement{{From: AccountMain(member), To: AccountCard(member), Points: 5}}, member)
			}
			if Balance(lots) != balance {
				t.Fatalf("balance %d, the model says %d: %+v", Balance(lots), balance, lots)
			}
			for _, l := range lots {
				if l.Remaining == 0 || l.Remaining < 0 && l.ID != deficitLot {
					t.Fatalf("lot %+v", l)
				}
			}
		}
	})
}

func lotOf(lots []Lot, id LotID) Lot {
	return lots[slices.IndexFunc(lots, func(l Lot) bool { return l.ID == id })]
}

// after says whether a should have been drawn after b.
func after(a, b Lot) bool {
	return a.Expires == "" && b.Expires != "" || a.Expires != "" && b.Expires != "" && a.Expires > b.Expires ||
		a.Expires == b.Expires && a.Earned > b.Earned
}
