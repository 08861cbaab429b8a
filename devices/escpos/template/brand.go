package template

import (
	"fmt"
	"slices"
	"strings"

	"loyaltill/internal/i18n"
)

// Brand is how a shop presents itself, as written in its file.
type Brand struct {
	store, registration *text
	address, footer     []text
	LogoFile            string // a PNG beside the file; empty for none
	Dither              bool   // greys become patterns of dots; else what is darker than the middle is black
	logoAt              place
}

// In is the brand's texts in a language; an empty store means that the file gives none.
func (b *Brand) In(l i18n.Lang) (store string, address []string, registration string, footer []string) {
	one := func(t *text) string {
		if t == nil {
			return ""
		}
		var letters strings.Builder
		for _, p := range t.in(l) {
			letters.WriteString(p.letters)
		}
		return letters.String()
	}
	for i := range b.address {
		address = append(address, one(&b.address[i]))
	}
	for i := range b.footer {
		footer = append(footer, one(&b.footer[i]))
	}
	return one(b.store), address, one(b.registration), footer
}

const maxBrandLines = 10

// ParseBrand reads and checks a brand's file. The error is Faults.
func ParseBrand(file string, data []byte, shop Shop) (*Brand, error) {
	c := &critic{file: file}
	root, ok := c.read(data)
	if !ok {
		return nil, c.verdict()
	}
	if root.kind != objectNode {
		c.fault(root.at, "", "is no brand", `write store: "…" at its top`)
		return nil, c.verdict()
	}
	b := &Brand{}
	k := checker{critic: c, shop: shop}
	for i := range root.keys {
		name, n := root.keys[i].name, &root.items[i]
		switch name {
		case "store":
			b.store = k.brandText(n, name, "large") // as the built-in templates print it
		case "registration":
			b.registration = k.brandText(n, name, "normal")
		case "address":
			b.address = k.brandLines(n, name)
		case "footer":
			b.footer = k.brandLines(n, name)
		case "logo":
			if b.LogoFile, b.logoAt = n.text, n.at; !c.scalar(n, name) || strings.ContainsAny(n.text, `/\`) {
				c.fault(n.at, name, "is not the name of a file beside this one", "write a name such as logo.png")
			}
		case "dither":
			c.choice(n, name, "true", "false")
			b.Dither = n.text == "true"
		default:
			c.fault(root.keys[i].at, name, "is not known here", near(name, []string{"store", "address", "registration", "footer", "logo", "dither"}))
		}
	}
	return b, c.verdict()
}

// LogoFault places what is wrong with the logo's file where the brand names it.
func (b *Brand) LogoFault(file, problem, remedy string) Fault {
	return Fault{File: file, Line: b.logoAt.line, Column: b.logoAt.column, Field: "logo", Problem: problem, Remedy: remedy}
}

func (k *checker) brandLines(n *node, name string) (all []text) {
	items := []node{*n}
	if n.kind == listNode {
		items = n.items
	}
	if len(items) > maxBrandLines {
		k.fault(n.at, name, fmt.Sprintf("has %d lines", len(items)), fmt.Sprintf("keep it within %d", maxBrandLines))
		return nil
	}
	for i := range items {
		if t := k.brandText(&items[i], name, "normal"); t != nil {
			all = append(all, *t)
		}
	}
	return all
}

// brandText is letters alone, for all languages or for each.
func (k *checker) brandText(n *node, name, size string) *text {
	t, ok := k.critic.text(n, name)
	if !ok {
		return nil
	}
	b := block{kind: name}
	if size == "large" {
		b.style.Width = 2
	}
	if t.say != "" {
		k.fault(n.at, name, "is the product's text", "write the store's own")
		return nil
	}
	_, forAll := t.own[""]
	for _, l := range k.shop.Languages {
		if _, there := t.own[l]; !there && !forAll {
			k.fault(n.at, name, "has no text for "+string(l), "add it, or take the language out of paper.languages")
		}
	}
	for _, parts := range t.own {
		if slices.ContainsFunc(parts, func(p part) bool { return p.field != "" }) {
			k.fault(n.at, name, "names a field", "write letters only; figures stand in the templates")
			continue
		}
		for _, p := range parts {
			k.letters(&b, n.at, p.letters)
		}
	}
	return &t
}
