package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/api"
	"loyaltill/agent/setup"
	"loyaltill/internal/i18n"
	"loyaltill/internal/web"
)

// FirstStart is what the setup page of a store without a configuration need not ask.
type FirstStart struct {
	Office    string `help:"First start: head office's address, for pairing codes that do not bring it." env:"LOYALTILL_OFFICE" placeholder:"URL"`
	Listen    string `help:"First start: address of the setup page, and of the API after it." default:"127.0.0.1:8787" placeholder:"HOST:PORT"`
	Ports     string `help:"First start: folder in which the system names serial ports by their device." default:"/dev/serial/by-id" type:"path" placeholder:"DIR"`
	NoBrowser bool   `help:"First start: do not open the setup page on the desktop."`
}

// setUp serves the setup page until the store has a configuration and an identity. A store that has both is left alone.
func (f FirstStart) setUp(ctx context.Context, config string, s streams) error {
	log := newLog(agent.DefaultConfig(), s)
	first, needed, err := setup.Begin(setup.Options{Config: config, Office: f.Office, Listen: f.Listen, Ports: f.Ports, Log: log, Now: time.Now})
	if err != nil || !needed {
		return err
	}
	token := rand.Text() // of this setup alone; the tills get their own
	server := api.NewSetup(first, api.Options{Token: token, Language: i18n.English, Pages: web.SetupPages(), Version: version},
		func() (string, error) { return api.LoadToken(first.Config().API.TokenFile) }, log)
	listener, err := net.Listen("tcp", first.Config().API.Listen)
	if err != nil {
		return fmt.Errorf("listen for the setup page: %w; is another agent running? else give a free address with --listen", err)
	}
	page := "http://" + listener.Addr().String() + "/setup/#token=" + token
	if err := tellReady(s, map[string]string{"setup": page}); err != nil {
		return err
	}
	log.Info().Str("config", config).Msg("no configuration: the setup page waits")
	finished := func(ctx context.Context) error {
		select {
		case <-first.Done():
		case <-ctx.Done():
		}
		return nil
	}
	shown := func(ctx context.Context) error {
		if !f.NoBrowser {
			showPage(ctx, page, log)
		}
		return finished(ctx)
	}
	return together(ctx, finished, shown, func(ctx context.Context) error { return server.Serve(ctx, listener) })
}

// showPage opens a page in the browser of the desktop, where there is one.
func showPage(ctx context.Context, page string, log zerolog.Logger) {
	var open *exec.Cmd
	switch {
	case runtime.GOOS == "windows":
		open = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", page)
	case runtime.GOOS == "darwin":
		open = exec.CommandContext(ctx, "open", page)
	case os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "":
		open = exec.CommandContext(ctx, "xdg-open", page)
	default:
		return // the address was printed
	}
	if err := open.Run(); err != nil && !errors.Is(err, context.Canceled) {
		log.Warn().Err(err).Msg("no browser opens; the address of the setup page was printed")
	}
}
