//go:build unix

package main

import "golang.org/x/sys/unix"

// openOnly keeps a look at a serial port from waiting for its modem lines or becoming the controlling terminal.
const openOnly = unix.O_NONBLOCK | unix.O_NOCTTY
