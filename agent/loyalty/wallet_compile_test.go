package loyalty

import (
	"strings"
	"testing"
)

func TestAFaultOfAWalletOrOfANewKindOfRuleSaysWhereAndHowToMend(t *testing.T) {
	const credit = "wallets: [{id: credit, unit: money, redeem: {}}]\n"
	rule := func(s string) string { return goodHead + credit + "earn:\n  - {id: r, " + s + "}\n" }
	for _, tc := range []struct{ name, doc, want string }{
		{"a wallet called points", goodHead + "wallets: [{id: points}]\n", "wallets[0].id: is the name of the main wallet; give it another id"},
		{"a wallet twice", goodHead + "wallets: [{id: a}, {id: a}]\n", "wallets[1].id: a is used before"},
		{"another unit", goodHead + "wallets: [{id: a, unit: euro}]\n", `wallets[0].unit: "euro" is not known`},
		{"a value of money in money", goodHead + "wallets: [{id: a, unit: money, redeem: {point_value: {points: 1, value: 0.01}}}]\n", "wallets[0].redeem.point_value: does nothing in a wallet of money"},
		{"points that are worth nothing", goodHead + "wallets: [{id: a, redeem: {}}]\n", "wallets[0].redeem.point_value: is missing"},
		{"a wallet that earns and cannot pay", goodHead + "wallets: [{id: a, earns: true}]\n", "wallets[0]: says how it pays, and cannot pay"},
		{"a third of a cent to keep", goodHead + "wallets: [{id: a, unit: money, redeem: {keep: 0.333}}]\n", `wallets[0].redeem.keep: "0.333" is not an amount`},
		{"half a point to keep", goodHead + "wallets: [{id: a, redeem: {point_value: {points: 1, value: 0.01}, keep: 0.5}}]\n", `wallets[0].redeem.keep: "0.5" is not a whole number`},
		{"a rule of a wallet that is not there", rule("wallet: gold, bonus: 5"), `earn[0].wallet: there is no wallet "gold"; known are credit`},
		{"points for a wallet of money", rule("wallet: credit, per: amount, rate: {points: 1, per: 1.00}"), "earn[0].rate.points: does nothing in a wallet of money"},
		{"money for a wallet of points", rule("per: amount, rate: {value: 0.01, per: 1.00}"), "earn[0].rate.value: does nothing in a wallet of points"},
		{"a multiplier of another wallet", goodHead + credit + "earn:\n  - {id: base, bonus: 5}\n  - {id: p, per: sale, rate: {points: 1}}\n  - {id: m, wallet: credit, multiply: 2, rules: [p]}\n", "earn[2].rules[0]: p gives to another wallet"},
		{"a rule per tender of nothing", rule("per: tender, rate: {points: 1, per: 1.00}"), "earn[0].tenders: is missing; write what is counted, such as [cash]"},
		{"a rule per tender of points", rule("per: tender, tenders: [points], rate: {points: 1, per: 1.00}"), `earn[0].tenders[0]: "points" is not a tender of the till`},
		{"tenders of a rule per amount", rule("per: amount, tenders: [cash], rate: {points: 1, per: 1.00}"), "earn[0].tenders: does nothing in this rule"},
		{"a visit with a step", rule("per: visit, rate: {points: 1, per: 1.00}"), "earn[0].rate.per: does nothing in a rule per visit"},
		{"a least of nothing", rule("bonus: 5, minimum: {}"), "earn[0].minimum: asks for nothing"},
		{"a partner of a multiplier", rule("multiply: 2, partner: acme"), "earn[0].partner: does nothing in a multiplier"},
		{"a partner that cannot be one", rule("bonus: 5, partner: Acme Ltd"), `earn[0].partner: "Acme Ltd" is not an id`},
		{"prices the wrong way round", goodHead + "sets: {a: {price: {from: 2.00, to: 1.00}}}\n", "sets.a.price.to: 1.00 is below 2.00; put the lower price first"},
		{"a price that says nothing", goodHead + "sets: {a: {price: {}}}\n", "sets.a.price: says nothing"},
	} {
		if _, err := Compile([]byte(tc.doc)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got:\n%v\nwant in it:\n%s", tc.name, err, tc.want)
		}
	}
}

func TestADocumentWithoutWalletsHasTheFormThatItHad(t *testing.T) {
	p := compile(t, goodHead+"earn: [{id: r, bonus: 5, cap: {day: 10}}]\nredeem: {point_value: {points: 1, value: 0.01}, keep: 5}\n")
	for _, want := range []string{`"bonus":5`, `"cap":{"day":10}`, `"redeem":{"point_value":{"points":1,"value":"0.01"},"step":1,"keep":5,"max_share":"100"}`} {
		if !strings.Contains(string(p.Canonical()), want) {
			t.Errorf("no %s in %s", want, p.Canonical())
		}
	}
	if strings.Contains(string(p.Canonical()), "wallet") {
		t.Errorf("got %s", p.Canonical())
	}
}
