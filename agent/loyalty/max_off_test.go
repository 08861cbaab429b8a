package loyalty

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReductionsTogetherStayWithinTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head, rules, tail := genDocument(t)
		tail = strings.Replace(tail, "stacking: {", "stacking: {max_amount: 9.00, max_share: 30, max_line_share: 40, ", 1)
		p, in := compileRapid(t, head+strings.Join(rules, "")+tail), genInput(t)
		fitTenders(t, p, &in)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		all := totalAmount(in.Sale.Lines)
		if q.Reduced > 900 || q.Reduced*100 > all*30 {
			t.Fatalf("%d off a bill of %d: %+v", q.Reduced, all, q.Reductions)
		}
		off := int64(0)
		for i, l := range q.Lines {
			if off += l.Reduced; l.Reduced*100 > l.Amount*40 {
				t.Fatalf("line %d: %+v", i, l)
			}
		}
		if off != q.Reduced {
			t.Fatalf("lines %d, in all %d", off, q.Reduced)
		}
	})
}
