package headoffice

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// stopTimeout is how long running requests may take when the server is asked to stop.
const stopTimeout = 10 * time.Second

// Serve answers stores and back offices at a listener until ctx ends. ready is called once everything listens.
func (o *Office) Serve(ctx context.Context, listener net.Listener, ready func()) (err error) {
	tlsConfig, err := o.home.Keys.serverTLS(o.clock)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	door, at, err := openDoor(o.home.Dir)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, os.Remove(filepath.Join(o.home.Dir, doorFile))) }()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	public := o.httpServer(ctx, o.Handler())
	admin := o.httpServer(ctx, o.doorHandler(at.Token))
	admin.WriteTimeout = doorTimeout

	var wg sync.WaitGroup
	wg.Go(func() { stop(o.Run(ctx)) })
	wg.Go(func() { o.hear(ctx) })
	wg.Go(func() { o.makeSnapshots(ctx) })
	wg.Go(func() { o.notify(ctx) })
	wg.Go(func() { stop(serveUntil(ctx, public, tls.NewListener(listener, tlsConfig))) })
	wg.Go(func() { stop(serveUntil(ctx, admin, door)) })
	servers := []*http.Server{public, admin}
	if o.watch != nil {
		watch := o.httpServer(ctx, o.watchHandler())
		servers = append(servers, watch)
		wg.Go(func() { stop(serveUntil(ctx, watch, o.watch)) })
	}
	ready()
	<-ctx.Done()
	for _, server := range servers {
		err = errors.Join(err, shutdown(server))
	}
	wg.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// httpServer bounds every phase of a request. Requests end with ctx, so that long polls do not hold up a stop.
func (o *Office) httpServer(ctx context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(complaints{o.log}, "", 0),
	}
}

// complaints takes what the HTTP server says of its clients, such as failed handshakes: anybody can cause it.
type complaints struct{ log zerolog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.log.Debug().Str("said", string(bytes.TrimSpace(line))).Msg("http server")
	return len(line), nil
}

// serveUntil serves until the server is shut down; an error before ctx ended is one.
func serveUntil(ctx context.Context, s *http.Server, l net.Listener) error {
	err := s.Serve(l)
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve %v: %w", l.Addr(), err)
}

func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop serving: %w", err), s.Close())
	}
	return nil
}
