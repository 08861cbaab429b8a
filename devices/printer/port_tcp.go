package printer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	dialTimeout  = 3 * time.Second
	tcpKeepAlive = 10 * time.Second // a black hole shows up even when nothing is printed
)

// tcpPort is a printer on the network, usually port 9100. Such a printer serves one host at a time.
type tcpPort struct{ *net.TCPConn }

func openTCP(ctx context.Context, address string) (Port, error) {
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: tcpKeepAlive}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s is no TCP connection", address), conn.Close())
	}
	return tcpPort{tcp}, nil
}

// Close says goodbye first, so that the printer still gets what has been written.
func (p tcpPort) Close() error {
	return errors.Join(ignoreGone(p.CloseWrite()), p.TCPConn.Close())
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
