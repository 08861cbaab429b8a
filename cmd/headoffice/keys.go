package main

import (
	"context"
	"fmt"
	"time"

	"loyaltill/sync/headoffice"
)

// keysCmd is the ceremony of docs/issuing.md: root, sign and revoke run on the machine without a network, the others at head
// office.
type keysCmd struct {
	Root   keysRootCmd   `cmd:"" help:"Offline: make the root."`
	Issue  keysIssueCmd  `cmd:"" help:"Make an issuing key, and the request that the root is to sign."`
	Sign   keysSignCmd   `cmd:"" help:"Offline: have the root sign a request."`
	Accept keysAcceptCmd `cmd:"" help:"Take over what the root has signed; stores hear of it by themselves."`
	Revoke keysRevokeCmd `cmd:"" help:"Offline: have the root end an issuing key. Stores then refuse all its cards, for good."`
	List   keysListCmd   `cmd:"" help:"List the issuing keys, and which of them signs."`
}

type keysRootCmd struct {
	Out string `required:"" placeholder:"DIR" help:"New folder for the root, on a medium of its own."`
}

func (cmd *keysRootCmd) Run(c *console) error {
	if _, err := headoffice.MakeRoot(cmd.Out); err != nil {
		return err
	}
	return c.print(map[string]any{"root": cmd.Out})
}

type keysIssueCmd struct {
	home
	FirstDay string `placeholder:"DATE" help:"First day of its cards; yesterday if not given."`
	LastDay  string `placeholder:"DATE" help:"Last day of its cards; six years later if not given."`
	Out      string `required:"" placeholder:"FILE" help:"New file with the request."`
}

func (cmd *keysIssueCmd) Run(c *console) error {
	first, err := dayFlag("first-day", cmd.FirstDay)
	if err != nil {
		return err
	}
	last, err := dayFlag("last-day", cmd.LastDay)
	if err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	id, err := m.NewIssuingKey(first, last, cmd.Out)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"key": id.String(), "request": cmd.Out})
}

// dayFlag reads a day; none is zero.
func dayFlag(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, &headoffice.FieldError{Field: field, Remedy: "give a date such as 2031-12-31", Err: fmt.Errorf("%q", text)}
	}
	return t, nil
}

type keysSignCmd struct {
	Request string `arg:"" help:"The request that \"keys issue\" wrote."`
	Root    string `required:"" placeholder:"DIR" help:"The root's folder."`
	Out     string `required:"" placeholder:"FILE" help:"New file with the statement."`
}

func (cmd *keysSignCmd) Run(c *console) error {
	request, err := headoffice.ReadIssuingRequest(cmd.Request)
	if err != nil {
		return err
	}
	root, err := headoffice.OpenRoot(cmd.Root)
	if err != nil {
		return err
	}
	k, err := root.Sign(request)
	if err == nil {
		err = headoffice.WriteStatement(cmd.Out, k)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"key": k.ID().String(), "statement": cmd.Out})
}

type keysRevokeCmd struct {
	Statement string `arg:"" help:"The key's statement: keys/issuing-….statement of head office's folder, or the file that \"keys sign\" wrote."`
	Root      string `required:"" placeholder:"DIR" help:"The root's folder."`
	Out       string `required:"" placeholder:"FILE" help:"New file with the statement that ends it."`
}

func (cmd *keysRevokeCmd) Run(c *console) error {
	statement, err := headoffice.ReadStatement(cmd.Statement)
	if err != nil {
		return err
	}
	root, err := headoffice.OpenRoot(cmd.Root)
	if err != nil {
		return err
	}
	k, err := root.Revoke(statement)
	if err == nil {
		err = headoffice.WriteStatement(cmd.Out, k)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"key": k.ID().String(), "revoked": true, "statement": cmd.Out})
}

type keysAcceptCmd struct {
	home
	Statement string `arg:"" help:"The file that \"keys sign\" or \"keys revoke\" wrote."`
}

func (cmd *keysAcceptCmd) Run(ctx context.Context, c *console) error {
	statement, err := headoffice.ReadStatement(cmd.Statement)
	if err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	keys, err := m.AcceptStatement(ctx, statement)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"issuing_keys": keys})
}

type keysListCmd struct{ home }

func (cmd *keysListCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	keys, err := m.IssuingKeys(ctx)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"issuing_keys": keys})
}
