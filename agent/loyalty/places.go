package loyalty

// placeID numbers the different answers to "where?" that the conditions of a programme give; anywhere asks nothing.
type placeID int32

const anywhere placeID = 0

// places finds, for a store, every place that holds it, without looking at the others.
type places struct {
	count   int
	byStore map[StoreID][]placeID
	byGroup map[string][]placeID
	groups  map[StoreID][]string // groups of a store
}

// of marks the places that hold the store; nil when no condition asks for one.
func (p *places) of(store StoreID) []bool {
	if p.count == 0 {
		return nil
	}
	here := make([]bool, p.count+1)
	for _, id := range p.byStore[store] {
		here[id] = true
	}
	for _, group := range p.groups[store] {
		for _, id := range p.byGroup[group] {
			here[id] = true
		}
	}
	return here
}

// at says whether the sale is at a place.
func (m *moment) at(where placeID) bool { return where == anywhere || m.here[where] }

// gate is what a store and a day alone say of a rule, in little memory: of ten thousand rules for other stores or days none
// is looked at itself.
type gate struct {
	from, to date
	where    placeID
	common   placeID // of the campaign
	weekdays uint8
	step     ruleKind // of a rule's explanation
}

const everyDay uint8 = 1<<7 - 1

// narrow adds a condition to a gate.
func (g *gate) narrow(w *when) {
	if w == nil {
		return
	}
	g.from = max(g.from, w.from)
	if w.to != 0 {
		g.to = min(g.to, w.to)
	}
	if w.weekdays != 0 {
		g.weekdays &= w.weekdays
	}
}

// gateOf is the gate of a rule with its campaign's condition.
func gateOf(own, common *when) gate {
	g := gate{to: 1<<31 - 1, weekdays: everyDay}
	if own != nil {
		g.where = own.where
	}
	if common != nil {
		g.common = common.where
	}
	g.narrow(own)
	g.narrow(common)
	return g
}

func (g *gate) open(m *moment) bool {
	return m.day >= g.from && m.day <= g.to && g.weekdays&m.weekday != 0 && m.at(g.where) && m.at(g.common)
}
