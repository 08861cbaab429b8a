package profile

import (
	"bytes"
	"strings"
)

// paymentNames are the beginnings of the names under which payment cards keep their applications: registered application
// providers (EMVCo and national schemes), and the two directories of EMV Book 1, 12.2.2 and Book B.
func paymentNames() [][]byte {
	return [][]byte{
		[]byte("1PAY.SYS.DDF01"), []byte("2PAY.SYS.DDF01"),
		{0xA0, 0, 0, 0, 0x03},       // Visa
		{0xA0, 0, 0, 0, 0x04},       // Mastercard, Maestro, Cirrus
		{0xA0, 0, 0, 0, 0x05},       // Maestro UK
		{0xA0, 0, 0, 0, 0x10},       // Europay
		{0xA0, 0, 0, 0, 0x25},       // American Express
		{0xA0, 0, 0, 0, 0x29},       // LINK
		{0xA0, 0, 0, 0, 0x42},       // Cartes Bancaires
		{0xA0, 0, 0, 0, 0x65},       // JCB
		{0xA0, 0, 0, 0, 0x98},       // US common debit of Visa
		{0xA0, 0, 0, 0x01, 0x21},    // Dankort
		{0xA0, 0, 0, 0x01, 0x41},    // PagoBancomat
		{0xA0, 0, 0, 0x01, 0x52},    // Discover, Diners
		{0xA0, 0, 0, 0x01, 0x54},    // Banrisul
		{0xA0, 0, 0, 0x02, 0x28},    // mada
		{0xA0, 0, 0, 0x02, 0x77},    // Interac
		{0xA0, 0, 0, 0x03, 0x24},    // Discover Zip
		{0xA0, 0, 0, 0x03, 0x33},    // UnionPay
		{0xA0, 0, 0, 0x03, 0x37},    // GIM-UEMOA
		{0xA0, 0, 0, 0x03, 0x59},    // girocard
		{0xA0, 0, 0, 0x03, 0x71},    // Verve
		{0xA0, 0, 0, 0x03, 0x84},    // eftpos
		{0xA0, 0, 0, 0x05, 0x24},    // RuPay
		{0xA0, 0, 0, 0x06, 0x02},    // NSICCS
		{0xA0, 0, 0, 0x06, 0x15},    // MyDebit
		{0xA0, 0, 0, 0x06, 0x20},    // US common debit, DNA
		{0xA0, 0, 0, 0x06, 0x58},    // Mir
		{0xA0, 0, 0, 0x06, 0x72},    // Troy
		{0xD2, 0x76, 0, 0, 0x25},    // girocard, national
		{0xD0, 0x56, 0, 0x06, 0x66}, // Bancontact
		{0xD5, 0x78, 0, 0, 0x02},    // BankAxept
	}
}

// isPayment says whether selecting this name could select a payment application: it begins with such a name, or is the
// beginning of one, since cards take part of a name for the whole (ISO/IEC 7816-4, 12.2.3).
func isPayment(aid []byte) bool {
	for _, name := range paymentNames() {
		if bytes.HasPrefix(aid, name) || bytes.HasPrefix(name, aid) {
			return true
		}
	}
	return false
}

// Lengths and first digits of payment card numbers, ISO/IEC 7812-1.
const (
	minPAN, maxPAN = 13, 19
	panFirst       = "23456"
)

// LooksLikePaymentCard says whether a number could be a payment card's. Digits at the beginning count, whatever stands behind
// them: on a magnetic stripe that is a separator and the expiry.
func LooksLikePaymentCard(number string) bool {
	text := strings.NewReplacer(" ", "", "-", "").Replace(number)
	digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
	return len(digits) >= minPAN && len(digits) <= maxPAN && strings.Contains(panFirst, digits[:1]) && luhn(digits)
}
