// Package scenario plays stories as a shopkeeper tells them (docs/scenarios.md) through the engine: members who shop, pay with
// points, bring goods back, and days that pass. It owns the form of the stories and the state between their steps. It must
// never work out points itself, and reads no file and no clock.
package scenario
