// Loyaltill is the store agent: it reads loyalty cards, applies the programme's rules to each sale offline, prints receipts
// and coupons, keeps the store's ledger and uploads it to head office.
//
// It owns the command line and the order in which the parts start and stop; what they do is decided in their packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a till without zone files still knows its business day

	"github.com/alecthomas/kong"

	"loyaltill/agent"
)

// version is set when a release is built.
const version = "0.1.0"

const defaultConfig = "/etc/loyaltill/loyaltill.toml"

type commands struct {
	Run       runCommand       `cmd:"" help:"Serve the store's tills until stopped."`
	Enrol     enrolCommand     `cmd:"" help:"Give a new box its identity, with the code that head office printed."`
	Config    configCommand    `cmd:"" help:"Print an annotated example of the configuration file, or check one."`
	Doctor    doctorCommand    `cmd:"" help:"Check readers, printers, clock, disk, database and head office, a line each with the remedy."`
	Status    statusCommand    `cmd:"" help:"Show how the running agent is doing."`
	Programme programmeCommand `cmd:"" help:"Check programme documents, compare two versions, try one with scenarios."`
	Explain   explainCommand   `cmd:"" help:"Say what a basket would earn and cost under a programme, and why."`
	Card      cardCommand      `cmd:"" help:"Check profiles for cards of other makers, and try them on a card."`
	Printer   printerCommand   `cmd:"" help:"Import, check and commission printer profiles."`
	Coupon    couponCommand    `cmd:"" help:"Print coupons in batches, look at what became of them, take them out of use."`
	GiftCard  giftCardCommand  `cmd:"" help:"Print gift cards that are to be sold."`
	Staff     staffCommand     `cmd:"" help:"Who works here: numbers, roles and PINs for the manager page."`
	Paper     paperCommand     `cmd:"" help:"Check templates of what is printed, and look at them."`
	Verify    verifyCommand    `cmd:"" help:"Prove the store's ledger: chain, sums and lots."`
	Bundle    bundleCommand    `cmd:"" help:"Put what support needs to know into a file that only support can open."`
	Backup    backupCommand    `cmd:"" help:"Copy the store's databases into one file, also while the agent runs."`
	Restore   restoreCommand   `cmd:"" help:"Put a backup in the place of the store's databases."`
	Rebuild   rebuildCommand   `cmd:"" help:"Fetch head office's registers anew, and count again what follows from the ledger."`
	Prune     pruneCommand     `cmd:"" help:"Take away the details of old entries that head office has."`
	Export    exportCommand    `cmd:"" help:"Write what head office has not got as files, for a stick."`
	Import    importCommand    `cmd:"" help:"Take head office's answers from a stick."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// configured is what commands that work on one store share.
type configured struct {
	Config string `help:"Configuration file." default:"${config}" type:"path" short:"c"`
}

func (c configured) load() (agent.Config, error) { return agent.LoadConfig(c.Config) }

// streams are where a command writes.
type streams struct{ out, err io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program; tests call it. It gives the exit code: 0 done, 1 failed, 2 wrong usage, 3 and from 10 on a ledger that
// does not verify.
func run(ctx context.Context, args []string, s streams) int {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("loyaltill"), kong.Description("The loyalty agent of one store."),
		kong.Vars{"config": defaultConfig}, kong.Writers(s.out, s.err), kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(s.err, "loyaltill:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit // help was asked for
	}
	if err != nil {
		parser.FatalIfErrorf(err)
		return 2
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(s)
	err = command.Run()
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(s.err, "loyaltill:", err)
		return 1
	}
	return 0
}

// exitCode ends the program with a code after the command has said everything itself.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
