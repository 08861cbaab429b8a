package agent

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/receipt"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// PreviewRequest asks what a paper would look like. Nothing is printed and nothing booked.
type PreviewRequest struct {
	Paper    string          `json:"paper" doc:"kind of paper, as GET /v1/paper/templates lists them"`
	Template string          `json:"template,omitempty" maxLength:"65536" doc:"YAML of a template to try; left out: the one in force"`
	Language string          `json:"language,omitempty" doc:"left out: the store's"`
	Profile  string          `json:"profile,omitempty" doc:"printer profile; left out: that of the first lane with a printer"`
	Columns  int             `json:"columns,omitempty" minimum:"32" maximum:"64" doc:"letters in a line, for paper of another width"`
	Values   template.Values `json:"values,omitempty" doc:"figures by field name; left out: an example that shows everything"`
	Copy     int             `json:"copy,omitempty" minimum:"0" maximum:"99" doc:"2 and more: marked as that copy"`
	Training bool            `json:"training,omitempty"`
}

// PaperPreview is a paper as the printer would leave it.
type PaperPreview struct {
	PNG   []byte        `json:"png" doc:"the paper dot for dot, base64"`
	Text  string        `json:"text" doc:"the same on the grid of letters, right-to-left lines in reading order"`
	Lines []PreviewLine `json:"lines" doc:"from top to bottom"`
}

// PreviewLine is one element of the paper.
type PreviewLine struct {
	Kind      string `json:"kind"`
	PrintedAs string `json:"printed_as,omitempty" doc:"text, text page N, downloaded glyphs or graphics; empty for what has no letters"`
	Template  int    `json:"template,omitempty" doc:"line of the template that made it; 0 for what every paper has"`
}

// Previewer draws papers for a shop, without an agent.
type Previewer struct {
	Encoder *escpos.Encoder
	Folder  *PaperFolder
	Shop    template.Shop
	Store   string // name, for a folder that says none
	Profile string // when none is asked for
	Find    func(profile string) (*escpos.Profile, error)
}

// PreviewError is a part of a request that cannot be, with the reason.
type PreviewError struct{ Field, Problem string }

func (e *PreviewError) Error() string { return e.Field + ": " + e.Problem }

// Preview lays a paper out and draws it. Faults of a template are template.Faults.
func (p *Previewer) Preview(r PreviewRequest) (*PaperPreview, error) {
	lang, err := p.language(r.Language)
	if err != nil {
		return nil, err
	}
	profile, err := p.profile(r)
	if err != nil {
		return nil, err
	}
	printed, err := p.lay(r, lang)
	if err != nil {
		return nil, err
	}
	drawn, err := p.Encoder.Preview(printed.Document, profile)
	if err != nil {
		return nil, &PreviewError{"values", err.Error()}
	}
	out := &PaperPreview{}
	if out.PNG, err = drawn.Paper.PNG(); err != nil {
		return nil, err
	}
	if out.Text, err = p.Encoder.PlainText(printed.Document, profile); err != nil {
		return nil, err
	}
	for i, l := range printed.Document.Lines {
		out.Lines = append(out.Lines, PreviewLine{Kind: string(l.Kind), PrintedAs: drawn.Routes[i], Template: printed.From[i]})
	}
	return out, nil
}

func (p *Previewer) language(asked string) (i18n.Lang, error) {
	if asked == "" {
		return p.Shop.Languages[0], nil
	}
	l, ok := i18n.Parse(asked)
	if !ok {
		return l, &PreviewError{"language", fmt.Sprintf("%q is not one of en, lv, pl, et, fa, hy", asked)}
	}
	return l, nil
}

func (p *Previewer) profile(r PreviewRequest) (*escpos.Profile, error) {
	name := r.Profile
	if name == "" {
		name = p.Profile
	}
	profile, err := p.Find(name)
	if err != nil {
		return nil, &PreviewError{"profile", err.Error()}
	}
	if r.Columns > 0 {
		other := *profile
		other.Paper.WidthDots = (r.Columns*render.CellWidth + 7) / 8 * 8
		profile = &other
	}
	return profile, nil
}

// lay chooses template and figures: the ones given, else those of the shop and of the example.
func (p *Previewer) lay(r PreviewRequest, lang i18n.Lang) (*template.Printed, error) {
	content := receipt.Example(r.Paper, lang)
	if content == nil {
		return nil, &PreviewError{"paper", fmt.Sprintf("%q is not one of %v", r.Paper, PaperKinds())}
	}
	head := content.Head()
	if p.Store != "" || p.Folder.branded { // else the example's shop
		head.Brand = p.Folder.Brand(lang, cmp.Or(p.Store, head.Brand.Store))
	}
	head.Copy, head.Training = r.Copy, r.Training
	if r.Copy > 1 {
		head.Reason = receipt.CopyRequested
	}
	t := p.Folder.templates[r.Paper]
	if r.Template != "" {
		var err error
		if t, err = template.Parse("template", []byte(r.Template), receipt.Papers(), p.Shop); err != nil {
			return nil, err
		}
		if t.Kind() != r.Paper {
			return nil, &PreviewError{"paper", fmt.Sprintf("the template is one of %s", t.Kind())}
		}
	}
	if r.Values == nil {
		return receipt.Lay(content, t), nil
	}
	values, err := t.Read(r.Values)
	if err != nil {
		return nil, &PreviewError{"values", err.Error()}
	}
	return receipt.LayValues(content, t, values), nil
}

// PaperKinds are the kinds of paper with templates.
func PaperKinds() (names []string) {
	for _, p := range receipt.Papers() {
		names = append(names, p.Name)
	}
	return names
}

// PaperTemplate is one kind of paper and where its template comes from.
type PaperTemplate struct {
	Paper string `json:"paper"`
	File  string `json:"file,omitempty" doc:"of the store's folder; absent for the built-in one"`
}

// Source says in words where a template comes from.
func (t PaperTemplate) Source() string { return cmp.Or(t.File, "built-in") }

// Templates are the folder's templates, and the built-in ones of the papers that it has none of.
func (f *PaperFolder) Templates() []PaperTemplate {
	var all []PaperTemplate
	for _, kind := range PaperKinds() {
		all = append(all, PaperTemplate{kind, f.own[kind]})
	}
	return all
}

// Templates are the templates in force.
func (a *Agent) Templates() []PaperTemplate { return a.papers.folder().Templates() }

// Preview draws a paper as this store would print it.
func (a *Agent) Preview(r PreviewRequest) (*PaperPreview, error) {
	p := Previewer{
		Encoder: a.encoder, Folder: a.papers.folder(), Shop: a.papers.shop, Store: a.identity.Name, Profile: usualProfile,
		Find: func(name string) (*escpos.Profile, error) { return escpos.FindProfile(name, a.cfg.Printers.Profiles) },
	}
	if r.Language == "" {
		r.Language = string(a.paperLanguage())
	}
	if i := slices.IndexFunc(a.lanes, func(l *lane) bool { return l.queue != nil }); i >= 0 {
		p.Profile = a.lanes[i].queue.profile.ID
	}
	out, err := p.Preview(r)
	var faults template.Faults
	var wrong *PreviewError
	switch {
	case errors.As(err, &faults):
		refusal := refuse(CodeTemplateRefused, err)
		for _, f := range faults {
			refusal.Faults = append(refusal.Faults, f.Error())
		}
		return nil, refusal
	case errors.As(err, &wrong):
		return nil, &Refusal{Code: CodeFieldInvalid, Field: wrong.Field, cause: err}
	}
	return out, err
}

// usualProfile is what a shop without printers is shown paper of.
const usualProfile = "epson-tm-t20iii-80"
