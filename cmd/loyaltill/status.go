package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"loyaltill/agent"
	"loyaltill/devices/reader"
)

type statusCommand struct {
	configured
	JSON bool `help:"As the API gives it."`
}

// Run asks the running agent.
func (c *statusCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	var st agent.Status
	if err := (agentCall{method: http.MethodGet, path: "/v1/status"}).do(ctx, cfg, &st); err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(st)
	}
	printStatus(s, st)
	return nil
}

func printStatus(s streams, st agent.Status) {
	fmt.Fprintf(s.out, "store %d, %s, business day %s, version %s\n", st.Store, st.Name, st.Day, st.Version)
	fmt.Fprintf(s.out, "upload: %s, head office has %d of %d entries\n", st.Sync.State, st.Sync.Through, st.Sync.Head)
	if st.Programme == "" {
		fmt.Fprintln(s.out, "programme: none in force; connect to head office once")
	} else {
		fmt.Fprintf(s.out, "programme: %.12s\n", st.Programme)
	}
	if st.Sync.Refused != "" {
		fmt.Fprintf(s.out, "programme %.12s came without head office's signature and is not used; publish it again\n", st.Sync.Refused)
	}
	printPaper(s, st.Paper)
	for _, l := range st.Lanes {
		fmt.Fprintf(s.out, "lane %d, %s: reader %s %s, card %s, printer %s %s, %d print jobs open\n",
			l.Lane, l.Name, l.Reader.State, l.Reader.Code, l.Card.State, l.Printer.State, l.Printer.Code, l.Jobs)
		if p := l.Printer; p.Level != "" {
			_, _ = fmt.Fprintf(s.out, "  printer %s, serial number %q at %s, says of a paper: %s\n", cmp.Or(p.Model, "of unknown model"), p.Serial, p.Device, p.Level)
		}
	}
	for _, kind := range agent.AlertKinds() {
		if n := st.Alerts[kind]; n > 0 {
			_, _ = fmt.Fprintf(s.out, "alert %s: %d not looked at; see Alerts on the manager page\n", kind, n)
		}
	}
	for _, d := range st.Debits {
		_, _ = fmt.Fprintf(s.out, "sale %s waits for card %v: %d points since %s%s\n", d.Sale, d.Card, d.Points, d.Since.Format(time.RFC3339), openDebit(d))
	}
}

// openDebit says what is known of a sale that hangs on a card.
func openDebit(d agent.OpenDebit) string {
	switch {
	case d.Dropped:
		return "; dropped, the points go back at the next tap or by head office"
	case d.Paid:
		return "; the card has paid: drop the sale if the goods were not handed out"
	case d.Forgotten:
		return "; the card no longer remembers it, head office decides"
	}
	return ""
}

// cardSupport says whether this build can speak with card readers.
func cardSupport() string {
	if _, err := reader.Probe(); errors.Is(err, reader.ErrNotBuilt) {
		return "without PC/SC"
	}
	return "with pcsc"
}
