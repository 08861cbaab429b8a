//go:build !race

package tears

const raceDetector = false
