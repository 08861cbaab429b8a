package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

type enrolCommand struct {
	HeadOffice string `help:"Head office's address, such as https://ho.example.org:8443, for a code that does not bring it." placeholder:"URL"`
	Code       string `help:"The code that \"headoffice enrol --code\" printed, with or without the address behind it." required:""`
	Out        string `help:"New folder for the identity; the configuration's \"identity\" has to name it." required:"" type:"path" placeholder:"DIR"`
}

// Run may be repeated with the same code and folder when the line broke: head office gives the same answer.
func (c *enrolCommand) Run(ctx context.Context, s streams) error {
	code, office, err := wire.ParsePairing(c.Code)
	if err != nil {
		return fmt.Errorf("code: %w", err)
	}
	id, err := uplink.Enrol(ctx, uplink.Enrolment{HeadOffice: cmp.Or(office, c.HeadOffice), Code: code, Dir: c.Out, Now: time.Now})
	if err != nil {
		return enrolRemedy(err)
	}
	line, err := json.Marshal(map[string]any{"store": id.Store, "epoch": id.Epoch, "identity": c.Out})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, string(line))
	return nil
}

// enrolRemedy says what to do about a failure.
func enrolRemedy(err error) error {
	var p *wire.Problem
	switch {
	case errors.Is(err, fs.ErrExist): // it names the folder and the remedy
		return err
	case errors.Is(err, uplink.ErrStranger):
		return fmt.Errorf("%w; check the address and the last sixteen letters of the code, and tell head office if both are right", err)
	case errors.As(err, &p) && p.Code == wire.CodeCodeRefused:
		return fmt.Errorf("%w; compare the first twelve letters; a code is good once, for a day, and for five tries", err)
	case errors.As(err, &p):
		return err
	}
	return fmt.Errorf("%w; run the same command again when the line is up", err)
}
