package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"loyaltill/devices"
)

const (
	dialTimeout  = 3 * time.Second
	tcpKeepAlive = 10 * time.Second // a black hole shows up even when nothing is printed
	drainTime    = 200 * time.Millisecond
)

// tcpPort is a printer on the network, usually port 9100. Such a printer serves one host at a time.
type tcpPort struct{ *net.TCPConn }

func openTCP(ctx context.Context, address string) (Port, error) {
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: tcpKeepAlive}
	conn, err := d.DialContext(ctx, "tcp", address)
	if refused(err) {
		return nil, &openError{devices.Absent, CodeRefused, err}
	}
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s is no TCP connection", address), conn.Close())
	}
	return tcpPort{tcp}, nil
}

// Close says goodbye and hears the printer out: closing with its answers unread would reset the connection and take
// back what is still on its way to the paper.
func (p tcpPort) Close() error {
	err := ignoreGone(p.CloseWrite())
	if err == nil && p.SetReadDeadline(time.Now().Add(drainTime)) == nil {
		_, _ = io.Copy(io.Discard, p.TCPConn) // ends with the printer's goodbye or with the time
	}
	return errors.Join(err, ignoreGone(p.TCPConn.Close()))
}

// ignoreGone drops the complaint that the other side has hung up already.
func ignoreGone(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return nil
	}
	return err
}

func (tcpPort) OneWay() bool { return false }
