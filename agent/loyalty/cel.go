package loyalty

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Limits of one expression. What it may cost is counted in CEL's own unit, some tens of nanoseconds each.
const (
	maxExpression     = 1000 // bytes
	maxExpressionCost = 2000
)

// expression is a condition written in CEL. The reader remembers where its text begins.
type expression string

// condition is a compiled expression: whole numbers, texts, truth and lists of them, no clock and no floating point, so that
// every machine gets the same answer at the same cost.
type condition struct {
	program cel.Program
	ask     map[string]func(*celSale) any // the variables
	sets    map[string]setID              // named in amount["..."] and units["..."]
	past    bool                          // asks of the member's past
}

// celEnvironment knows the variables of celVariables, and of CEL's library what works on them.
func celEnvironment() (*cel.Env, map[string]func(*celSale) any, error) {
	options, ask := []cel.EnvOption{cel.ParserRecursionLimit(maxNesting)}, map[string]func(*celSale) any{}
	for _, v := range celVariables() {
		options = append(options, cel.Variable(v.name, v.kind))
		ask[v.name] = v.value
	}
	env, err := cel.NewEnv(options...)
	return env, ask, err
}

// compileCEL reads the expression of a condition; nil when there is none.
func (c *compiler) compileCEL(path string, def *expression) *condition {
	text := string(*def)
	if text == "" {
		return nil
	}
	if strings.TrimSpace(text) == "" || len(text) > maxExpression || !cleanText(text) {
		c.fault(path, "is empty, too long or has control characters", fmt.Sprintf("write 1 to %d bytes", maxExpression))
		return nil
	}
	if c.env == nil {
		var err error
		if c.env, c.ask, err = celEnvironment(); err != nil {
			c.fault(path, "cannot be read: "+err.Error(), "report this: it is a fault of the engine")
			return nil
		}
	}
	tree, issues := c.env.Compile(text)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			c.faultIn(path, place{e.Location.Line(), e.Location.Column()}, e.Message, "")
		}
		return nil
	}
	if tree.OutputType() != cel.BoolType {
		c.fault(path, fmt.Sprintf("gives %s", tree.OutputType()), "compare it with something, so that it is true or false")
		return nil
	}
	return c.checkedCEL(path, tree)
}

// checkedCEL refuses what could differ from one machine to another or cost too much.
func (c *compiler) checkedCEL(path string, tree *cel.Ast) *condition {
	w := celWalk{compiler: c, path: path, native: tree.NativeRep(), out: &condition{ask: c.ask, sets: map[string]setID{}}}
	faults := len(c.errs)
	ast.PostOrderVisit(w.native.Expr(), ast.NewExprVisitor(w.visit))
	if w.maps != w.indexed {
		c.fault(path, "uses amount or units as a whole", `write a set's name in quotes: amount["fresh"]`)
	}
	if len(c.errs) > faults {
		return nil
	}
	estimate, err := c.env.EstimateCost(tree, celSizes{})
	if err != nil || estimate.Max > maxExpressionCost {
		c.fault(path, fmt.Sprintf("may cost %d", estimate.Max), fmt.Sprintf("make it simpler: %d is the most", maxExpressionCost))
		return nil
	}
	if w.out.program, err = c.env.Program(tree, cel.CostLimit(maxExpressionCost), cel.EvalOptions(cel.OptOptimize)); err != nil {
		c.fault(path, "cannot be planned: "+err.Error(), "")
		return nil
	}
	return w.out
}

// asksPast says whether the expression asks of the member's past.
func (c *condition) asksPast() bool { return c != nil && c.past }

// celWalk looks at every part of an expression.
type celWalk struct {
	*compiler
	path          string
	native        *ast.AST
	out           *condition
	maps, indexed int // uses of amount and units; those with a set's name
}

func (w *celWalk) visit(e ast.Expr) {
	if kind := w.native.GetType(e.ID()); !celTakes(kind) {
		w.faultIn(w.path, w.at(e), fmt.Sprintf("%s is not taken", kind), "use whole numbers, amounts in minor units, texts and lists")
	}
	switch e.Kind() {
	case ast.IdentKind:
		switch e.AsIdent() {
		case "amount", "units":
			w.maps++
		case "purchases", "balance", "segments":
			w.out.past = true
		}
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == operators.Index {
			w.index(e, call.Args())
		}
	}
}

// index resolves amount["fresh"].
func (w *celWalk) index(e ast.Expr, args []ast.Expr) {
	if args[0].Kind() != ast.IdentKind || !slices.Contains([]string{"amount", "units"}, args[0].AsIdent()) || args[1].Kind() != ast.LiteralKind {
		return
	}
	name, _ := args[1].AsLiteral().Value().(string)
	id, ok := w.sets[name]
	if !ok {
		w.faultIn(w.path, w.at(args[1]), fmt.Sprintf("there is no set %q", name), didYouMean(name, w.setNames()))
	}
	w.indexed++
	w.out.sets[name] = id
}

func (w *celWalk) at(e ast.Expr) place {
	l := w.native.SourceInfo().GetStartLocation(e.ID())
	return place{l.Line(), l.Column()}
}

// celTakes says whether values of a type are the same everywhere.
func celTakes(t *types.Type) bool {
	switch t.Kind() {
	case types.BoolKind, types.IntKind, types.StringKind:
		return true
	case types.ListKind:
		return celTakes(t.Parameters()[0])
	case types.MapKind:
		return celTakes(t.Parameters()[0]) && celTakes(t.Parameters()[1])
	}
	return false
}

// celSizes is how large variables can be.
type celSizes struct{}

func (celSizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	size := cost.RangedSizeEstimate(0, maxMark)
	if len(path) == 1 && path[0] == "segments" {
		size = cost.RangedSizeEstimate(0, MaxSegments)
	}
	return &size
}

func (celSizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
