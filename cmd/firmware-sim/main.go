// Firmware-sim runs simulated loyalty cards, card readers and receipt printers as a process of its own, so that the agent
// meets them as it meets hardware: through a reader's socket, a serial line or a network port. It also makes the cards.
//
// It owns the command line and the control interface's door: loopback only, no other site's pages. What the devices do is
// decided in firmware-sim/cardsim and firmware-sim/printersim. It must never import the product that it is tested with.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
const version = "0.1.0"

type commands struct {
	Seed *uint64 `help:"Make everything that is drawn follow from this number: same seed and same actions, same bytes and faults." placeholder:"N"`

	Run     runCommand     `cmd:"" help:"Put readers and printers on the table and serve them until stopped."`
	Card    cardCommands   `cmd:"" help:"Make cards in a folder."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// seed is nil for real randomness.
type seed struct{ value *uint64 }

// streams are where a command writes.
type streams struct{ out, err io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program; tests call it. It gives the exit code: 0 done, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, s streams) int {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("firmware-sim"),
		kong.Description("Simulated cards, card readers and receipt printers."),
		kong.Writers(s.out, s.err), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(s.err, "firmware-sim:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit // help was asked for
	}
	if err != nil {
		fmt.Fprintln(s.err, "firmware-sim:", err)
		return 2
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(s, seed{cli.Seed})
	if err := command.Run(); err != nil {
		fmt.Fprintln(s.err, "firmware-sim:", err)
		return 1
	}
	return 0
}

type versionCommand struct{}

func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "firmware-sim", version)
	return err
}
