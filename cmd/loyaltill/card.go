package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/profile"
	"loyaltill/devices/reader"
)

// cardCommand is for authors of profiles for cards of other makers (docs/foreign-cards.md).
type cardCommand struct {
	Check   cardCheckCommand   `cmd:"" help:"Name every fault of profile files: file, line, column, field, remedy."`
	Explain cardExplainCommand `cmd:"" help:"Read a card, or a text of the till, step by step: what fits, what does not and why."`
	Schema  cardSchemaCommand  `cmd:"" help:"Print the JSON Schema of profile files, for editors."`
}

type cardCheckCommand struct {
	Files []string `arg:"" name:"file" help:"Profile files."`
}

// Run prints a line for every fault of every file, and one for each file that is good.
func (c *cardCheckCommand) Run(s streams) error {
	good := true
	for _, file := range c.Files {
		p, err := agent.ReadProfile(file)
		if err != nil {
			good = false
			fmt.Fprintln(s.out, err)
			continue
		}
		fmt.Fprintf(s.out, "%s: %s, version %d, priority %d, %s\n", file, p.Name, p.Version, p.Priority, worth(p))
	}
	if !good {
		return exitFaults
	}
	return nil
}

// worth says in words what a profile's numbers are good for.
func worth(p *profile.Profile) string {
	if !p.Trust.Redeem {
		return string(p.Trust.Level) + ", earns"
	}
	return fmt.Sprintf("%s, earns and redeems, without head office up to %d points a day", p.Trust.Level, p.Trust.OfflineCap)
}

type cardSchemaCommand struct{}

func (cardSchemaCommand) Run(s streams) error {
	text, err := profile.Schema()
	if err != nil {
		return err
	}
	_, err = s.out.Write(text)
	return err
}

type cardExplainCommand struct {
	configured
	Profiles string         `help:"Folder of profiles; without it that of the configuration." type:"existingdir"`
	Secrets  string         `help:"File of the keys that they name." type:"existingfile"`
	Lane     loyalty.LaneID `help:"Read the card in this lane's reader." default:"1" group:"card"`
	Reader   string         `help:"Read the card in this PC/SC reader, a regular expression; no configuration is needed then." group:"card"`
	Link     string         `help:"Wait here for a simulated card; no configuration is needed then." placeholder:"HOST:PORT" group:"card"`
	Wait     time.Duration  `help:"How long to wait for a card." default:"30s" group:"card"`
	PIN      bool           `help:"Read the card's PIN from standard input, once it is wanted." group:"card"`

	Text      string `help:"Explain this text in place of a card." group:"text"`
	Source    string `help:"Where the text is from: magstripe, barcode or keypad." group:"text"`
	Symbology string `help:"Kind of the barcode, as ean13." group:"text"`
	Track     int    `help:"Track of the stripe." group:"text"`

	ShowNumber bool `help:"Print the number in full, to register it at head office."`
}

// Run shows each step and what came of it. It changes nothing, on the card neither.
func (c *cardExplainCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	cards, err := agent.ReadForeignCards(cfg.Cards) // a key that is missing is told with its profile
	if err != nil {
		return err
	}
	if len(cards.Profiles.Profiles()) == 0 {
		return errors.New("there are no profiles; name their folder with --profiles or in cards.profiles")
	}
	look := func(e profile.Event) { fmt.Fprintln(s.out, eventLine(e)) }
	if c.Text != "" {
		p, number, err := cards.Profiles.Text(profile.Text{Source: c.Source, Symbology: c.Symbology, Track: c.Track, Text: c.Text}, look)
		return c.conclude(s, p, number, err)
	}
	sel, err := c.selector(cfg)
	if err != nil {
		return err
	}
	return c.withCard(ctx, sel, func(t card.Transmitter) error { return c.explain(ctx, s, cards, t, look) })
}

// settings is the configuration, of which nothing is needed when everything is on the command line.
func (c *cardExplainCommand) settings() (agent.Config, error) {
	var cfg agent.Config
	if c.Profiles == "" || c.Text == "" && c.Reader == "" && c.Link == "" {
		var err error
		if cfg, err = c.load(); err != nil {
			return cfg, err
		}
	}
	if c.Profiles != "" {
		cfg.Cards = agent.CardsConfig{Profiles: c.Profiles}
	}
	if c.Secrets != "" {
		cfg.Cards.Secrets = c.Secrets
	}
	return cfg, nil
}

func (c *cardExplainCommand) selector(cfg agent.Config) (reader.Selector, error) {
	if c.Reader != "" || c.Link != "" {
		return reader.Selector{Name: c.Reader, Link: c.Link}, nil
	}
	for _, l := range cfg.Lanes {
		if l.Number == c.Lane && l.Reader != (reader.Selector{}) {
			return l.Reader, nil
		}
	}
	return reader.Selector{}, fmt.Errorf("lane %d has no reader; name another with --lane, --reader or --link", c.Lane)
}

// withCard waits for a card and closes the connection to it afterwards.
func (c *cardExplainCommand) withCard(ctx context.Context, sel reader.Selector, use func(card.Transmitter) error) (err error) {
	service := reader.NewService(zerolog.Nop(), time.Now)
	r, err := service.Reader(sel)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-ended)
	}()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("no card came within %s; the reader is %s %s", c.Wait, r.Health().State, r.Health().Code)
		case e := <-r.Events():
			if !e.Present {
				continue
			}
			t, err := r.Connect(ctx)
			if err != nil {
				return err
			}
			return errors.Join(use(t), t.Close(card.Reset))
		}
	}
}

func (c *cardExplainCommand) explain(ctx context.Context, s streams, cards *agent.ForeignCards, t card.Transmitter, look func(profile.Event)) error {
	fmt.Fprintf(s.out, "card %X, %s\n", t.ATR(), profile.MediumOf(t.ATR()))
	ours, err := card.IsLYL1(ctx, t)
	if err != nil {
		return err
	}
	if ours {
		fmt.Fprintln(s.out, "this is a card of the chain; no profile is asked")
		return nil
	}
	reading, err := cards.Profiles.Tap(ctx, t, cards.Keys, look)
	if err != nil {
		return c.conclude(s, nil, "", err)
	}
	if reading.NeedsPIN() {
		fmt.Fprintf(s.out, "%s: the card wants its PIN before it tells its number\n", reading.Profile.Name)
		if !c.PIN {
			return nil
		}
		if err := enterPIN(ctx, reading); err != nil {
			return c.conclude(s, nil, "", err)
		}
	}
	return c.conclude(s, reading.Profile, reading.Number(), nil)
}

// enterPIN takes one line of standard input, for one VERIFY.
func enterPIN(ctx context.Context, reading *profile.Reading) error {
	line, err := bufio.NewReader(os.Stdin).ReadBytes('\n')
	defer clear(line)
	if len(line) == 0 {
		return fmt.Errorf("read pin: %w", err)
	}
	pin, err := card.NewPIN(bytes.TrimRight(line, "\r\n"))
	if err != nil {
		return err
	}
	return reading.EnterPIN(ctx, pin, false)
}

// conclude prints what it came to. Without a number the exit status is 1.
func (c *cardExplainCommand) conclude(s streams, p *profile.Profile, number card.Number, err error) error {
	if err != nil {
		fmt.Fprintf(s.out, "no number: %v\n", err)
		return exitFaults
	}
	n, err := loyalty.NewCardNumber(string(number))
	if err != nil {
		return err
	}
	shown := n.Masked()
	if c.ShowNumber {
		shown = n.Digits()
	}
	fmt.Fprintf(s.out, "number %s by %s: %s\n", shown, p.Name, worth(p))
	return nil
}

// eventLine is one step, or why a profile was given up.
func eventLine(e profile.Event) string {
	if e.Err != nil {
		return fmt.Sprintf("%s: not this one: %v", e.Profile, e.Err)
	}
	return strings.TrimRight(fmt.Sprintf("%s: %-22s %s -> %s %s", e.Profile, e.Step, e.Sent, e.Status, e.Data), " ")
}
