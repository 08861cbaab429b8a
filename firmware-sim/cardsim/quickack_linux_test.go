package cardsim

import (
	"net"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestAnswersTravelWithoutTheDelayedAcknowledgement(t *testing.T) {
	reader, office := newVirtualReader(t), newHeadOffice(t, 1)
	slot := NewSlot("lane-1", reader.addr(), zerolog.Nop())
	running(t, slot)
	slot.Insert(office.newCard(t, 2, nil))
	reader.accept()
	if err := reader.conn.(*net.TCPConn).SetNoDelay(false); err != nil { // Nagle, as in vpcd 3.3
		t.Fatal(err)
	}
	const commands = 50
	start := time.Now()
	for range commands {
		reader.transmit(unhex(selectHex))
	}
	if took := time.Since(start) / commands; took > 20*time.Millisecond {
		t.Errorf("a round trip takes %s", took)
	} else {
		t.Logf("a round trip takes %s", took)
	}
}
