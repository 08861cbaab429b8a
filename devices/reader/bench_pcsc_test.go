//go:build linux && cgo && pcsc

package reader

import "testing"

func BenchmarkPCSC(b *testing.B) {
	s, m := openShop(b, 1), newMember(b)
	s.slots[0].Insert(m.card)
	next(b, s.readers[0], true)
	benchmarkReader(b, s.readers[0], m)
}
