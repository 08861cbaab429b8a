package printersim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const (
	// hostPoll is how often the line is looked at while no host has it open.
	hostPoll = 10 * time.Millisecond
	// hostGone is how long a host must have been away before the pty is replaced. A killed host leaves its exclusive
	// lock and unread answers behind; nobody but root could open that pty again, and its successor would read them.
	hostGone = 100 * time.Millisecond
	// readAgain bounds how long a byte waits whose wake-up got lost between kernel and poller. In thousands of runs on a
	// loaded machine one read slept for ever beside a host that had written.
	readAgain = time.Second
	// bitsPerByte of a serial line: start, eight data, stop.
	bitsPerByte = 10
	readChunk   = 256
	pacedChunk  = 16 // finer, where bytes take their time
)

var errHostGone = errors.New("host closed the line")

// ptyCable is a serial line: a pty whose name is kept behind a symbolic link.
type ptyCable struct {
	usual string // path of the link
	baud  int
	clock func() time.Time

	mu     sync.Mutex
	link   string // path in use
	master *os.File
}

func newPTYCable(cfg PrinterConfig, clock func() time.Time) (cable, error) {
	path, err := filepath.Abs(cfg.PTYLink)
	if err != nil {
		return nil, fmt.Errorf("pty link %s: %w", cfg.PTYLink, err)
	}
	return &ptyCable{usual: path, link: path, baud: cfg.Baud, clock: clock}, nil
}

func (c *ptyCable) holds() bool   { return false }
func (c *ptyCable) powered() bool { return false }

func (c *ptyCable) device() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

func (c *ptyCable) plug(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = c.usual
	if name != "" {
		c.link = filepath.Join(filepath.Dir(c.usual), filepath.Base(name))
	}
	master, err := c.point()
	if err != nil {
		return err
	}
	c.master = master
	return nil
}

// point makes a raw pty and lets the link name it.
func (c *ptyCable) point() (*os.File, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open pty: %w", err)
	}
	defer func() { _ = slave.Close() }()
	err = errors.Join(makeRaw(slave), setNonblock(master))
	if err == nil {
		err = replaceLink(slave.Name(), c.link)
	}
	if err != nil {
		_ = master.Close()
		return nil, fmt.Errorf("pty for %s: %w", c.link, err)
	}
	return master, nil
}

// replaceLink never removes what is not a symbolic link.
func replaceLink(target, path string) error {
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode()&os.ModeSymlink == 0:
		return fmt.Errorf("%s exists and is not a symbolic link", path)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	fresh := path + ".new"
	_ = os.Remove(fresh) // of a simulator that was killed in between
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// control runs f on the descriptor without making the file blocking, which File.Fd would.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = f(int(fd)) })
	return errors.Join(err, inner)
}

// setNonblock gives the master back to Go's poller: the pty library left it blocking, and then Close would not end a Read.
func setNonblock(f *os.File) error {
	return control(f, func(fd int) error { return unix.SetNonblock(fd, true) })
}

// makeRaw switches echo and translation off before the first host comes; the setting outlives our own descriptor.
func makeRaw(f *os.File) error {
	return control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		if err != nil {
			return err
		}
		t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
		t.Cflag &^= unix.CSIZE | unix.PARENB
		t.Cflag |= unix.CS8
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		return unix.IoctlSetTermios(fd, unix.TCSETS, t)
	})
}

// unplug takes the device away; a host that has it open reads its end.
func (c *ptyCable) unplug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master == nil {
		return
	}
	_ = os.Remove(c.link)
	_ = c.master.Close()
	c.master = nil
}

func (c *ptyCable) serve(ctx context.Context, in chan<- []byte, out <-chan []byte) error {
	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.unplug()
	work.Go(func() { c.answer(ctx, out) })
	for {
		err := c.listen(ctx, in)
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, errHostGone) {
			return err
		}
		if err := c.renew(); err != nil {
			return err
		}
	}
}

// listen carries bytes from hosts until ctx ends or the last one has gone for good.
func (c *ptyCable) listen(ctx context.Context, in chan<- []byte) error {
	master := c.current()
	if master == nil {
		return nil
	}
	chunk := readChunk
	if c.baud > 0 {
		chunk = pacedChunk
	}
	seen, absent := false, time.Duration(0)
	for {
		data := make([]byte, chunk)
		if err := master.SetReadDeadline(c.clock().Add(readAgain)); err != nil {
			return fmt.Errorf("read %s: %w", c.device(), err)
		}
		n, err := master.Read(data)
		if n > 0 {
			seen, absent = true, 0
			noise := c.disagreement(master)
			for i, b := range data[:n] {
				data[i] = noise.toPrinter(b)
			}
			if !wait(ctx, c.lineTime(n)) || !hand(ctx, in, data[:n]) {
				return nil
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded): // look again
		case errors.Is(err, unix.EIO):
			if absent += hostPoll; seen && absent >= hostGone {
				return errHostGone
			}
			if !wait(ctx, hostPoll) {
				return nil
			}
		case err != nil:
			return fmt.Errorf("read %s: %w", c.device(), err)
		}
	}
}

// renew replaces the pty behind the link, unless a host has come back to the old one meanwhile.
func (c *ptyCable) renew() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master == nil {
		return nil
	}
	old, err := os.Readlink(c.link)
	if err != nil {
		return err
	}
	fresh, err := c.point()
	if err != nil {
		return err
	}
	if open, err := hasHost(c.master); err != nil || open {
		_ = fresh.Close()
		return errors.Join(err, replaceLink(old, c.link))
	}
	_ = c.master.Close()
	c.master = fresh
	return nil
}

// hasHost asks the kernel whether the other end is open.
func hasHost(master *os.File) (bool, error) {
	open := false
	err := control(master, func(fd int) error {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		_, err := unix.Poll(p, 0)
		for errors.Is(err, unix.EINTR) { // Go's scheduler sends signals
			_, err = unix.Poll(p, 0)
		}
		open = p[0].Revents&unix.POLLHUP == 0
		return err
	})
	return open, err
}

func (c *ptyCable) answer(ctx context.Context, out <-chan []byte) {
	for {
		select {
		case <-ctx.Done():
			return
		case data := <-out:
			master := c.current()
			if master == nil {
				return
			}
			if open, err := hasHost(master); err != nil || !open {
				continue // nobody listens to a serial line: what is sent is gone
			}
			data = c.disagreement(master).toHost(data)
			_, _ = master.Write(data) // a line that is gone is noticed by its reader
			wait(ctx, c.lineTime(len(data)))
		}
	}
}

func (c *ptyCable) current() *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.master
}

func (c *ptyCable) lineTime(n int) time.Duration {
	if c.baud == 0 {
		return 0
	}
	return time.Duration(n) * bitsPerByte * time.Second / time.Duration(c.baud)
}

// disagreement says whether the host has set another speed than the line has, if it has one. Its parity cannot be seen:
// Linux clears that setting of a pty.
func (c *ptyCable) disagreement(master *os.File) lineNoise {
	if c.baud == 0 {
		return lineNoise{}
	}
	other := false
	_ = control(master, func(fd int) error { // a line that is gone is noticed by its reader
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS2) // of the pair: the host's setting
		other = err == nil && int(t.Ospeed) != c.baud
		return err
	})
	return lineNoise{speed: other}
}

// wait sleeps and says whether the full time passed.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
