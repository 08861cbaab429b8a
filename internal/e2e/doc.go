// Package e2e holds the tests that run the three programs as processes: the demo, power cuts, restored disks, and the till
// page in a browser. It has no code of its own and nothing imports it.
package e2e
