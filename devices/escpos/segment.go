package escpos

import "fmt"

// Largest segment (printing.md, rule R3).
const (
	segmentMax = 1024

	// startBytes is room for the commands that may stand before a raster band.
	startBytes = 32
)

// maxSegment is the largest segment: never more than may be unacknowledged.
func maxSegment(p *Profile) int { return min(segmentMax, p.IO.Window) }

// bandLimit is the most bytes of one raster band.
func bandLimit(p *Profile) int { return maxSegment(p) - ackBytes(p) - startBytes }

// Lengths of the acknowledgement commands.
const (
	processIDBytes = 11
	gsRBytes       = 3
)

func ackBytes(p *Profile) int {
	switch p.Confirm() {
	case ConfirmPrinted:
		return processIDBytes
	case ConfirmProcessed:
		return gsRBytes
	default:
		return 0
	}
}

// segments gathers chunks: as many as fit, and nothing behind a cut or a drawer
// kick, whose acknowledgement must mean just that.
func segments(chunks []chunk, p *Profile, no JobNo) ([]Segment, error) {
	limit := maxSegment(p) - ackBytes(p)
	var out []Segment
	var current Segment
	closeCurrent := func() {
		if len(current.Bytes) == 0 {
			return
		}
		acknowledge(&current, p.Confirm(), no, len(out))
		out = append(out, current)
		current = Segment{}
	}
	for _, c := range chunks {
		if len(c.bytes) > limit {
			return nil, fmt.Errorf("%w: a line of %d bytes, at most %d fit a segment", ErrDocument, len(c.bytes), limit)
		}
		alone := c.kind == SegmentCut || c.kind == SegmentDrawer
		if alone || len(current.Bytes)+len(c.bytes) > limit {
			closeCurrent()
		}
		current.Kind = max(current.Kind, c.kind)
		current.Bytes = append(current.Bytes, c.bytes...)
		if alone {
			closeCurrent()
		}
	}
	closeCurrent()
	if len(out) > maxSegments {
		return nil, fmt.Errorf("%w: %d segments, at most %d", ErrDocument, len(out), maxSegments)
	}
	return out, nil
}

// acknowledge appends the command whose answer says that the segment is done.
func acknowledge(s *Segment, level Confirm, no JobNo, n int) {
	switch level {
	case ConfirmPrinted: // GS ( H, pL pH, fn 48, m 48, d1-d4
		s.Ack = ProcessID(no, n)
		s.Bytes = append(s.Bytes, gs, '(', 'H', 6, 0, 48, 48)
		s.Bytes = append(s.Bytes, s.Ack[:]...)
	case ConfirmProcessed: // GS r 1
		s.Bytes = append(s.Bytes, gs, 'r', 1)
	}
}
