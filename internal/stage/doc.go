// Package stage sets up a whole shop on one machine for the demo and the end-to-end tests: head office, the agent and
// the firmware simulators as separate processes on loopback, cards through pcscd with virtual readers where there is
// one.
//
// It owns the child processes and their folders. It speaks to them as anybody would, over their command lines and
// HTTP, and imports none of them.
package stage
