package receipt

import (
	"embed"
	"fmt"

	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// narrowest is the fewest letters in a line that the built-in templates are for.
const narrowest = 32

// Papers are the kinds of paper that templates are written for.
func Papers() []template.Paper {
	all := []template.Paper{
		{Name: Sale{}.Kind(), Fields: fieldsOf(saleFields())},
		{Name: Return{}.Kind(), Fields: fieldsOf(returnFields())},
		{Name: Coupon{}.Kind(), Fields: fieldsOf(couponFields())},
		{Name: GiftCardSlip{}.Kind(), Fields: fieldsOf(giftCardSlipFields())},
		{Name: BlankGiftCard{}.Kind(), Fields: fieldsOf(blankFields())},
		{Name: Balance{}.Kind(), Fields: fieldsOf(balanceFields())},
		{Name: Transfer{}.Kind(), Fields: fieldsOf(transferFields())},
		{Name: DayReport{}.Kind(), Fields: fieldsOf(dayFields())},
	}
	for i := range all {
		all[i].Texts = "receipt."
	}
	return all
}

// Source is the file of a built-in template, to begin one's own with.
func Source(kind string) ([]byte, error) {
	data, err := templateFiles.ReadFile("templates/" + kind + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no paper %q", kind)
	}
	return data, nil
}

// Builtin gives the product's own templates by kind. They are checked like those of a shop.
func Builtin(r *render.Renderer) (map[string]*template.Template, error) {
	all := map[string]*template.Template{}
	for _, p := range Papers() {
		data, err := Source(p.Name)
		if err != nil {
			return nil, err
		}
		shop := template.Shop{Languages: i18n.Langs(), Columns: narrowest, Renderer: r}
		if all[p.Name], err = template.Parse(p.Name+".yaml", data, Papers(), shop); err != nil {
			return nil, fmt.Errorf("built-in templates: %w", err)
		}
	}
	return all, nil
}
