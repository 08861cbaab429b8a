package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/reader"
	"loyaltill/sync/headoffice"
)

type cardPersonaliseCmd struct {
	home
	List            string `arg:"" help:"Comma-separated text; its first line names the columns: number, and if need be member, language, tier. A row without a member enters a new one."`
	Reader          string `xor:"reader" required:"" placeholder:"NAME" help:"Regular expression for the name of the PC/SC reader."`
	Link            string `xor:"reader" required:"" placeholder:"HOST:PORT" help:"Loopback address on which simulated cards call in, instead of a reader."`
	TransportKeys   string `required:"" placeholder:"FILE" help:"Keys that came with the blanks: JSON with version, enc, mac, dek."`
	PinAtTill       bool   `name:"pin-at-till" help:"Set no PIN: the member chooses it at the till. Letters then hold the PUK alone."`
	ValidThrough    string `placeholder:"DATE" help:"Last day of the certificates; five years if not given."`
	PlainVerify     bool   `help:"Let a pinpad check the PIN outside the session, on contact."`
	NoPINSingle     uint32 `name:"no-pin-single" placeholder:"POINTS" help:"What one debit may take without the PIN."`
	NoPINCumulative uint32 `name:"no-pin-cumulative" placeholder:"POINTS" help:"What all debits since the last PIN may take without it."`
	LetterPrinter   string `placeholder:"DEVICE" help:"Print each letter on this receipt printer (tcp:HOST:9100, a serial device, file:PATH) before its card is made; no letter is kept."`
	LetterProfile   string `placeholder:"NAME" default:"generic-80" help:"Profile of that printer."`
	LetterTemplate  string `placeholder:"FILE" help:"The chain's own letter; see card letter."`
	DryRun          bool   `help:"Check list, folder, keys, reader, and one blank; make nothing."`
	Out             string `required:"" placeholder:"DIR" help:"The batch's folder: a file for each card, and the letters. It must be this list's own."`
}

const (
	maxList = 8 << 20
	// cardLimit bounds the work on one card: a dozen commands and a few writes. It also lets a card be finished that an
	// interrupt found half made.
	cardLimit = 30 * time.Second
)

func (cmd *cardPersonaliseCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	letters, err := cmd.letters(c)
	if err != nil {
		return err
	}
	batch, err := cmd.open(ctx, m, letters)
	var faults loyalty.Errors
	if errors.As(err, &faults) {
		return located(cmd.List, "the list has faults, no card was made", faults)
	}
	if err != nil {
		return err
	}
	d := &desk{console: c, batch: batch, dry: cmd.DryRun, selector: reader.Selector{Name: cmd.Reader, Link: cmd.Link}}
	if letters == nil {
		return d.run(ctx)
	}
	d.letters = true
	return d.withPrinter(ctx, letters)
}

// letters is the printer that was asked for, or nil.
func (cmd *cardPersonaliseCmd) letters(c *console) (*letterPrinter, error) {
	if cmd.LetterPrinter == "" {
		return nil, nil
	}
	return newLetterPrinter(cmd.LetterPrinter, cmd.LetterProfile, zerolog.New(c.err).With().Timestamp().Logger())
}

func (cmd *cardPersonaliseCmd) open(ctx context.Context, m headoffice.Manager, letters *letterPrinter) (*headoffice.Batch, error) {
	options := headoffice.BatchOptions{PINAtTill: cmd.PinAtTill, PlainVerify: cmd.PlainVerify,
		NoPINSingle: cmd.NoPINSingle, NoPINCumulative: cmd.NoPINCumulative}
	if letters != nil { // else a file for each
		options.Letters = letters
	}
	var err error
	if options.Letter, err = headoffice.LetterTemplate(cmd.LetterTemplate); err != nil {
		return nil, err
	}
	until, err := dayFlag("valid-through", cmd.ValidThrough)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		options.LastDay = card.DayOf(until)
	}
	if options.Transport, err = headoffice.ReadTransportKeys(cmd.TransportKeys); err != nil {
		return nil, err
	}
	list, err := readFile("list", cmd.List, "a list of cards", maxList)
	if err != nil {
		return nil, err
	}
	return m.OpenBatch(ctx, cmd.Out, list, options)
}

// desk is one reader with somebody in front of it who puts blanks in.
type desk struct {
	*console
	batch    *headoffice.Batch
	dry      bool
	selector reader.Selector
	bar      *progressbar.ProgressBar
	letters  bool // are printed
	again    bool // the card in the reader could not be reached: another program had it, or it was not powered yet
}

// withPrinter runs the desk while a printer prints the letters.
func (d *desk) withPrinter(ctx context.Context, letters *letterPrinter) error {
	printing, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- letters.printer.Run(printing) }()
	err := d.run(ctx)
	stop()
	if stopped := <-ended; !errors.Is(stopped, context.Canceled) {
		err = errors.Join(err, stopped)
	}
	return err
}

func (d *desk) run(ctx context.Context) (err error) {
	service := reader.NewService(zerolog.New(d.err).With().Timestamp().Logger(), time.Now)
	from, err := service.Reader(d.selector)
	if err != nil {
		return &headoffice.FieldError{Field: "reader", Remedy: "give a regular expression for one reader's name, or a loopback address", Err: err}
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- service.Run(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	done, all := d.batch.Count()
	d.bar = progressbar.NewOptions(all, progressbar.OptionSetWriter(d.err), progressbar.OptionSetDescription("cards"),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(30))
	_ = d.bar.Set(done)
	if err := d.serve(ctx, from); err != nil {
		return err
	}
	done, all = d.batch.Count()
	return d.print(map[string]any{"done": done, "cards": all, "dry_run": d.dry})
}

// errStopped is what an interrupt leaves behind.
var errStopped = errors.New("stopped; the same command goes on where it was")

// patience is how long a reader may be away before somebody is told.
const patience = 2 * time.Second

// serve takes one card after the other until the batch is done.
func (d *desk) serve(ctx context.Context, from *reader.Reader) error {
	d.ask()
	tick := time.NewTicker(patience)
	defer tick.Stop()
	told := ""
	for {
		if _, more := d.batch.Next(); !more {
			return nil
		}
		select {
		case <-ctx.Done():
			return errStopped
		case <-tick.C:
			if d.again {
				if over, err := d.take(ctx, from); over || err != nil {
					return err
				}
			}
			if text := troubleOf(from); text != told {
				if told = text; text != "" {
					d.say(text)
				}
			}
		case event := <-from.Events():
			if d.again = false; !event.Present {
				d.ask()
				continue
			}
			if over, err := d.take(ctx, from); over || err != nil {
				return err
			}
		}
	}
}

// ask says which card is wanted.
func (d *desk) ask() {
	if row, more := d.batch.Next(); more {
		d.say(fmt.Sprintf("put in a blank for %s (line %d)", row.Number.Masked(), row.Line))
	}
}

func (d *desk) say(text string) {
	_ = d.bar.Clear()
	fmt.Fprintln(d.err, text)
	_ = d.bar.RenderBlank()
}

// take works on the card in the reader. What is wrong with a card is said, and the next card may be right; other failures end
// the batch.
func (d *desk) take(ctx context.Context, from *reader.Reader) (over bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cardLimit)
	defer cancel()
	t, err := from.Connect(ctx)
	if d.again = err != nil; d.again {
		d.say(cmp.Or(sentence(err), err.Error()))
		return false, nil
	}
	var made headoffice.Made
	if d.dry {
		err = d.batch.Try(ctx, t)
	} else {
		made, err = d.batch.Make(ctx, t)
	}
	err = errors.Join(err, t.Close(card.Unpower))
	text := sentence(err)
	switch {
	case err == nil && d.dry:
		d.say("this blank takes the keys; nothing was made")
		return true, nil
	case err == nil:
		_ = d.bar.Add(1)
		d.say(fmt.Sprintf("%s is done; take the card out", made.Number))
		return false, d.print(made)
	case text == "":
		return true, err
	}
	if d.letters {
		text += "; if a letter came out, destroy it: the next try prints another"
	}
	d.say(text)
	return false, nil
}

// sentence says what is wrong with a card and what to do; empty for what is not the card's fault.
func sentence(err error) string {
	for _, s := range []struct {
		is   error
		text string
	}{
		{errNoLetter, "the letter could not be printed, and no card was made: see to the printer, then put the same card in again"},
		{card.ErrTransportKey, "these transport keys are not this blank's: give the file that came with it, or put in another blank"},
		{headoffice.ErrSomebodys, "this card is a member's already: put in a blank"},
		{headoffice.ErrGivenUp, "this card was given up while it was made, and is blocked: destroy it and put in a blank"},
		{headoffice.ErrStranger, "this card was made by another head office: put in a blank"},
		{card.ErrNotBlank, "this card is not blank: put in a blank"},
		{card.ErrTerminated, "this card's life is over: destroy it and put in a blank"},
		{card.ErrNotLYL1, "this is no loyalty card: put in a blank"},
		{card.ErrOutcomeUnknown, "the card left too early: put the same card in again"},
		{card.ErrUnreadable, "the card cannot be read: put the same card in again, or another blank"},
		{reader.ErrBusy, "another program has the reader: end it"},
		{reader.ErrMute, "the card does not answer: put it in the other way round, or another blank"},
		{reader.ErrNoCard, "the card left too early: put the same card in again"},
	} {
		if errors.Is(err, s.is) {
			return s.text
		}
	}
	return ""
}

// troubleOf says why no card can come; empty when one can.
func troubleOf(r *reader.Reader) string {
	switch r.Health().Code {
	case "":
		return ""
	case reader.CodeNotBuilt:
		return "this program was built without PC/SC: use one that was built with it, or --link"
	case reader.CodeAmbiguous:
		return "several readers fit: give a name that fits one"
	case reader.CodeNoService, reader.CodeHangs, reader.CodeDenied:
		return "the card service does not serve: see that pcscd runs and that this user may use it"
	case reader.CodeLink:
		return "cards cannot call in: the address is in use"
	}
	return "the reader is not there: plug it in"
}
