package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"loyaltill/sync/headoffice"
)

type doctorCmd struct {
	home
	Backups string `placeholder:"DIR" help:"Folder with the backups, to see how old the newest is."`
	JSON    bool   `help:"One JSON document instead of lines."`
}

// errIll makes the doctor's exit status say what its lines say.
var errIll = errors.New("head office needs help; the lines above say what to do")

// Run reports what the doctor sees. It changes nothing and works whether a server runs or not.
func (cmd *doctorCmd) Run(ctx context.Context, c *console) error {
	found := headoffice.Doctor(ctx, headoffice.Where{Dir: cmd.Dir, Database: cmd.Database, Backups: cmd.Backups}, c.options())
	ill := slices.ContainsFunc(found, func(d headoffice.Diagnosis) bool { return d.Health == headoffice.Ill })
	if cmd.JSON {
		if err := c.print(map[string]any{"well": !ill, "findings": found}); err != nil {
			return err
		}
	} else {
		c.tell(found)
	}
	if ill {
		return errIll
	}
	return nil
}

func (c *console) tell(found []headoffice.Diagnosis) {
	marks := map[headoffice.Health]string{headoffice.Well: "ok  ", headoffice.Attention: "look", headoffice.Ill: "FAIL"}
	for _, d := range found {
		fmt.Fprintf(c.out, "%s  %-18s %s\n", marks[d.Health], d.What, d.Seen)
		if d.Remedy != "" {
			fmt.Fprintf(c.out, "      %-18s -> %s\n", "", d.Remedy)
		}
	}
}
