package escpos

import (
	"errors"
	"fmt"
)

// plannedBlock is a block whose rows have their routes.
type plannedBlock struct {
	block
	routes []decision // one for each row
}

// plan checks, lays out and decides, so that everything that can be refused is
// refused before the first byte.
func (e *Encoder) plan(d *Document, p *Profile) ([]plannedBlock, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	blocks, err := e.decide(d, p)
	var refused *RefusedError
	if !errors.As(err, &refused) || !p.Letters.Transliterate {
		return blocks, err
	}
	latin, err := e.decide(transliterated(d, p), p)
	if err != nil {
		return nil, refused // also its Latin form: the lines are counted as they came
	}
	return latin, nil
}

func (e *Encoder) decide(d *Document, p *Profile) ([]plannedBlock, error) {
	l := layout{renderer: e.renderer, columns: p.Paper.Columns(), base: d.direction()}
	blocks := l.blocks(d)
	rt := newRouter(p, e, blocks)
	refused := &RefusedError{Profile: p.ID}
	out := make([]plannedBlock, len(blocks))
	for i, b := range blocks {
		out[i].block = b
		if err := b.line.fits(p); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		for _, r := range b.rows {
			route, err := rt.decide(r, b.line.Via)
			var bad unprintable
			switch {
			case errors.As(err, &bad):
				refused.add(i+1, bad)
			case err != nil:
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			out[i].routes = append(out[i].routes, route)
		}
	}
	if refused.Characters != nil {
		return nil, refused
	}
	return out, nil
}
