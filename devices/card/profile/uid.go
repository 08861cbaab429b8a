package profile

import "fmt"

const (
	iso14443A3   = 0x03 // PC/SC part 3 supplement: standard byte of storage cards
	randomUID    = 0x08 // ISO/IEC 14443-3, 6.5.4: a single-size UID that begins so is drawn anew
	typeBAnswers = 8    // historical bytes that a reader makes of a type B card: application data, protocol, maximum
)

// checkUID refuses what is no card's own serial number: random ones, and the PUPI of type B, which may be random as well.
func checkUID(atr, uid []byte) error {
	refuse := func(why string) error { return fmt.Errorf("%w: %s", ErrRandomUID, why) }
	if standard, _, ok := storage(atr); ok && standard != iso14443A3 {
		return refuse("the card is not of ISO/IEC 14443 type A")
	}
	switch len(uid) {
	case 7, 10:
		return nil
	case 4:
	default:
		return refuse(fmt.Sprintf("%d bytes", len(uid)))
	}
	if uid[0] == randomUID {
		return refuse("it begins with 08")
	}
	if _, _, ok := storage(atr); !ok && MediumOf(atr) == Contactless && atr[1]&0x0F == typeBAnswers {
		return refuse("it may be the PUPI of a type B card")
	}
	return nil
}
