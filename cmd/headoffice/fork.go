package main

import (
	"context"
	"fmt"
	"io"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
)

type forkCmd struct {
	Show    forkShowCmd    `cmd:"" help:"Explain both branches of a forked store: entries, members touched, their points, transactions that both have."`
	Resolve forkResolveCmd `cmd:"" help:"Let the store go on: its branch is told again in a new life; what head office has stays. Restart the store's agent afterwards."`
}

type forkShowCmd struct {
	home
	Store loyalty.StoreID `required:"" placeholder:"N" help:"Number of the store."`
	Epoch loyalty.Epoch   `placeholder:"N" help:"The forked life; the newest if not given."`
	JSON  bool            `help:"One JSON document instead of lines."`
}

func (cmd *forkShowCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	f, err := m.ShowFork(ctx, cmd.Store, cmd.Epoch)
	if err != nil {
		return err
	}
	return cmd.tell(c, f)
}

type forkResolveCmd struct {
	forkShowCmd
	Note string `required:"" placeholder:"TEXT" help:"What was found; it stays with the case."`
}

func (cmd *forkResolveCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	f, err := m.ResolveFork(ctx, cmd.Store, cmd.Epoch, cmd.Note)
	if err != nil {
		return err
	}
	return cmd.tell(c, f)
}

func (cmd *forkShowCmd) tell(c *console, f headoffice.Fork) error {
	if cmd.JSON {
		return c.print(f)
	}
	tellFork(c.out, f)
	return nil
}

// maxForkLines bounds what the lines list of a branch; the JSON has more.
const maxForkLines = 20

// tellFork says in lines what both branches hold and what a person can do next.
func tellFork(w io.Writer, f headoffice.Fork) {
	name := fmt.Sprintf("store %d, epoch %d", f.Store, f.Epoch)
	switch {
	case f.Next != 0:
		fmt.Fprintf(w, "%s: decided, the store goes on in epoch %d\n", name, f.Next)
	case f.State != hodb.HeadForked:
		fmt.Fprintf(w, "%s: %s, there is nothing to decide\n", name, f.State)
		return
	default:
		fmt.Fprintf(w, "%s: forked\n", name)
	}
	fmt.Fprintf(w, "both have entries up to %d\n", f.Shared)
	tellBranch(w, "head office has", f.HeadOffice)
	tellBranch(w, "the store has", f.Box)
	for i, t := range f.Both {
		if i == maxForkLines {
			fmt.Fprintf(w, "  and %d more: --json lists them\n", len(f.Both)-i)
			break
		}
		fmt.Fprintf(w, "entry %d of the store is entry %d of epoch %d at head office: it counts once\n", t.Box, t.HeadOffice.Seq, t.HeadOffice.Epoch)
	}
	switch {
	case f.Next != 0:
		fmt.Fprintln(w, "next: restart the store's agent")
	case f.Box.Count == 0:
		fmt.Fprintln(w, "next: let the store's agent reach head office, it shows its branch then; look again")
	default:
		fmt.Fprintf(w, "next, if one box sold in both: headoffice fork resolve --dir DIR --store %d --note TEXT, then restart its agent\n", f.Store)
		fmt.Fprintf(w, "next, if there are two boxes: stop the wrong one, and enrol the right one with a code\n")
	}
}

func tellBranch(w io.Writer, who string, b headoffice.BranchReport) {
	if b.Count == 0 {
		fmt.Fprintf(w, "%s no other entries\n", who)
		return
	}
	fmt.Fprintf(w, "%s %d to %d besides, %d in all:\n", who, b.First, b.Last, b.Count)
	for i, e := range b.Entries {
		if i == maxForkLines {
			fmt.Fprintf(w, "  and %d more\n", b.Count-i)
			break
		}
		fmt.Fprintf(w, "  %6d  %-9s %s  lane %d", e.Seq, e.Kind, e.At, e.Lane)
		if e.Member != 0 {
			fmt.Fprintf(w, "  member %d", e.Member)
		}
		fmt.Fprintln(w)
	}
	for i, m := range b.Members {
		if i == maxForkLines {
			fmt.Fprintf(w, "  and %d more members: --json lists them\n", len(b.Members)-i)
			break
		}
		fmt.Fprintf(w, "  points of member %d change by %+d\n", m.Member, m.Points)
	}
}
