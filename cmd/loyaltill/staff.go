package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"loyaltill/agent"
)

// staffCommand is for whoever has this machine: it makes the first manager, and helps when the last one forgot their PIN.
type staffCommand struct {
	Add    staffAddCommand    `cmd:"" help:"Let somebody work here; gives the number that they sign in with."`
	List   staffListCommand   `cmd:"" help:"Show who works here, or did."`
	Change staffChangeCommand `cmd:"" help:"Give somebody another name, role or language."`
	PIN    staffPINCommand    `cmd:"" name:"pin" help:"Give somebody a new PIN."`
	End    staffEndCommand    `cmd:"" help:"Let somebody work here no more."`
}

type staffAddCommand struct {
	configured
	Name     string `arg:"" help:"As it stands on papers and in the trail."`
	Role     string `help:"cashier, supervisor, manager or technician." enum:"cashier,supervisor,manager,technician" default:"cashier"`
	Language string `help:"Of the pages; the store's when left out." enum:",en,lv,pl,et,fa,hy" default:""`
}

// Run asks for the PIN twice.
func (c *staffAddCommand) Run(ctx context.Context, s streams) error {
	return c.run(ctx, s, os.Stdin)
}

func (c *staffAddCommand) run(ctx context.Context, s streams, in io.Reader) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	key, err := keyOf("")
	if err != nil {
		return err
	}
	pin, err := askPIN(s, in)
	if err != nil {
		return err
	}
	body := map[string]string{"name": c.Name, "role": c.Role, "language": c.Language, "pin": pin}
	var m agent.StaffMember
	if err := (agentCall{method: http.MethodPost, path: "/v1/staff", key: key, body: body, owner: true}).do(ctx, cfg, &m); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s, %s, signs in with number %d\n", m.Name, m.Role, m.Number)
	return nil
}

// askPIN reads a PIN twice: unseen from a terminal, as two lines from anything else.
func askPIN(s streams, in io.Reader) (string, error) {
	lines := bufio.NewReader(in)
	read := func(prompt string) (string, error) {
		fmt.Fprint(s.err, prompt)
		if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			typed, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(s.err)
			return string(typed), err
		}
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) && line != "" {
			err = nil
		}
		return strings.TrimSpace(line), err
	}
	pin, err := read("PIN, 4 to 8 digits: ")
	if err != nil {
		return "", fmt.Errorf("read the PIN: %w", err)
	}
	again, err := read("the same again: ")
	if err != nil {
		return "", fmt.Errorf("read the PIN: %w", err)
	}
	if pin != again {
		return "", errors.New("the two PINs are not the same; nothing is changed")
	}
	return pin, nil
}

type staffListCommand struct{ configured }

// Run prints a line for each.
func (c *staffListCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var all struct{ Staff []agent.StaffMember }
	if err := (agentCall{method: http.MethodGet, path: "/v1/staff", owner: true}).do(ctx, cfg, &all); err != nil {
		return err
	}
	if len(all.Staff) == 0 {
		fmt.Fprintln(s.err, "nobody yet; `loyaltill staff add NAME --role manager` makes the first")
		return nil
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tNAME\tROLE\tLANGUAGE\tSINCE\t")
	for _, m := range all.Staff {
		note := ""
		switch {
		case !m.Works():
			note = "left " + m.Ended.Format(time.DateOnly)
		case !m.WaitUntil.IsZero():
			note = "wrong PINs, waits until " + m.WaitUntil.Local().Format(time.TimeOnly)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", m.Number, m.Name, m.Role, m.Language, m.Since.Format(time.DateOnly), note)
	}
	return table.Flush()
}

type staffChangeCommand struct {
	configured
	Number   int64  `arg:"" help:"Of whom."`
	Name     string `help:"As it stands on papers and in the trail." required:""`
	Role     string `help:"cashier, supervisor, manager or technician." enum:"cashier,supervisor,manager,technician" required:""`
	Language string `help:"Of the pages; the store's when left out." enum:",en,lv,pl,et,fa,hy" default:""`
}

// Run changes all three.
func (c *staffChangeCommand) Run(ctx context.Context, s streams) error {
	body := map[string]string{"name": c.Name, "role": c.Role, "language": c.Language}
	return c.changed(ctx, s, agentCall{method: http.MethodPut, path: fmt.Sprintf("/v1/staff/%d", c.Number), body: body})
}

type staffPINCommand struct {
	configured
	Number int64 `arg:"" help:"Of whom."`
}

// Run asks for the new PIN twice.
func (c *staffPINCommand) Run(ctx context.Context, s streams) error {
	pin, err := askPIN(s, os.Stdin)
	if err != nil {
		return err
	}
	return c.changed(ctx, s, agentCall{method: http.MethodPut, path: fmt.Sprintf("/v1/staff/%d/pin", c.Number), body: map[string]string{"pin": pin}})
}

type staffEndCommand struct {
	configured
	Number int64 `arg:"" help:"Of whom."`
}

// Run ends their rights at once.
func (c *staffEndCommand) Run(ctx context.Context, s streams) error {
	return c.changed(ctx, s, agentCall{method: http.MethodDelete, path: fmt.Sprintf("/v1/staff/%d", c.Number)})
}

// changed makes a call about one person and says how they stand now.
func (c configured) changed(ctx context.Context, s streams, call agentCall) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var m agent.StaffMember
	call.owner = true
	if err := call.do(ctx, cfg, &m); err != nil {
		return err
	}
	state := string(m.Role)
	if !m.Works() {
		state = "left"
	}
	fmt.Fprintf(s.out, "%d: %s, %s\n", m.Number, m.Name, state)
	return nil
}
