package reader

// Positions in a short command APDU, ISO/IEC 7816-4 5.1.
const (
	headerLength = 4
	lengthAt     = 4
	dataAt       = 5
)

// forT0 is how a command goes to a card that speaks T=0: PC/SC passes it on as it is, and T=0 knows neither a header alone
// nor a length wanted behind data (ISO/IEC 7816-3 12.2.2). What the card then holds ready it announces with 61xx.
func forT0(capdu []byte) []byte {
	if len(capdu) == headerLength {
		return append(capdu[:headerLength:headerLength], 0)
	}
	if len(capdu) > dataAt {
		if end := dataAt + int(capdu[lengthAt]); end > dataAt && len(capdu) == end+1 {
			return capdu[:end]
		}
	}
	return capdu
}
