package fleet

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// A plot's paper, in points.
const (
	plotWidth, plotHeight = 900, 420
	plotLeft, plotBottom  = 80, 40
	mostDots              = 4000
)

// drawLags shows each entry by the moment at which it was made and, on a logarithmic scale, the time it took to head office.
func drawLags(lags []lag, days int) []byte {
	const seconds, powers = 0.01, 8 // from 10 ms on, so many powers of ten
	x := func(d time.Duration) float64 {
		return plotLeft + (plotWidth-plotLeft-20)*d.Hours()/float64(24*days)
	}
	y := func(s float64) float64 {
		return plotHeight - plotBottom - (plotHeight-plotBottom-20)*math.Log10(max(s, seconds)/seconds)/powers
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/><text x="%d" y="14">from till to head office</text>`+"\n", plotWidth, plotHeight, plotLeft)
	for _, mark := range []struct {
		name string
		s    float64
	}{{"0.1 s", 0.1}, {"2 s", 2}, {"1 min", 60}, {"1 h", 3600}, {"1 day", 86400}} {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			plotLeft, y(mark.s), plotWidth-20, plotLeft-6, y(mark.s)+4, mark.name)
	}
	for d := range days {
		if days <= 10 || d%5 == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d">day %d</text>`+"\n", x(time.Duration(d)*day), plotHeight-plotBottom+20, d+1)
		}
	}
	each := max(len(lags)/mostDots, 1)
	for i := 0; i < len(lags); i += each {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="1.6" fill="#0a5" fill-opacity="0.5"/>`+"\n", x(lags[i].made), y(lags[i].took.Seconds()))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
