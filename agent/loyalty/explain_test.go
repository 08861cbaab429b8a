package loyalty

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryCodeOfAFindingIsInTheTableOnce(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "explain.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, _ := strconv.Unquote(lit.Value); strings.HasPrefix(s, "explain.") {
				declared = append(declared, s)
			}
		}
		return true
	})
	codes := ExplainCodes()
	slices.Sort(declared)
	slices.Sort(codes)
	if len(declared) < 20 || !slices.Equal(declared, codes) {
		t.Errorf("declared: %v\nin the table: %v", declared, codes)
	}
}

func TestAFindingGivesItsFiguresByName(t *testing.T) {
	p := compile(t, goodHead+"earn:\n  - {id: base, per: amount, rate: {points: 1, per: 1.00}, when: {minimum: 20.00}}\n")
	q, err := p.Quote(QuoteInput{Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: 1250}}}, Place: testPlace,
		Member: &MemberState{ID: 1, Medium: MediumNumber}})
	if err != nil || len(q.Why) != 1 {
		t.Fatal(q, err)
	}
	got := map[string]Arg{}
	for _, a := range q.Why[0].Args() {
		got[a.Name] = a
	}
	if got["minimum"].Int != 2000 || got["missing"].Int != 750 || got["rule"].Text != "base" || got["missing"].Kind != ArgMoney {
		t.Errorf("got %+v", got)
	}
}
