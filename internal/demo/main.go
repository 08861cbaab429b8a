// Demo plays a store's morning on the product itself: head office, the agent and the firmware simulators as processes of
// their own, cards through pcscd, the printer through a pty. It checks every figure against expectations worked out by
// hand (morning.yaml) and ends with status 0 only when all of them came out.
//
// It owns the story and its expectations, and decides nothing: what happens, happens through the agent's public API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"loyaltill/internal/pcscd"
	"loyaltill/internal/stage"
)

const playLimit = 60 * time.Second

func main() {
	code, isolated, err := pcscd.Isolate(context.Background())
	if isolated {
		os.Exit(code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: no private card service:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	bin := flags.String("bin", "bin", "folder with the three programs")
	out := flags.String("out", "out/demo", "folder for everything it writes; emptied first")
	programme := flags.String("programme", "internal/demo/programme.yaml", "programme to publish")
	tale := flags.String("story", "internal/demo/morning.yaml", "what happens and what must come out")
	stay := flags.Bool("stay", false, "set everything up and stay, for trying it out")
	link := flags.Bool("link", false, "cards over the direct link even where there is a card service")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := readStory(*tale)
	if err != nil {
		return err
	}
	o := stage.Options{Bin: *bin, Dir: *out, Programme: *programme, Members: s.Members, Speed: 4, NoPCSC: *link, PINAtTill: !*stay}
	if *stay {
		o.Speed, o.APIListen = 1, "127.0.0.1:8787"
	}
	began := time.Now()
	shop, err := stage.Open(ctx, o)
	defer func() { err = errors.Join(err, shop.Close()) }()
	if err != nil {
		return err
	}
	if *stay {
		return invite(ctx, shop)
	}
	ctx, cancel := context.WithTimeout(ctx, playLimit)
	defer cancel()
	p := &player{shop: shop, out: filepath.Join(*out, "paper"), began: began}
	if err := os.MkdirAll(p.out, 0o755); err != nil {
		return err
	}
	fmt.Printf("Cards: %s\nPrinter: a pty. Everything it writes: %s\n", shop.CardPath, *out)
	return p.play(ctx, s)
}

// invite says where everything is and waits for Ctrl-C.
func invite(ctx context.Context, shop *stage.Shop) error {
	fmt.Printf("\nTill page:   %s\nSimulators:  %s   (put cards in, take paper out)\nCards:       %s\n", shop.TillPage(), shop.Bench.Base, shop.CardPath)
	for _, m := range shop.Members {
		fmt.Printf("Card %-8s PIN %s, receipts in %s:  curl -X PUT %s/readers/till1/card -H 'Content-Type: application/json' -d '{\"card\":\"%s\"}'\n", m.Name, m.PIN, m.Language, shop.Bench.Base, m.Name)
	}
	fmt.Println("Ctrl-C stops it all.")
	select {
	case <-ctx.Done():
		return nil
	case <-shop.Agent.Done():
		return errors.New("the agent has ended; its log is in " + shop.Log())
	}
}
