package main

import (
	"context"
	"errors"

	"loyaltill/sync/headoffice"
)

type webhookCmd struct {
	Set    webhookSetCmd    `cmd:"" help:"Enter an address, or give a webhook another address and secret. Prints the secret, once."`
	Test   webhookTestCmd   `cmd:"" help:"Send a message now; when it is taken, what waits goes out too."`
	List   webhookListCmd   `cmd:"" help:"Print how each stands."`
	Remove webhookRemoveCmd `cmd:"" help:"Forget one."`
}

type webhookSetCmd struct {
	home
	Name    string `arg:"" help:"Name, such as that of the back office."`
	URL     string `required:"" name:"url" placeholder:"URL" help:"Address: https, or http on this machine."`
	Private bool   `help:"The address may be one of a private network, such as 10.0.0.7."`
}

func (cmd *webhookSetCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.SetWebhook(ctx, headoffice.NewWebhook{Name: cmd.Name, URL: cmd.URL, Private: cmd.Private})
	if err != nil {
		return err
	}
	return c.print(out)
}

type webhookTestCmd struct {
	home
	Name string `arg:"" help:"Name of the webhook."`
}

// errNotTaken makes the exit status say what the answer says.
var errNotTaken = errors.New("the message was not taken")

func (cmd *webhookTestCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.TestWebhook(ctx, cmd.Name)
	if err == nil {
		err = c.print(out)
	}
	if err == nil && !out.Taken {
		err = errNotTaken
	}
	return err
}

type webhookListCmd struct{ home }

func (cmd *webhookListCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	all, err := m.Webhooks(ctx)
	for _, w := range all {
		if err == nil {
			err = c.print(w)
		}
	}
	return err
}

type webhookRemoveCmd struct {
	home
	Name string `arg:"" help:"Name of the webhook."`
}

func (cmd *webhookRemoveCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err == nil {
		err = m.RemoveWebhook(ctx, cmd.Name)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"removed": cmd.Name})
}
