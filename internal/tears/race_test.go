//go:build race

package tears

// raceDetector makes everything some ten times slower: the slice is cut thinner.
const raceDetector = true
