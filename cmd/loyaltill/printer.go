package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/printerdb"
)

// printerCommand is for who sets up receipt printers (docs/printers.md).
type printerCommand struct {
	Check      printerCheckCommand      `cmd:"" help:"Name every fault of printer profile files: file, line, field, remedy."`
	Import     printerImportCommand     `cmd:"" help:"Make profiles of the public escpos-printer-db."`
	Commission printerCommissionCommand `cmd:"" help:"Print a ticket, ask what is readable on it, and write the profile that follows."`
	Ticket     printerTicketCommand     `cmd:"" help:"Draw the ticket that commission prints, without a printer."`
	Schema     printerSchemaCommand     `cmd:"" help:"Print the JSON Schema of profile files, for editors."`
}

type printerCheckCommand struct {
	Files []string `arg:"" name:"file" help:"Profile files."`
}

// Run prints a line for every fault of every file, and one for each file that is good.
func (c *printerCheckCommand) Run(s streams) error {
	good := true
	for _, file := range c.Files {
		p, err := escpos.ReadProfile(file)
		if err != nil {
			good = false
			fmt.Fprintln(s.out, err)
			continue
		}
		fmt.Fprintf(s.out, "%s: %s, %s\n", file, p.Revision(), abilities(p))
	}
	if !good {
		return exitFaults
	}
	return nil
}

// abilities is a profile in a line: how wide, and how letters beyond ASCII are printed.
func abilities(p *escpos.Profile) string {
	out := []string{fmt.Sprintf("%d columns", p.Paper.Columns())}
	if len(p.Pages.Verified) > 0 {
		out = append(out, "verified pages "+strings.Join(p.Pages.Verified, " "))
	}
	if slots := p.Pages.Slots(); len(slots) > len(p.Pages.Verified) {
		out = append(out, "pages "+strings.Join(slots, " "))
	}
	if p.Graphics.UserChars > 0 {
		out = append(out, fmt.Sprintf("%d downloaded glyphs", p.Graphics.UserChars))
	}
	if p.Graphics.GSv0 {
		out = append(out, "graphics")
	}
	return strings.Join(out, ", ")
}

type printerSchemaCommand struct{}

func (printerSchemaCommand) Run(s streams) error {
	text, err := escpos.ProfileSchema()
	if err != nil {
		return err
	}
	_, err = s.out.Write(text)
	return err
}

type printerImportCommand struct {
	Path string `arg:"" help:"Folder data/profile of the database, or one file of it." type:"existingpath"`
	Out  string `help:"Folder for the profiles; files that are there are left alone." default:"." type:"existingdir"`
}

// Run writes a file for each profile and says what was left off.
func (c *printerImportCommand) Run(s streams) error {
	all, err := printerdb.Import(c.Path)
	if err != nil {
		return err
	}
	written := 0
	for _, i := range all {
		if i.Refused != "" {
			fmt.Fprintf(s.out, "%s: not imported: %s\n", i.Name, i.Refused)
			continue
		}
		path := filepath.Join(c.Out, i.Profile.ID+".toml")
		switch err := writeNew(path, i.Text); {
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintf(s.out, "%s: %s is there already and stays as it is\n", i.Name, path)
			continue
		case err != nil:
			return fmt.Errorf("import %s: %w", i.Name, err)
		}
		written++
		fmt.Fprintf(s.out, "%s: %s: %s\n", i.Name, path, strings.Join(append([]string{abilities(i.Profile)}, i.Notes...), "; "))
	}
	fmt.Fprintf(s.out, "%d of %d profiles written; `loyaltill printer commission` verifies what they promise\n", written, len(all))
	return nil
}

// writeNew writes a file that must not be there.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
