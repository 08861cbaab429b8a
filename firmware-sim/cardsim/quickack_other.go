//go:build !linux

package cardsim

import "net"

// acknowledgeAtOnce: only Linux lets a receiver choose.
func acknowledgeAtOnce(net.Conn) {}
