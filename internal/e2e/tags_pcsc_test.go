//go:build pcsc

package e2e

// buildTags are what the programs are built with: what the tests themselves were built with.
const buildTags = "pcsc"
