package pcscd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"loyaltill/firmware-sim/ifd"
)

const (
	perEntry   = 2 // readers of one driver entry, fixed when the driver was built
	startTries = 3 // somebody else may take a port between finding it free and using it
	readyLimit = time.Minute
	readyPoll  = 5 * time.Millisecond
	stopLimit  = 3 * time.Second

	// The readers that the distribution's package configures.
	packagedReader = "Virtual PCD 00 0"
	packagedPort   = 35963
)

// process is a running pcscd with its files.
type process struct {
	inst  installation
	dir   string
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended, once ended is closed
}

// Start runs a private service, which must be in a private view: see Isolate. It ends with ctx or Stop, and with this program.
func Start(ctx context.Context, opts Options) (*Daemon, error) {
	if opts.Readers < 0 || opts.Pinpads < 0 || opts.Readers+opts.Pinpads > MaxReaders {
		return nil, fmt.Errorf("start card service: %d readers and %d with a pinpad, together at most %d", opts.Readers, opts.Pinpads, MaxReaders)
	}
	inst, err := inspect(ctx)
	if err != nil {
		return nil, err
	}
	if !isolated(inst.run) {
		return nil, fmt.Errorf("%w: %s is not private to this program", ErrUnavailable, inst.run)
	}
	for range startTries {
		var d *Daemon
		if d, err = startOnce(ctx, inst, opts); err == nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("start card service: %w", err)
}

func startOnce(ctx context.Context, inst installation, opts Options) (*Daemon, error) {
	dir, err := os.MkdirTemp("", "pcscd-")
	if err != nil {
		return nil, err
	}
	d := &Daemon{Log: &Log{}, process: &process{inst: inst, dir: dir}}
	if err = d.configure(ctx, opts); err == nil {
		err = d.launch(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return d, nil
}

// configure writes the reader configuration and puts the drivers beside it.
func (d *Daemon) configure(ctx context.Context, opts Options) error {
	conf := filepath.Join(d.process.dir, "conf")
	if err := os.Mkdir(conf, 0o755); err != nil {
		return err
	}
	var text strings.Builder
	if err := d.configureReaders(&text, opts.Readers); err != nil {
		return err
	}
	if err := d.configurePinpads(ctx, &text, opts.Pinpads); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(conf, "readers"), []byte(text.String()), 0o644)
}

const readerEntry = "FRIENDLYNAME \"%s\"\nDEVICENAME %s\nLIBPATH %s\nCHANNELID 0x%X\n\n"

// configureReaders gives each pair of readers an entry with its own copy of the driver.
func (d *Daemon) configureReaders(text *strings.Builder, readers int) error {
	driver, err := os.ReadFile(d.process.inst.driver)
	if err != nil {
		return err
	}
	for entry := 1; len(d.Readers) < readers; entry++ {
		port, err := freePorts()
		if err != nil {
			return err
		}
		library := filepath.Join(d.process.dir, fmt.Sprintf("libifdvpcd-%d.so", entry))
		if err := os.WriteFile(library, driver, 0o755); err != nil {
			return err
		}
		fmt.Fprintf(text, readerEntry, fmt.Sprintf("Loyaltill %d", entry), fmt.Sprintf("/dev/null:0x%X", port), library, port)
		for slot := range min(perEntry, readers-len(d.Readers)) {
			d.Readers = append(d.Readers, fmt.Sprintf("Loyaltill %d 00 %02d", entry, slot))
			d.Ports = append(d.Ports, port+slot)
		}
	}
	return nil
}

// configurePinpads builds our own driver; all its readers share it.
func (d *Daemon) configurePinpads(ctx context.Context, text *strings.Builder, pinpads int) error {
	if pinpads == 0 {
		return nil
	}
	library, err := ifd.Build(ctx, d.process.dir)
	if errors.Is(err, ifd.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err != nil {
		return err
	}
	for n := 1; n <= pinpads; n++ {
		socket := filepath.Join(d.process.dir, fmt.Sprintf("pinpad-%d.sock", n))
		fmt.Fprintf(text, readerEntry, fmt.Sprintf("Loyaltill Pinpad %d", n), "unix:"+socket, library, n)
		d.Pinpads = append(d.Pinpads, fmt.Sprintf("Loyaltill Pinpad %d %02X 00", n, n-1)) // pcscd counts the readers of one driver
		d.Sockets = append(d.Sockets, socket)
	}
	return nil
}

// freePorts finds a port that is free together with the next one.
func freePorts() (int, error) {
	const tries = 50
	for range tries {
		first, err := net.Listen("tcp4", ":0")
		if err != nil {
			return 0, err
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp4", net.JoinHostPort("", strconv.Itoa(port+1)))
		_ = first.Close()
		if err == nil {
			_ = second.Close()
			return port, nil
		}
	}
	return 0, errors.New("no two free ports side by side")
}

// launch starts pcscd and waits until it takes clients and cards.
func (d *Daemon) launch(ctx context.Context) error {
	p := d.process
	p.cmd = exec.CommandContext(ctx, p.inst.program, append(p.inst.flags, "--config", filepath.Join(p.dir, "conf"))...)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopLimit
	p.cmd.Stdout, p.cmd.Stderr = d.Log, d.Log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.ended = make(chan struct{})
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return err
	}
	deadline := time.Now().Add(readyLimit)
	for !d.ready() {
		select {
		case <-p.ended:
			return fmt.Errorf("pcscd ended: %w\n%s", p.err, d.Log)
		case <-time.After(readyPoll):
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("pcscd is not ready after %v\n%s", readyLimit, d.Log), d.end())
		}
	}
	return nil
}

// run owns the process from start to end on one thread, because the kernel ties a child's death signal to its thread.
func (p *process) run(started chan<- error) {
	defer close(p.ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
	}
}

// ready looks whether the socket answers and every reader listens.
func (d *Daemon) ready() bool {
	if !answers(d.process.inst.socket()) {
		return false
	}
	for _, port := range d.Ports {
		if !listening(port) {
			return false
		}
	}
	return true
}

func answers(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// listening looks into the kernel's table: to connect would be to put a card in.
func listening(port int) bool {
	const listen = "0A"
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line) // number, local address:port, remote, state
			if len(fields) > 3 && fields[3] == listen && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				return true
			}
		}
	}
	return false
}

// Signal sends a signal to the service.
func (d *Daemon) Signal(s os.Signal) error {
	if d.process == nil {
		return ErrNotOurs
	}
	return d.process.cmd.Process.Signal(s)
}

// Restart ends the service, if it runs, and starts it again with the same readers.
func (d *Daemon) Restart(ctx context.Context) error {
	if d.process == nil {
		return ErrNotOurs
	}
	if err := d.end(); err != nil {
		return fmt.Errorf("restart card service: %w", err)
	}
	if err := d.launch(ctx); err != nil {
		return fmt.Errorf("restart card service: %w", err)
	}
	return nil
}

// Stop ends the service and removes its files. One that somebody else runs is left alone.
func (d *Daemon) Stop() error {
	if d.process == nil {
		return nil
	}
	return errors.Join(d.end(), os.RemoveAll(d.process.dir))
}

func (d *Daemon) end() error {
	p := d.process
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopLimit):
	}
	_ = p.cmd.Process.Kill()
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopLimit):
		return errors.New("pcscd does not end")
	}
}

// Running finds a service that somebody else runs with the packaged virtual readers.
func Running(ctx context.Context) (*Daemon, bool) {
	inst, err := inspect(ctx)
	if err != nil || !answers(inst.socket()) {
		return nil, false
	}
	d := &Daemon{}
	for slot := range perEntry {
		if port := packagedPort + slot; listening(port) {
			d.Readers = append(d.Readers, packagedReader+strconv.Itoa(slot))
			d.Ports = append(d.Ports, port)
		}
	}
	return d, len(d.Readers) > 0
}
