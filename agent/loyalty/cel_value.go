package loyalty

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// celVariable is what an expression can ask; value is worked out only when it does.
type celVariable struct {
	name  string
	kind  *cel.Type
	value func(*celSale) any
}

// celVariables is all of them (docs/programme.md). Amounts are in minor units, quantities in thousandths.
func celVariables() []celVariable {
	return []celVariable{
		{"total", cel.IntType, func(s *celSale) any { return s.m.total }},
		{"lines", cel.IntType, func(s *celSale) any { return int64(len(s.m.bill.in.Sale.Lines)) }},
		{"amount", cel.MapType(cel.StringType, cel.IntType), func(s *celSale) any { return s.sums(true) }},
		{"units", cel.MapType(cel.StringType, cel.IntType), func(s *celSale) any { return s.sums(false) }},
		{"store", cel.IntType, func(s *celSale) any { return int64(s.m.store) }},
		{"day", cel.StringType, func(s *celSale) any { return s.m.day.String() }},
		{"year", cel.IntType, func(s *celSale) any { y, _, _ := s.m.day.split(); return int64(y) }},
		{"month", cel.IntType, func(s *celSale) any { _, m, _ := s.m.day.split(); return int64(m) }},
		{"day_of_month", cel.IntType, func(s *celSale) any { _, _, d := s.m.day.split(); return int64(d) }},
		{"weekday", cel.IntType, func(s *celSale) any { return int64(s.m.day.weekday()) + 1 }},
		{"minute", cel.IntType, func(s *celSale) any { return int64(s.m.minute) }},
		{"member", cel.BoolType, func(s *celSale) any { return s.m.member != 0 }},
		{"tier", cel.StringType, func(s *celSale) any { return s.m.tier }},
		{"segments", cel.ListType(cel.StringType), func(s *celSale) any { return s.m.segments }},
		{"purchases", cel.IntType, func(s *celSale) any { return max(s.m.purchase-1, 0) }},
		{"balance", cel.IntType, func(s *celSale) any {
			if s.m.past == nil {
				return int64(0)
			}
			return int64(s.m.past.Balance)
		}},
	}
}

// celSale answers the variables of one expression for one sale.
type celSale struct {
	c *condition
	m *moment
}

// ResolveName and Parent make it an activation.
func (s *celSale) ResolveName(name string) (any, bool) {
	ask, known := s.c.ask[name]
	if !known {
		return nil, false
	}
	return ask(s), true
}

func (s *celSale) Parent() cel.Activation { return nil }

// sums is what the bill has of every set that the expression names.
func (s *celSale) sums(amounts bool) map[string]int64 {
	out := make(map[string]int64, len(s.c.sets))
	for name, set := range s.c.sets {
		units, amount := s.m.bill.goods(set, s.m.left)
		if out[name] = units; amounts {
			out[name] = amount
		}
	}
	return out
}

// check says whether the expression holds. One that cannot be worked out, as when it divides by nothing, does not.
func (c *condition) check(rule string, m *moment) (Finding, bool) {
	value, _, err := c.program.Eval(&celSale{c, m})
	if err != nil {
		return Finding{Rule: rule, Code: ExplainFailed}, false
	}
	if value != types.True {
		return Finding{Rule: rule, Code: ExplainNotMet}, false
	}
	return Finding{}, true
}
