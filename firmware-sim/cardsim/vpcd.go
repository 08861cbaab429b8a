package cardsim

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// The vpcd protocol: two bytes of length, big-endian, then the body. A body of one byte is a control code; the card
// answers command APDUs and the question for its ATR, in the same framing, and nothing else.
const (
	vpcdPowerOff = 0x00
	vpcdPowerOn  = 0x01
	vpcdReset    = 0x02
	vpcdATR      = 0x04

	frameMax     = 1<<16 - 1
	writeTimeout = 5 * time.Second
)

// frames reads and writes one connection to a virtual reader.
type frames struct {
	conn net.Conn
	in   *bufio.Reader
}

func newFrames(conn net.Conn) *frames {
	acknowledgeAtOnce(conn)
	return &frames{conn: conn, in: bufio.NewReader(acknowledging{conn})}
}

// acknowledging asks for immediate acknowledgements after every read, as the kernel forgets. Without it a reader
// that writes length and body separately (vpcd 3.3) waits some 40 ms for the acknowledgement of the length.
type acknowledging struct{ conn net.Conn }

func (a acknowledging) Read(p []byte) (int, error) {
	n, err := a.conn.Read(p)
	acknowledgeAtOnce(a.conn)
	return n, err
}

func (f *frames) read() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(f.in, length[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(f.in, body)
	return body, err
}

// write sends the frame in one piece, so that it travels in one segment.
func (f *frames) write(body []byte) error {
	if len(body) > frameMax {
		return fmt.Errorf("answer of %d bytes does not fit a frame", len(body))
	}
	if err := f.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(body)), uint16(len(body)))
	_, err := f.conn.Write(append(frame, body...))
	return err
}
