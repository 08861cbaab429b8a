package printersim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// tcpCable is the raw port of a network printer (usually 9100). It serves one host at a time and refuses others.
type tcpCable struct {
	addr string

	mu       sync.Mutex
	listener net.Listener
	host     *net.TCPConn
}

func (c *tcpCable) holds() bool   { return true }
func (c *tcpCable) powered() bool { return true }

func (c *tcpCable) device() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return "tcp:" + c.addr
}

func (c *tcpCable) plug(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	addr := c.addr
	if name != "" {
		addr = samePlace(c.addr, name)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	c.addr, c.listener = l.Addr().String(), l // a port that was 0 is kept from now on
	return nil
}

// samePlace gives another port at the host of an address: a printer stays where whoever started it put it. What is no
// port is refused by listening there.
func samePlace(addr, port string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr // cannot be: it was listened on
	}
	return net.JoinHostPort(host, port)
}

// unplug resets the host's connection, as a device does that vanishes.
func (c *tcpCable) unplug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != nil {
		_ = c.listener.Close()
	}
	c.dropHost()
}

func (c *tcpCable) dropHost() {
	if c.host != nil {
		_ = c.host.SetLinger(0)
		_ = c.host.Close()
		c.host = nil
	}
}

func (c *tcpCable) serve(ctx context.Context, in chan<- []byte, out <-chan []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	defer c.unplug()
	work.Go(func() { c.answer(ctx, out) })
	c.mu.Lock()
	listener := c.listener
	c.mu.Unlock()
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept on %s: %w", listener.Addr(), err)
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok || !c.adopt(ctx, tcp) {
			_ = conn.Close()
			continue
		}
		work.Go(func() { c.listen(ctx, tcp, in) })
	}
}

// adopt makes a connection the host's, unless there is one already.
func (c *tcpCable) adopt(ctx context.Context, conn *net.TCPConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.host != nil || ctx.Err() != nil {
		return false
	}
	c.host = conn
	return true
}

func (c *tcpCable) listen(ctx context.Context, conn *net.TCPConn, in chan<- []byte) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = conn.Close()
		if c.host == conn {
			c.host = nil
		}
	}()
	for {
		data := make([]byte, 512)
		n, err := conn.Read(data)
		if n > 0 && !hand(ctx, in, data[:n]) {
			return
		}
		if err != nil {
			return
		}
	}
}

func (c *tcpCable) answer(ctx context.Context, out <-chan []byte) {
	for {
		select {
		case <-ctx.Done():
			return
		case data := <-out:
			c.mu.Lock()
			host := c.host
			c.mu.Unlock()
			if host != nil {
				_, _ = host.Write(data) // a host that is gone is noticed by its reader
			}
		}
	}
}
