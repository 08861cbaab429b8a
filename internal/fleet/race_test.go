//go:build race

package fleet

// raceDetector makes SQLite some thirty times slower: the fleet is a very small one then.
const raceDetector = true
