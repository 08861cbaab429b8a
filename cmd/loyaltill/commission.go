package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"loyaltill/agent/setup"
	"loyaltill/devices"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/commission"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/printer"
	"loyaltill/internal/i18n"
)

type printerCommissionCommand struct {
	Device   string        `help:"The printer: a serial device, tcp:HOST:9100, or file:PATH." required:""`
	Profile  string        `help:"What is known of it: the id of a profile, or its file." required:""`
	Profiles string        `help:"Folder of the store's own profiles." type:"existingdir"`
	Out      string        `help:"File for the profile; without it ID.toml in this folder." type:"path"`
	Baud     int           `help:"Speed of the serial line; without it the profile's."`
	OneWay   bool          `help:"The printer never answers: do not wait for it."`
	Wait     time.Duration `help:"How long to wait for the printer and for its paper." default:"2m"`
}

// Run prints the ticket and asks; the file is written once everything is answered.
func (c *printerCommissionCommand) Run(ctx context.Context, s streams) error {
	return c.run(ctx, s, os.Stdin)
}

func (c *printerCommissionCommand) run(ctx context.Context, s streams, in io.Reader) error {
	given, err := escpos.FindProfile(c.Profile, c.Profiles)
	if err != nil {
		return err
	}
	out := c.Out
	if out == "" {
		out = given.ID + ".toml"
	}
	if _, err := os.Stat(out); err == nil && out != c.Profile {
		return fmt.Errorf("%s is there already; name another file with --out", out)
	}
	ticket, heard, err := c.print(ctx, s, given)
	if err != nil {
		return err
	}
	answers, err := ask(ticket.Questions, s, in)
	if err != nil {
		return err
	}
	p, err := ticket.Apply(heard, answers)
	if err != nil {
		return err
	}
	text, err := p.File()
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, text, 0o644); err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	fmt.Fprintf(s.out, "%s: %s, %s, tells %s\n", out, p.Revision(), abilities(p), tells(p))
	return nil
}

type printerTicketCommand struct {
	Profile  string `help:"What is known of the printer: the id of a profile, or its file." required:""`
	Profiles string `help:"Folder of the store's own profiles." type:"existingdir"`
	Out      string `short:"o" help:"PNG to write; without it the questions." type:"path"`
}

// Run draws the ticket for a printer that answers, as commission does before it has heard what the printer calls itself.
func (c *printerTicketCommand) Run(s streams) error {
	given, err := escpos.FindProfile(c.Profile, c.Profiles)
	if err != nil {
		return err
	}
	ticket := commission.New(given, commission.Heard{Answers: true})
	if c.Out == "" {
		for _, q := range ticket.Questions {
			fmt.Fprintln(s.out, q.Text)
		}
		return nil
	}
	renderer, err := render.New()
	if err != nil {
		return err
	}
	preview, err := escpos.NewEncoder(renderer).Preview(ticket.Document, ticket.Profile)
	if err != nil {
		return err
	}
	png, err := preview.Paper.PNG()
	if err != nil {
		return err
	}
	return os.WriteFile(c.Out, png, 0o644)
}

// tells is what a printed job will be called at most.
func tells(p *escpos.Profile) printer.Level {
	switch {
	case p.Status.ProcessID:
		return printer.LevelPrinted
	case p.Status.GSR:
		return printer.LevelProcessed
	case p.Status.DLEEOT:
		return printer.LevelStatus
	default:
		return printer.LevelOneWay
	}
}

// print reaches the printer, prints the ticket and tells what the printer said meanwhile.
func (c *printerCommissionCommand) print(ctx context.Context, s streams, given *escpos.Profile) (t *commission.Ticket, heard commission.Heard, err error) {
	heard.Answers = !c.OneWay && !strings.HasPrefix(c.Device, "file:")
	renderer, err := render.New()
	if err != nil {
		return nil, heard, err
	}
	press := setup.Press{Device: c.Device, Baud: c.Baud, Wait: c.Wait, Now: time.Now, Say: func(code devices.Code) { fmt.Fprintln(s.err, sentence(code)) }}
	err = press.With(ctx, commission.New(given, heard).Profile, func(ctx context.Context, pr *printer.Printer, st printer.Status) error {
		heard.Model, heard.PaperLow, heard.Baud = st.Model, st.PaperLow, st.Baud
		t = commission.New(given, heard)
		job, err := escpos.NewEncoder(renderer).Encode(t.Document, t.Profile, 1)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "printing %d bytes on %s\n", job.Size(), c.Device)
		result, err := pr.Print(ctx, job, func(printer.Progress) error { return nil })
		switch {
		case err != nil:
			return err
		case result.Outcome != printer.Confirmed && result.Outcome != printer.Sent:
			return fmt.Errorf("the ticket was not printed (%s, %s); see to the printer and begin again", result.Outcome, result.Cause)
		}
		heard.Printed = result.Outcome == printer.Confirmed && result.Level == printer.LevelPrinted
		heard.Processed = result.Level == printer.LevelProcessed
		told := pr.Status().Heard
		heard.ASB, heard.Cleared = told.ASB, told.Cleared
		return nil
	})
	return t, heard, c.explained(err, given)
}

// explained says in words what kept a printer from being ready.
func (c *printerCommissionCommand) explained(err error, given *escpos.Profile) error {
	var unready *setup.UnreadyError
	if !errors.As(err, &unready) {
		return err
	}
	switch {
	case unready.Err != nil:
		return fmt.Errorf("%s: the printer was not ready within %s: %w", c.Device, c.Wait, unready.Err)
	case unready.Code == printer.CodeSilent || unready.Code == printer.CodeWrongSpeed || unready.Code == printer.CodeBadDevice:
		return fmt.Errorf("no printer answers at %s: it is none, or its speed is neither %d nor a usual one; set it with --baud, or take --one-way for a printer that never answers",
			c.Device, cmp.Or(c.Baud, given.IO.Baud))
	}
	return fmt.Errorf("%s: %s", c.Device, sentence(unready.Code))
}

// sentence is what a cashier would read.
func sentence(code devices.Code) string { return i18n.Text(i18n.English, "cashier."+string(code), nil) }

// maxAsked is how often a question is put to somebody who answers neither yes nor no.
const maxAsked = 3

// ask puts the questions and takes a line for each.
func ask(questions []commission.Question, s streams, in io.Reader) ([]bool, error) {
	lines := bufio.NewScanner(in)
	answers := make([]bool, len(questions))
	for i, q := range questions {
		if q.Expect != "" {
			fmt.Fprintf(s.out, "   %s\n", q.Expect)
		}
		answered := false
		for n := 0; n < maxAsked && !answered; n++ {
			fmt.Fprintf(s.out, "%d. %s [y/n] ", q.Number, q.Text)
			if !lines.Scan() {
				return nil, errors.Join(fmt.Errorf("question %d was not answered; nothing is written", q.Number), lines.Err())
			}
			switch strings.ToLower(strings.TrimSpace(lines.Text())) {
			case "y", "yes":
				answers[i], answered = true, true
			case "n", "no":
				answered = true
			}
		}
		if !answered {
			return nil, fmt.Errorf("question %d wants y or n; nothing is written", q.Number)
		}
	}
	return answers, nil
}
