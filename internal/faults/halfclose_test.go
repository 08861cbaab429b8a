//go:build linux

package faults

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// direction is one of the two streams of a connection.
type direction string

const (
	upstream   direction = "upstream"
	downstream direction = "downstream"
)

// halfLine passes on what a store and head office say until one direction has carried so many bytes. That one ends there, as if its sender had
// closed it; the other stays open.
type halfLine struct {
	url   string
	to    string
	mu    sync.Mutex
	ends  direction // none: neither does
	after int64
	work  sync.WaitGroup
}

// newHalfLine serves until the test has ended.
func newHalfLine(t *testing.T, to string) *halfLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &halfLine{url: "https://" + listener.Addr().String(), to: to}
	l.work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			l.work.Go(func() { l.pass(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		l.work.Wait()
	})
	return l
}

func (l *halfLine) close(d direction, after int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends, l.after = d, after
}

func (l *halfLine) pass(from *net.TCPConn) {
	defer from.Close()
	conn, err := net.DialTimeout("tcp", l.to, syncLimit)
	if err != nil {
		return // head office is not there
	}
	to := conn.(*net.TCPConn)
	defer to.Close()
	l.mu.Lock()
	ends, after := l.ends, l.after
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { half(to, from, ends == upstream, after) })
	both.Go(func() { half(from, to, ends == downstream, after) })
	both.Wait()
}

// half carries one direction. What comes behind its end is taken and forgotten, so that nobody notices otherwise.
func half(to, from *net.TCPConn, ends bool, after int64) {
	if ends {
		_, _ = io.CopyN(to, from, after)
	} else {
		_, _ = io.Copy(to, from)
	}
	_ = to.CloseWrite()
	_, _ = io.Copy(io.Discard, from)
}

// One direction of the line ends, at once or somewhere in a request or an answer, while the other stays open: on each thing that a store asks
// the answer is right or there is none, nobody waits for ever, and what head office holds only grows.
func TestALineThatIsHalfClosedGivesARightAnswerOrNone(t *testing.T) {
	t.Parallel()
	shop := openShop(t, nil)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	l := newHalfLine(t, strings.TrimPrefix(identityURL(t, shop.Identity), "https://"))
	a := &asker{box: openBox(t, shop.Identity, l.url, time.Now), t: t}
	t.Cleanup(a.client.Close) // before the line waits for its connections
	for range 5 {
		a.post(t)
	}
	a.askAll("nothing yet")
	answered, failed := 0, 0
	for _, d := range []direction{upstream, downstream} {
		for _, after := range []int64{0, 100, 1200, 2200, 3200, 1 << 20} { // in the greetings, in a request or answer, behind all
			for _, e := range endpoints() {
				a.post(t)
				l.close(d, after)
				err := a.ask(e)
				l.close("", 0)
				if err == nil {
					answered++
				} else {
					failed++
				}
				if after == 0 && err == nil || after == 1<<20 && err != nil {
					t.Errorf("%s %s ends after %d bytes: %v", e.name, d, after, err)
				}
			}
			a.askAll("half-close " + string(d))
		}
	}
	t.Logf("%d calls answered, %d failed, %d entries", answered, failed, a.held)
	if out, err := shop.Run(t.Context(), "headoffice", "verify", "--dir", shop.HeadOfficeDir()); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
