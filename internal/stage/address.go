package stage

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// Ports that systems do not give to outgoing connections by themselves, in blocks of which each process takes one: tests of several
// packages run at once, and a port stays nobody's while the program it is for is stopped.
const (
	firstPort   = 20000
	portBlocks  = 24
	portsABlock = 500
)

// portBlock is the block of this process. Who listens on its first port has it, for as long as the process lives.
type portBlock struct {
	first int
	claim net.Listener
	given atomic.Int64
}

var ownBlock = sync.OnceValues(claimBlock)

func claimBlock() (*portBlock, error) {
	for i := range portBlocks {
		first := firstPort + i*portsABlock
		if claim, err := net.Listen("tcp", loopback(first)); err == nil {
			return &portBlock{first: first, claim: claim}, nil
		}
	}
	return nil, errors.New("every block of ports is taken")
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// FreeAddress gives a loopback address that nobody has now, for a program that must come back on the same one. One that was given comes
// again only after all others of the block.
func FreeAddress() (string, error) {
	block, err := ownBlock()
	if err != nil {
		return "", err
	}
	for range portsABlock {
		address := loopback(block.first + 1 + int(block.given.Add(1)-1)%(portsABlock-1))
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", fmt.Errorf("no free port among %d", portsABlock-1)
}
