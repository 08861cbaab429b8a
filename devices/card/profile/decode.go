package profile

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errDecode = errors.New("the bytes are not of this form")

// decoderNamed gives the way in which bytes become text; the names are those of the file's form.
func decoderNamed(name string) func([]byte) (string, error) {
	switch name {
	case "ascii":
		return fromASCII
	case "bcd":
		return func(b []byte) (string, error) { return fromBCD(hex.EncodeToString(b)) }
	case "bcd-swapped":
		return func(b []byte) (string, error) { return fromBCD(hex.EncodeToString(swapped(b))) }
	case "hex":
		return func(b []byte) (string, error) { return strings.ToUpper(hex.EncodeToString(b)), nil }
	case "uint-be":
		return fromUint
	case "uint-le":
		return func(b []byte) (string, error) { return fromUint(reversed(b)) }
	case "digits-of-hex":
		return digitsOfHex
	}
	return fromUTF8
}

func fromASCII(b []byte) (string, error) {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return "", fmt.Errorf("%w: ascii", errDecode)
		}
	}
	return string(b), nil
}

func fromUTF8(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%w: utf8", errDecode)
	}
	return string(b), nil
}

// fromBCD takes decimal digits and the filler F, which trim takes off.
func fromBCD(halves string) (string, error) {
	if strings.Trim(halves, "0123456789f") != "" {
		return "", fmt.Errorf("%w: bcd", errDecode)
	}
	return strings.ToUpper(halves), nil
}

// digitsOfHex writes the bytes in hexadecimal and keeps the decimal digits of that.
func digitsOfHex(b []byte) (string, error) {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, hex.EncodeToString(b)), nil
}

const maxUint = 8 // bytes

func fromUint(b []byte) (string, error) {
	if len(b) > maxUint {
		return "", fmt.Errorf("%w: a number of %d bytes, at most %d are taken", errDecode, len(b), maxUint)
	}
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return strconv.FormatUint(n, 10), nil
}

// swapped exchanges the halves of each byte.
func swapped(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c<<4 | c>>4
	}
	return out
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[len(b)-1-i] = c
	}
	return out
}
