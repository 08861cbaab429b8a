// Command headoffice is head office as a program: it serves stores, enrols them, signs cards, publishes programmes, and
// hands closed days to the back office.
//
// It only reads the command line and prints; what is done is in sync/headoffice. It must never print a key, a PIN or a
// whole card number.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // stores name time zones; the machine may have none

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/headoffice"
)

// Exit codes.
const (
	exitFailed = 1 // something went wrong, or verify found something
	exitUsage  = 2 // the command line is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// console is where commands write, and what they have from outside.
type console struct {
	in       io.Reader
	out, err io.Writer
}

func (c *console) options() headoffice.Options {
	return headoffice.Options{Clock: time.Now, Entropy: rand.Reader, Version: version(), Log: zerolog.New(c.err).With().Timestamp().Logger()}
}

// run is the whole program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{in: stdin, out: stdout, err: stderr}
	code := -1 // help was printed
	var commands cli
	parser, err := kong.New(&commands, kong.Name("headoffice"), kong.Description("Loyaltill head office."),
		kong.Writers(stdout, stderr), kong.Exit(func(n int) { code = n }), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(c))
	if err != nil {
		fmt.Fprintln(stderr, "headoffice:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if code >= 0 {
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "headoffice: %v; \"headoffice --help\" lists what there is\n", err)
		return exitUsage
	}
	if err := parsed.Run(); err != nil {
		c.fail(parsed.Command(), err)
		return exitFailed
	}
	return 0
}

// fail prints an error so that the reader knows what to change.
func (c *console) fail(command string, err error) {
	var faults loyalty.Errors
	if errors.As(err, &faults) {
		fmt.Fprintf(c.err, "%v\n", err) // one line each, with its place
		return
	}
	fmt.Fprintf(c.err, "headoffice %s: %v\n", command, err)
}
