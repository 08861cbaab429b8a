package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"loyaltill/firmware-sim/cardsim"
)

// maxFile bounds what is read for a card; real files are a few kilobytes.
const maxFile = 1 << 20

type cardCommands struct {
	Create      createCommand      `cmd:"" help:"Make a blank card with keys of its own and print the request that head office signs."`
	Request     requestCommand     `cmd:"" help:"Print a card's request again."`
	Personalise personaliseCommand `cmd:"" help:"Put head office's personalisation file on a blank card."`
	Show        showCommand        `cmd:"" help:"Print the state of a card, without its secrets."`
	Put         putCommand         `cmd:"" help:"Put a card into a state."`
	Copy        copyCommand        `cmd:"" help:"Make a second card of one: a fork of everything, or a clone of what can be read."`
}

// cardPlace names a card in a folder.
type cardPlace struct {
	Cards string `help:"Folder of the cards." required:"" type:"path" placeholder:"DIR"`
	Name  string `arg:"" help:"Name of the card."`
}

type createCommand struct {
	cardPlace
	TransportKeys string `help:"File with the transport keys of the blank: JSON with version, enc, mac, dek. Without it version 1 and 40..4F." type:"existingfile" placeholder:"FILE"`
}

func (c createCommand) Run(s streams, from seed) error {
	keys := cardsim.TestTransportKeys()
	if c.TransportKeys != "" {
		text, err := readSmall(c.TransportKeys)
		if err != nil {
			return err
		}
		if keys, err = cardsim.ParseTransportKeys(text); err != nil {
			return fmt.Errorf("%s: %w", c.TransportKeys, err)
		}
	}
	request, err := cardsim.CreateCard(c.Cards, c.Name, keys, from.value)
	return printRequest(s.out, request, err)
}

type requestCommand struct{ cardPlace }

func (c requestCommand) Run(s streams) error {
	request, err := cardsim.RequestCard(c.Cards, c.Name)
	return printRequest(s.out, request, err)
}

func printRequest(w io.Writer, request []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", request)
	return err
}

type personaliseCommand struct {
	cardPlace
	File string `arg:"" help:"Personalisation file, - for standard input."`
}

func (c personaliseCommand) Run(s streams) error {
	perso, err := readSmall(c.File)
	if err != nil {
		return fmt.Errorf("card %s: %w", c.Name, err)
	}
	if err := cardsim.PersonaliseCard(c.Cards, c.Name, perso); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "card %s is personalised\n", c.Name)
	return err
}

// readSmall reads a file of a card's size, - being standard input.
func readSmall(path string) ([]byte, error) {
	file := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		file = f
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("file is larger than a card")
	}
	return text, err
}

type showCommand struct{ cardPlace }

func (c showCommand) Run(s streams) error {
	status, err := cardsim.CardStatus(c.Cards, c.Name)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(status)
}

type putCommand struct {
	cardPlace
	State string `arg:"" help:"pin-blocked, pin-last-try, pin-not-set, puk-blocked, terminated, counter-ending, counterfeit, forged or off-curve."`
}

func (c putCommand) Run(s streams, from seed) error {
	if err := cardsim.PutCard(c.Cards, c.Name, cardsim.State(c.State), from.value); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.out, "card %s is %s\n", c.Name, c.State)
	return err
}

type copyCommand struct {
	cardPlace
	As   string `arg:"" help:"Name of the second card."`
	Kind string `help:"fork or clone." default:"fork" enum:"fork,clone"`
}

func (c copyCommand) Run(s streams, from seed) error {
	if err := cardsim.CopyCard(c.Cards, c.Name, c.As, cardsim.CopyKind(c.Kind), from.value); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.out, "card %s is a %s of %s\n", c.As, c.Kind, c.Name)
	return err
}
