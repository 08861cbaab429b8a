package profile

import (
	"bytes"
	"errors"
)

const maxTLVDepth = 8

var errNoTag = errors.New("the object is not there")

// findTLV looks for an object of BER-TLV (ISO/IEC 7816-4, 6.3) at any depth, the outer ones first. What is not well formed
// ends the search where it begins.
func findTLV(b, tag []byte, depth int) ([]byte, bool) {
	for len(b) > 0 {
		if b[0] == 0x00 || b[0] == 0xFF { // padding between objects
			b = b[1:]
			continue
		}
		name, value, rest, ok := takeTLV(b)
		if !ok {
			return nil, false
		}
		if bytes.Equal(name, tag) {
			return value, true
		}
		const constructed = 0x20
		if name[0]&constructed != 0 && depth < maxTLVDepth {
			if found, ok := findTLV(value, tag, depth+1); ok {
				return found, true
			}
		}
		b = rest
	}
	return nil, false
}

// takeTLV reads one object: a tag of up to three bytes, a length of up to three.
func takeTLV(b []byte) (tag, value, rest []byte, ok bool) {
	const (
		moreTag    = 0x1F
		tagGoesOn  = 0x80
		maxTag     = 3
		longLength = 0x80
		maxLong    = 2
	)
	n := 1
	if b[0]&moreTag == moreTag {
		for n < maxTag && n < len(b) && b[n]&tagGoesOn != 0 {
			n++
		}
		n++
	}
	if n > maxTag || len(b) <= n {
		return nil, nil, nil, false
	}
	tag, b = b[:n], b[n:]
	length, b := int(b[0]), b[1:]
	if length >= longLength {
		more := length - longLength
		if more == 0 || more > maxLong || len(b) < more {
			return nil, nil, nil, false
		}
		length = 0
		for _, c := range b[:more] {
			length = length<<8 | int(c)
		}
		b = b[more:]
	}
	if len(b) < length {
		return nil, nil, nil, false
	}
	return tag, b[:length], b[length:], true
}
