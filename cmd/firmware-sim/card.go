package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"loyaltill/firmware-sim/cardsim"
)

// maxPerso bounds a personalisation file; real ones are a few kilobytes.
const maxPerso = 1 << 20

type cardCommands struct {
	Create      createCommand      `cmd:"" help:"Make a blank card with keys of its own and print the request that head office signs."`
	Request     requestCommand     `cmd:"" help:"Print a card's request again."`
	Personalise personaliseCommand `cmd:"" help:"Put head office's personalisation file on a blank card."`
}

// cardPlace names a card in a folder.
type cardPlace struct {
	Cards string `help:"Folder of the cards." required:"" type:"path" placeholder:"DIR"`
	Name  string `arg:"" help:"Name of the card."`
}

type createCommand struct{ cardPlace }

func (c createCommand) Run(s streams) error {
	request, err := cardsim.CreateCard(c.Cards, c.Name, cardsim.TestTransportKeys(), nil)
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
	perso, err := readPerso(c.File)
	if err != nil {
		return fmt.Errorf("card %s: %w", c.Name, err)
	}
	if err := cardsim.PersonaliseCard(c.Cards, c.Name, perso); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "card %s is personalised\n", c.Name)
	return err
}

func readPerso(path string) ([]byte, error) {
	file := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		file = f
	}
	perso, err := io.ReadAll(io.LimitReader(file, maxPerso+1))
	if err == nil && len(perso) > maxPerso {
		err = errors.New("personalisation file is larger than a card")
	}
	return perso, err
}
