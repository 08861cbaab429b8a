package loyalty

import "strings"

// base45Alphabet is the alphanumeric set of QR codes, in the order of RFC 9285: a QR code holds two of its characters in
// eleven bits, so that bytes cost hardly more than in its binary mode and still pass a keyboard scanner.
const base45Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// encode45 writes two bytes as three characters, and a last odd one as two (RFC 9285, 4).
func encode45(data []byte) string {
	var b strings.Builder
	for i := 0; i < len(data); i += 2 {
		n, digits := int(data[i]), 2
		if i+1 < len(data) {
			n, digits = n<<8|int(data[i+1]), 3
		}
		for range digits {
			b.WriteByte(base45Alphabet[n%45])
			n /= 45
		}
	}
	return b.String()
}

// decode45 reads what encode45 writes and nothing else.
func decode45(text string) ([]byte, bool) {
	data := make([]byte, 0, len(text)/3*2+1)
	for i := 0; i < len(text); i += 3 {
		part := text[i:min(i+3, len(text))]
		n := 0
		for k := len(part) - 1; k >= 0; k-- {
			digit := strings.IndexByte(base45Alphabet, part[k])
			if digit < 0 {
				return nil, false
			}
			n = n*45 + digit
		}
		switch {
		case len(part) == 3 && n <= 0xffff:
			data = append(data, byte(n>>8), byte(n))
		case len(part) == 2 && n <= 0xff:
			data = append(data, byte(n))
		default:
			return nil, false
		}
	}
	return data, true
}
