package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/letter"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/printer"
	"loyaltill/internal/i18n"
	"loyaltill/sync/headoffice"
)

// errNoLetter is a letter that is not known to be on paper. Its card was not made: no card is without its letter.
var errNoLetter = errors.New("the letter is not on paper")

// letterPrinter prints letters as they come. It keeps nothing: a letter that failed is never printed again, the next try has
// another PIN.
type letterPrinter struct {
	printer *printer.Printer
	profile *escpos.Profile
	encoder *escpos.Encoder
	sent    int
}

func newLetterPrinter(device, profile string, log zerolog.Logger) (*letterPrinter, error) {
	p, err := escpos.FindProfile(profile, "")
	if err != nil {
		return nil, &headoffice.FieldError{Field: "letter-profile", Remedy: "name a printer profile or its file", Err: err}
	}
	r, err := render.New()
	if err != nil {
		return nil, err
	}
	config := printer.Config{Name: "letters", Device: device, Profile: p}
	return &letterPrinter{printer: printer.New(config, log, time.Now), profile: p, encoder: escpos.NewEncoder(r)}, nil
}

// Put prints a letter and waits until the printer says that it is on paper, where it can say so.
func (l *letterPrinter) Put(ctx context.Context, _ int, d *escpos.Document) (string, error) {
	l.sent++
	job, err := l.encoder.Encode(d, l.profile, escpos.JobNo(l.sent%escpos.JobNumbers))
	if err != nil {
		return "", fmt.Errorf("letter: %w", err)
	}
	result, err := l.printer.Print(ctx, job, func(printer.Progress) error { return nil })
	if err != nil {
		return "", err
	}
	if result.Outcome != printer.Confirmed && result.Outcome != printer.Sent {
		return "", fmt.Errorf("%w: %s %s", errNoLetter, result.Outcome, result.Cause)
	}
	return "printed", nil
}

type cardLetterCmd struct {
	Lang     string `help:"Show a letter of nobody in this language instead of the template."`
	Template string `placeholder:"FILE" help:"The chain's own template, to check it."`
	Profile  string `placeholder:"NAME" default:"generic-80" help:"Printer profile to show it for."`
	Out      string `short:"o" placeholder:"FILE" help:"PNG to write, dot for dot as the printer prints it; without it the text."`
}

// Run prints the built-in template, to begin one's own with, or a letter with a PIN of nobody.
func (cmd *cardLetterCmd) Run(c *console) error {
	t, err := headoffice.LetterTemplate(cmd.Template)
	if err != nil {
		return err
	}
	if cmd.Lang == "" {
		if cmd.Template == "" {
			_, err = c.out.Write(letter.Source())
		}
		return err
	}
	l, ok := i18n.Parse(cmd.Lang)
	if !ok {
		return &headoffice.FieldError{Field: "lang", Remedy: "give en, lv, pl, et, fa or hy", Err: fmt.Errorf("%q", cmd.Lang)}
	}
	return cmd.show(c, letter.Example(l).Lay(t).Document)
}

// show writes a letter as text, or draws it.
func (cmd *cardLetterCmd) show(c *console, d *escpos.Document) error {
	r, err := render.New()
	if err != nil {
		return err
	}
	paper, err := escpos.FindProfile(cmd.Profile, "")
	if err != nil {
		return &headoffice.FieldError{Field: "profile", Remedy: "name a printer profile or its file", Err: err}
	}
	if cmd.Out == "" {
		text, err := escpos.NewEncoder(r).PlainText(d, paper)
		if err == nil {
			_, err = fmt.Fprint(c.out, text)
		}
		return err
	}
	drawn, err := escpos.NewEncoder(r).Preview(d, paper)
	if err != nil {
		return err
	}
	png, err := drawn.Paper.PNG()
	if err != nil {
		return err
	}
	return os.WriteFile(cmd.Out, png, 0o644)
}
