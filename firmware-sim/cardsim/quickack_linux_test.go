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
	const commands, first = 50, 30 // the first ones of a connection are acknowledged at once anyway
	quickest := time.Hour
	for n := range commands {
		start := time.Now()
		reader.transmit(unhex(selectHex))
		if n >= first {
			quickest = min(quickest, time.Since(start))
		}
	}
	if quickest > 20*time.Millisecond { // Linux holds an acknowledgement back for 40
		t.Errorf("a round trip takes %s", quickest)
	}
}
