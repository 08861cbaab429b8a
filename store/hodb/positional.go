package hodb

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// texts are queries as SQLite takes them fastest: with parameters by place alone. One with a number ($1) has a name there, and
// binding looks through the names of all parameters for each. The zero value is ready.
type texts struct {
	mu  sync.Mutex
	all map[string]positional // by query; queries are constants, so this is bounded
}

// positional is a query with ? for each parameter, and which argument each takes, from 0; nil: one after the other.
type positional struct {
	text  string
	order []int
}

// positional gives a query and its arguments by place.
func (t *texts) positional(query string, args []any) (string, []any) {
	t.mu.Lock()
	p, known := t.all[query]
	if !known {
		p = unnumbered(query)
		if t.all == nil {
			t.all = map[string]positional{}
		}
		t.all[query] = p
	}
	t.mu.Unlock()
	if p.order == nil {
		return p.text, args
	}
	if len(args) <= slices.Max(p.order) {
		return query, args // SQLite says what is missing
	}
	placed := make([]any, len(p.order))
	for i, n := range p.order {
		placed[i] = args[n]
	}
	return p.text, placed
}

// unnumbered replaces $1 by ? wherever it stands outside of quotes.
func unnumbered(query string) positional {
	var text strings.Builder
	var order []int
	quoted := false
	for i := 0; i < len(query); i++ {
		quoted = quoted != (query[i] == '\'')
		digits := 0
		for !quoted && query[i] == '$' && i+1+digits < len(query) && '0' <= query[i+1+digits] && query[i+1+digits] <= '9' {
			digits++
		}
		if digits == 0 {
			text.WriteByte(query[i])
			continue
		}
		n, err := strconv.Atoi(query[i+1 : i+1+digits])
		if err != nil || n == 0 {
			return positional{text: query} // SQLite says what is wrong with it
		}
		text.WriteByte('?')
		order = append(order, n-1)
		i += digits
	}
	if inPlace(order) {
		order = nil
	}
	return positional{text.String(), order}
}

// inPlace says whether every parameter takes the argument of its own place.
func inPlace(order []int) bool {
	for place, n := range order {
		if place != n {
			return false
		}
	}
	return true
}
