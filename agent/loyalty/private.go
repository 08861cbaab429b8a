package loyalty

// PrivateText is a text in an entry that says who a member is, or something of the person beyond what was bought.
type PrivateText struct {
	Field string
	Text  *string
}

// Private lists them. They are stored and uploaded sealed under the key of the entry's member (docs/ledger.md, 10).
func (e *Entry) Private() []PrivateText {
	var all []PrivateText
	add := func(field string, text *string) {
		if *text != "" {
			all = append(all, PrivateText{field, text})
		}
	}
	if e.Member == 0 {
		return nil
	}
	if e.Enrol != nil {
		add("number", &e.Enrol.Number)
		add("masked", &e.Enrol.Masked)
	}
	if e.Activity != nil {
		add("proof", &e.Activity.Proof)
	}
	for _, h := range e.Told() {
		for i := range h.Attributes {
			add("attribute", &h.Attributes[i])
		}
	}
	return all
}

// Told is what the entry says that its rules were told of the member's past.
func (e *Entry) Told() []*History {
	var all []*History
	if e.Sale != nil && e.Sale.History != nil {
		all = append(all, e.Sale.History)
	}
	if e.Activity != nil && e.Activity.History != nil {
		all = append(all, e.Activity.History)
	}
	if e.Payment != nil && e.Payment.History != nil {
		all = append(all, e.Payment.History)
	}
	return all
}
