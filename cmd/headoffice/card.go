package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

type cardCmd struct {
	Sign  cardSignCmd  `cmd:"" help:"Certify a card's key and write its personalisation file. The first PIN and the PUK are read from standard input, a line each: a command line can be seen by others."`
	Block cardBlockCmd `cmd:"" help:"Put a card on every store's hot list."`

	Unblock   cardUnblockCmd   `cmd:"" help:"Give PIN and PUK of a card all their tries back, at its next tap."`
	Limits    cardLimitsCmd    `cmd:"" help:"Say what a card pays without PIN, from its next tap on."`
	Terminate cardTerminateCmd `cmd:"" help:"End a card for good: it is blocked everywhere, and gives its points back wherever it is tried."`

	Replace     cardReplaceCmd     `cmd:"" help:"Take a lost card out of use at once; its points follow to the new card after a wait."`
	List        cardListCmd        `cmd:"" help:"List cards with their state and what waits for them, a JSON line each."`
	Show        cardShowCmd        `cmd:"" help:"Show one card."`
	Renew       cardRenewCmd       `cmd:"" help:"Make new certificates for cards that end soon, and for those of revoked issuing keys. Stores hand them over at the next tap."`
	Letter      cardLetterCmd      `cmd:"" help:"Print the template of letters with PINs, check one's own, or show a letter of nobody."`
	Personalise cardPersonaliseCmd `cmd:"" help:"Make blanks members' cards, one after the other in a reader. Stopped at any moment, the same command goes on."`
}

type cardSignCmd struct {
	home
	Member          loyalty.MemberID `required:"" placeholder:"N" help:"Number of the member."`
	Number          string           `required:"" placeholder:"DIGITS" help:"The number printed on the card."`
	Request         string           `required:"" placeholder:"FILE" help:"The card's request with its public key."`
	ValidThrough    string           `placeholder:"DATE" help:"Last day of the certificate, such as 2031-12-31; five years if not given."`
	PlainVerify     bool             `help:"Let a pinpad check the PIN outside the session, on contact."`
	NoPINSingle     uint32           `name:"no-pin-single" placeholder:"POINTS" help:"What one debit may take without the PIN."`
	NoPINCumulative uint32           `name:"no-pin-cumulative" placeholder:"POINTS" help:"What all debits since the last PIN may take without it."`
	Out             string           `required:"" placeholder:"FILE" help:"New personalisation file, for the card alone to read."`
}

func (cmd *cardSignCmd) Run(ctx context.Context, c *console) error {
	number, err := readNumber(cmd.Number)
	if err != nil {
		return err
	}
	pin, puk, err := readSecrets(c.in)
	if err != nil {
		return err
	}
	card := headoffice.NewCard{Member: cmd.Member, Number: number, PIN: pin, PUK: puk,
		PlainVerify: cmd.PlainVerify, NoPINSingle: cmd.NoPINSingle, NoPINCumulative: cmd.NoPINCumulative}
	if card.ValidThrough, err = dayFlag("valid-through", cmd.ValidThrough); err != nil {
		return err
	}
	if card.PublicKey, err = headoffice.ReadCardRequest(cmd.Request); err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	id, err := m.SignCard(ctx, card, cmd.Out)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"card": id, "member": cmd.Member, "number": number, "personalisation": cmd.Out})
}

// readSecrets takes the PIN and the PUK, a line each. Their form is checked where they are used.
func readSecrets(in io.Reader) (pin, puk headoffice.Secret, err error) {
	lines := bufio.NewScanner(in)
	for _, secret := range []*headoffice.Secret{&pin, &puk} {
		if !lines.Scan() {
			return "", "", &headoffice.FieldError{Field: "pin", Remedy: "give the PIN and the PUK on standard input, a line each", Err: errors.New("missing")}
		}
		*secret = headoffice.Secret(strings.TrimSpace(lines.Text()))
	}
	return pin, puk, nil
}

type cardBlockCmd struct {
	home
	Card   string `arg:"" help:"The card's id, 16 hexadecimal digits."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; stores show it."`
}

func (cmd *cardBlockCmd) Run(ctx context.Context, c *console) error {
	id, err := readCardID(cmd.Card)
	if err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	if err := m.BlockCard(ctx, id, cmd.Reason); err != nil {
		return err
	}
	return c.print(map[string]any{"card": id, "blocked": true})
}

type cardRenewCmd struct {
	home
	Days int `required:"" placeholder:"N" help:"Cards that end within so many days, or have ended."`
}

func (cmd *cardRenewCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.RenewCards(ctx, cmd.Days)
	if err != nil {
		return err
	}
	return c.print(out)
}

type cardReplaceCmd struct {
	home
	Card   string `required:"" placeholder:"HEX" help:"The lost card's id, 16 hexadecimal digits; \"card list\" tells it."`
	Number string `required:"" placeholder:"DIGITS" help:"The number printed on the new card, which is made with \"card personalise\"."`
	Wait   *int   `placeholder:"DAYS" help:"How long the points wait for what stores have not told yet; as the programme says if not given, else 7 days."`
}

func (cmd *cardReplaceCmd) Run(ctx context.Context, c *console) error {
	id, err := readCardID(cmd.Card)
	if err != nil {
		return err
	}
	number, err := readNumber(cmd.Number)
	if err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.ReplaceCard(ctx, id, number, cmd.Wait)
	if err != nil {
		return err
	}
	return c.print(out)
}

func readCardID(text string) (id loyalty.CardID, err error) {
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return id, &headoffice.FieldError{Field: "card", Remedy: "give the 16 hexadecimal digits of the card's id", Err: err}
	}
	return id, nil
}

type cardListCmd struct {
	home
	Member loyalty.MemberID `placeholder:"N" help:"Of this member only."`
}

func (cmd *cardListCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	return m.EachCard(ctx, cmd.Member, func(s headoffice.CardState) error { return c.print(s) })
}

type cardShowCmd struct {
	home
	Card string `arg:"" help:"The card's id, 16 hexadecimal digits."`
}

func (cmd *cardShowCmd) Run(ctx context.Context, c *console) error {
	id, err := readCardID(cmd.Card)
	if err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.Card(ctx, id)
	if err != nil {
		return err
	}
	return c.print(out)
}
