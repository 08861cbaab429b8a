package main

import (
	"context"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

type segmentCmd struct {
	Put     segmentPutCmd     `cmd:"" help:"Enter a segment, in place of the one of its id. All that is said must hold."`
	Drop    segmentDropCmd    `cmd:"" help:"Take a segment out."`
	Usual   segmentUsualCmd   `cmd:"" help:"Say how the list of what a member usually buys is made."`
	List    segmentListCmd    `cmd:"" help:"Print the segments and the rule of own articles."`
	Run     segmentRunCmd     `cmd:"" help:"Work out every member anew and tell the stores; the beginning of each day does so by itself."`
	Explain segmentExplainCmd `cmd:"" help:"Say of a member what he is in, what not, and by which figures."`
}

type segmentPutCmd struct {
	home
	ID          string   `arg:"" help:"Id of the segment, as conditions of programmes name it."`
	Attribute   []string `placeholder:"NAME=VALUE" help:"An attribute that members have; of several values of one name any."`
	Days        int      `placeholder:"N" help:"Days over which spend and visits are added up; a lifetime if not given."`
	LeastSpend  string   `placeholder:"AMOUNT" help:"Spent at least so much, such as 500.00."`
	MostSpend   string   `placeholder:"AMOUNT" help:"And at most."`
	LeastVisits int64    `placeholder:"N" help:"Bought at least so often."`
	MostVisits  int64    `placeholder:"N" help:"And at most."`
	LeastAgo    int      `placeholder:"DAYS" help:"The last purchase was so many days ago or longer."`
	MostAgo     int      `placeholder:"DAYS" help:"Or no longer."`
}

func (cmd *segmentPutCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	r := headoffice.SegmentRule{ID: cmd.ID, Attributes: cmd.Attribute, Days: cmd.Days, LeastVisits: cmd.LeastVisits, MostVisits: cmd.MostVisits,
		LeastAgo: cmd.LeastAgo, MostAgo: cmd.MostAgo}
	for _, a := range []struct {
		flag, text string
		into       *int64
	}{{"least-spend", cmd.LeastSpend, &r.LeastSpend}, {"most-spend", cmd.MostSpend, &r.MostSpend}} {
		if a.text == "" {
			continue
		}
		var ok bool
		if *a.into, ok = loyalty.ParseAmount(m.Home.Settings.Currency, a.text); !ok {
			return &headoffice.FieldError{Field: a.flag, Remedy: "give an amount such as 500.00", Err: fmt.Errorf("%q", a.text)}
		}
	}
	out, err := m.PutSegment(ctx, r)
	if err != nil {
		return err
	}
	return c.print(out)
}

type segmentDropCmd struct {
	home
	ID string `arg:"" help:"Id of the segment."`
}

func (cmd *segmentDropCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.DropSegment(ctx, cmd.ID)
	if err != nil {
		return err
	}
	return c.print(out)
}

type segmentUsualCmd struct {
	home
	Top   int   `xor:"what" required:"" placeholder:"N" help:"So many articles at most, those on most bills first."`
	Days  int   `default:"365" placeholder:"N" help:"Bills of so many days."`
	Least int64 `default:"2" placeholder:"N" help:"An article must be on so many bills."`
	Off   bool  `xor:"what" required:"" help:"Make no lists any more."`
}

func (cmd *segmentUsualCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	var rule *headoffice.PersonalRule
	if !cmd.Off {
		rule = &headoffice.PersonalRule{Top: cmd.Top, Days: cmd.Days, Least: cmd.Least}
	}
	out, err := m.PutPersonal(ctx, rule)
	if err != nil {
		return err
	}
	return c.print(out)
}

type segmentListCmd struct{ home }

func (cmd *segmentListCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.Audience(ctx)
	if err != nil {
		return err
	}
	return c.print(out)
}

type segmentRunCmd struct {
	home
	Day string `placeholder:"DAY" help:"The last day of every window; today if not given."`
}

func (cmd *segmentRunCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.Reckon(ctx, cmd.Day)
	if err != nil {
		return err
	}
	return c.print(out)
}

type segmentExplainCmd struct {
	home
	Member loyalty.MemberID `required:"" placeholder:"N" help:"Number of the member in the register."`
	Day    string           `placeholder:"DAY" help:"The last day of every window; today if not given."`
}

func (cmd *segmentExplainCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.ExplainSegments(ctx, cmd.Member, cmd.Day)
	if err != nil {
		return err
	}
	return c.print(out)
}

type memberSetCmd struct {
	home
	Member    loyalty.MemberID `required:"" placeholder:"N" help:"Number of the member in the register."`
	Attribute []string         `placeholder:"NAME=VALUE" help:"What is known of the member, such as city=riga; all that is not given again is forgotten."`
}

func (cmd *memberSetCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	if err := m.SetAttributes(ctx, cmd.Member, cmd.Attribute); err != nil {
		return err
	}
	return c.print(map[string]any{"member": cmd.Member, "attributes": append([]string{}, cmd.Attribute...)})
}
