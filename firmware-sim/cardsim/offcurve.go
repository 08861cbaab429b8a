package cardsim

import (
	"crypto/elliptic"
	"math/big"
)

// defectOffCurve makes a bad card: it multiplies its key with any point, also one on another curve. From such answers
// the key can be put together, which is why card.md 3.1 wants the point checked.
const defectOffCurve = 1 << 0

// agreeAnywhere is the x coordinate of d times the point by the textbook formulas, which never ask for the curve's b. It
// is false for what is not an uncompressed point, and at infinity.
func agreeAnywhere(d, point []byte) (z []byte, ok bool) {
	if len(point) != pointSize || point[0] != 4 {
		return nil, false
	}
	base := &affine{new(big.Int).SetBytes(point[1:33]), new(big.Int).SetBytes(point[33:])}
	var sum *affine
	key := new(big.Int).SetBytes(d)
	for i := key.BitLen() - 1; i >= 0; i-- {
		sum = sum.plus(sum)
		if key.Bit(i) == 1 {
			sum = sum.plus(base)
		}
	}
	if sum == nil {
		return nil, false
	}
	return sum.x.FillBytes(make([]byte, 32)), true
}

// affine is a point of some curve y² = x³ - 3x + b modulo P-256's prime; nil is infinity.
type affine struct{ x, y *big.Int }

func (a *affine) plus(b *affine) *affine {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	p := elliptic.P256().Params().P
	top, bottom := new(big.Int).Sub(b.y, a.y), new(big.Int).Sub(b.x, a.x)
	if new(big.Int).Mod(bottom, p).Sign() == 0 {
		if new(big.Int).Mod(top, p).Sign() != 0 {
			return nil
		}
		top.Mul(a.x, a.x).Sub(top, big.NewInt(1)).Mul(top, big.NewInt(3))
		bottom.Lsh(a.y, 1)
	}
	inverse := new(big.Int).ModInverse(new(big.Int).Mod(bottom, p), p)
	if inverse == nil {
		return nil // a tangent that is upright
	}
	slope := top.Mul(top, inverse)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, a.x).Sub(x, b.x).Mod(x, p)
	y := new(big.Int).Sub(a.x, x)
	y.Mul(y, slope).Sub(y, a.y).Mod(y, p)
	return &affine{x, y}
}
