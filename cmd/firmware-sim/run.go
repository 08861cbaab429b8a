package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"loyaltill/firmware-sim/cardsim"
	"loyaltill/firmware-sim/printersim"
)

type runCommand struct {
	Control string   `help:"Address of the control interface, on loopback." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	Cards   string   `help:"Folder of the cards." type:"path" placeholder:"DIR"`
	Reader  []string `help:"A virtual reader: vpcd's at HOST:PORT, or one of our own driver with a pinpad, at the socket PATH; with options: serial (of the latter), card, link, clock." sep:"none" placeholder:"NAME=HOST:PORT|unix:PATH[,OPTION=VALUE...]"`
	Printer []string `help:"A printer on a pty or a TCP port, with options: personality, serial, speed, buffer, baud, clock." sep:"none" placeholder:"NAME=pty:LINK|tcp:HOST:PORT[,OPTION=VALUE...]"`
	Speed   float64  `help:"How much faster than real the printers' mechanics run." default:"1"`
}

// bench is everything on the table.
type bench struct {
	cards    *cardsim.Bench
	readers  map[string]string
	printers *printersim.Bench
}

// ready is the line on standard output that says that the devices are there.
type ready struct {
	Control  string            `json:"control"`
	Readers  map[string]string `json:"readers"`
	Printers map[string]string `json:"printers"`
}

// Run opens everything, says so, and serves until ctx ends.
func (c runCommand) Run(ctx context.Context, s streams, from seed) error {
	if err := loopbackOnly(c.Control); err != nil {
		return err
	}
	log := zerolog.New(s.err).With().Timestamp().Logger()
	b, err := c.open(log, from)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Control)
	if err != nil {
		return errors.Join(fmt.Errorf("control interface: %w", err), b.printers.Close())
	}
	control := "http://" + listener.Addr().String()
	said := ready{Control: control, Readers: b.readers, Printers: b.printers.Devices()}
	if err := json.NewEncoder(s.out).Encode(said); err != nil {
		return errors.Join(err, listener.Close(), b.printers.Close())
	}
	return b.serve(ctx, listener)
}

// serve runs until ctx ends or a part fails.
func (b *bench) serve(ctx context.Context, listener net.Listener) error {
	work, ctx := errgroup.WithContext(ctx)
	server := &http.Server{Handler: guard(b.handler()), ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	work.Go(func() error { return b.printers.Run(ctx) })
	if b.cards != nil {
		work.Go(func() error { return b.cards.Run(ctx) })
	}
	work.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("control interface: %w", err)
		}
		return nil
	})
	work.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return errors.Join(server.Shutdown(last), server.Close())
	})
	return work.Wait()
}

func (c runCommand) open(log zerolog.Logger, from seed) (*bench, error) {
	b := &bench{readers: map[string]string{}}
	if len(c.Reader) > 0 && c.Cards == "" {
		return nil, errors.New("readers need --cards, the folder of the cards")
	}
	var printers []printersim.PrinterConfig
	for _, text := range c.Printer {
		p, err := parsePrinter(text, c.Speed)
		if err != nil {
			return nil, fmt.Errorf("--printer %s: %w", text, err)
		}
		printers = append(printers, p)
	}
	var readers []cardsim.ReaderConfig
	for _, text := range c.Reader {
		r, err := parseReader(text)
		if err != nil {
			return nil, fmt.Errorf("--reader %s: %w", text, err)
		}
		readers = append(readers, r)
		b.readers[r.Name] = r.Addr
	}
	var err error
	if c.Cards != "" {
		if b.cards, err = cardsim.OpenBench(c.Cards, readers, log); err != nil {
			return nil, err
		}
		if from.value != nil {
			b.cards.UseSeed(*from.value)
		}
	}
	b.printers, err = printersim.OpenBench(printers, log)
	return b, err
}

// parseReader reads NAME=HOST:PORT or NAME=unix:PATH and options behind commas.
func parseReader(text string) (cardsim.ReaderConfig, error) {
	name, rest, _ := strings.Cut(text, "=")
	parts := strings.Split(rest, ",")
	r := cardsim.ReaderConfig{Name: name, Addr: parts[0]}
	if r.Addr == "" {
		return r, errors.New("want NAME=HOST:PORT or NAME=unix:PATH")
	}
	for _, option := range parts[1:] {
		if err := setReaderOption(&r, option); err != nil {
			return r, err
		}
	}
	return r, nil
}

func setReaderOption(r *cardsim.ReaderConfig, option string) error {
	key, value, _ := strings.Cut(option, "=")
	switch {
	case key == "serial" && strings.HasPrefix(r.Addr, "unix:"):
		r.Serial = value
	case key == "card":
		r.Pace.Card = value
	case key == "link":
		r.Pace.Link = value
	case key == "clock" && (value == "real" || value == "virtual"):
		r.Pace.Virtual = value == "virtual"
	default:
		return fmt.Errorf("option %q is none of serial (at unix:PATH), card, link, clock=real, clock=virtual", option)
	}
	return nil
}

// parsePrinter reads NAME=pty:LINK or NAME=tcp:HOST:PORT and options behind commas.
func parsePrinter(text string, speed float64) (printersim.PrinterConfig, error) {
	cfg := printersim.PrinterConfig{Speed: speed}
	name, rest, _ := strings.Cut(text, "=")
	parts := strings.Split(rest, ",")
	kind, place, _ := strings.Cut(parts[0], ":")
	cfg.Name = name
	switch {
	case kind == "pty" && place != "":
		cfg.PTYLink = place
	case kind == "tcp" && place != "":
		if err := loopbackOnly(place); err != nil {
			return cfg, err
		}
		cfg.TCPAddr = place
	default:
		return cfg, errors.New("want NAME=pty:LINK or NAME=tcp:HOST:PORT")
	}
	for _, option := range parts[1:] {
		if err := setOption(&cfg, option); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

func setOption(cfg *printersim.PrinterConfig, option string) (err error) {
	key, value, _ := strings.Cut(option, "=")
	switch key {
	case "personality":
		cfg.Personality = value
	case "serial":
		cfg.Serial = value
	case "speed":
		cfg.Speed, err = strconv.ParseFloat(value, 64)
	case "buffer":
		cfg.BufferSize, err = strconv.Atoi(value)
	case "baud":
		cfg.Baud, err = strconv.Atoi(value)
	case "clock":
		cfg.Virtual = value == "virtual"
		if value != "real" && value != "virtual" {
			err = errors.New("want real or virtual")
		}
	default:
		return fmt.Errorf("option %q is none of personality, serial, speed, buffer, baud, clock", key)
	}
	if err != nil {
		return fmt.Errorf("option %s: %w", key, err)
	}
	return nil
}
