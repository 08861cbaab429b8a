// Loyaltill-sandbox is a shop for developers of POS software: a head office, agents, and simulated readers, cards and printers, all started at
// once on loopback, and a table of every answer that the agent can give with the calls that bring it (docs/sandbox.md).
//
// It owns the processes that it starts and a folder that it empties first. It answers nothing in the agent's place: every outcome is the product's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"loyaltill/internal/pcscd"
)

func main() {
	code, isolated, err := pcscd.Isolate(context.Background())
	if isolated {
		os.Exit(code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loyaltill-sandbox: no private card service, so no pinpad and no PC/SC:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "loyaltill-sandbox:", err)
		stop()
		os.Exit(1)
	}
}

// Addresses that a developer can note down; a test takes free ones.
const (
	agentAddress = "127.0.0.1:8787"
	simAddress   = "127.0.0.1:8788"
	boxAddress   = "127.0.0.1:8790"
)

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("loyaltill-sandbox", flag.ContinueOnError)
	o := options{}
	flags.StringVar(&o.bin, "bin", "bin", "folder with the three programs")
	flags.StringVar(&o.dir, "out", "out/sandbox", "folder for everything it writes; emptied first")
	flags.StringVar(&o.agent, "agent", agentAddress, "loopback address of the agent")
	flags.StringVar(&o.sim, "simulators", simAddress, "loopback address of the simulators")
	flags.StringVar(&o.box, "control", boxAddress, "loopback address of the sandbox's own control")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, err := open(ctx, o)
	defer func() { err = errors.Join(err, b.close()) }()
	if err != nil {
		return err
	}
	b.invite(out)
	select {
	case <-ctx.Done():
		return nil
	case <-b.broken:
		return errors.New("the control has ended; logs are in " + b.shop.Log())
	}
}

// invite says where everything is.
func (b *sandbox) invite(out io.Writer) {
	fmt.Fprintf(out, `
Till page:   %s
Agent:       %s   (docs/agent.openapi.yaml; the token is in %s)
Simulators:  %s/bench puts cards in, %s/paper shows what is printed
Control:     %s   head office away, agent restarted, another programme
Cards:       %s; PIN %s
Outcomes:    docs/sandbox.md; first, in this shell:  . %s

Ctrl-C stops it all; the next start begins anew.
`, b.shop.TillPage(), b.shop.API.Base, b.tokenFile(), b.shop.Bench.Base, b.shop.Bench.Base, b.control, b.shop.CardPath, magicPIN, b.envFile())
}
