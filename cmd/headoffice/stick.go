package main

import (
	"context"
	"errors"

	"loyaltill/sync/headoffice"
)

type importCmd struct {
	home
	Folder string `arg:"" help:"Folder with the batches, such as that of the stick."`
}

// errRefused makes the exit status say what the answers say.
var errRefused = errors.New("some batches were refused: the answers on the stick say why")

func (cmd *importCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	refused := false
	_, err = m.ImportStick(ctx, cmd.Folder, func(o headoffice.StickOutcome) {
		refused = refused || o.Problem != nil
		_ = c.print(o)
	})
	if err == nil && refused {
		err = errRefused
	}
	return err
}
