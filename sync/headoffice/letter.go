package headoffice

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/letter"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// Letterbox takes the letter that brings a member PIN and PUK, before the card hears of them. A letter stands nowhere else: what
// Put leaves behind is the only copy. It gives the place that the batch notes.
type Letterbox interface {
	Put(ctx context.Context, line int, d *escpos.Document) (place string, err error)
}

// letterOf is a member's letter, in the member's language.
func letterOf(t *template.Template, language, masked string, pin, puk Secret) *escpos.Document {
	l, _ := i18n.Parse(language)
	return letter.Letter{Lang: l, Number: masked, PIN: string(pin), PUK: string(puk)}.Lay(t).Document
}

// LetterTemplate checks a file with the chain's own letter; an empty name gives the built-in one.
func LetterTemplate(path string) (*template.Template, error) {
	if path == "" {
		return letter.Template("", nil)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, &FieldError{"letter-template", "give a file such as `headoffice card letter` prints", err}
	}
	return letter.Template(path, source)
}

// letterFolder keeps each letter in a text file that nobody else can read.
type letterFolder struct {
	dir     string
	encoder *escpos.Encoder
	paper   *escpos.Profile
}

// newLetterFolder is for letters on paper of the usual width.
func newLetterFolder(dir string) (letterFolder, error) {
	r, err := render.New()
	if err != nil {
		return letterFolder{}, err
	}
	paper, err := escpos.LoadProfile("generic-80")
	return letterFolder{dir, escpos.NewEncoder(r), paper}, err
}

func (f letterFolder) Put(_ context.Context, line int, d *escpos.Document) (string, error) {
	d.Lines = d.Lines[:len(d.Lines)-1] // a file is not cut
	text, err := f.encoder.PlainText(d, f.paper)
	if err != nil {
		return "", err
	}
	place := filepath.Join(lettersFolder, fmt.Sprintf("%06d.txt", line))
	return place, replaceFile(filepath.Join(f.dir, place), []byte(text))
}
