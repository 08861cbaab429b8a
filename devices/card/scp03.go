package card

// Constants of the derivations of SCP03, GlobalPlatform Amendment D table 4-1.
const (
	constCardCryptogram = 0x00
	constHostCryptogram = 0x01
	constEnc            = 0x04
	constMAC            = 0x06
	constRMAC           = 0x07
)

// transport is what both sides derive from a blank's transport keys and their two challenges, card.md 5.1.
type transport struct {
	keys       sessionKeys // without the confirmation key, which has no part here
	card, host [shortCryptogram]byte
}

// newTransport derives from host challenge ‖ card challenge.
func newTransport(keys TransportKeys, challenges []byte) transport {
	const keyBits, cryptogramBits = 0x80, 0x40
	var t transport
	t.keys.enc = derive(keys.Enc, constEnc, keyBits, challenges)
	t.keys.mac = derive(keys.MAC, constMAC, keyBits, challenges)
	t.keys.rmac = derive(keys.MAC, constRMAC, keyBits, challenges)
	card, host := derive(t.keys.mac, constCardCryptogram, cryptogramBits, challenges), derive(t.keys.mac, constHostCryptogram, cryptogramBits, challenges)
	copy(t.card[:], card[:])
	copy(t.host[:], host[:])
	return t
}

// derive is one block of SP 800-108 in counter mode: label of twelve bytes, 00, length in bits, counter 01, context.
func derive(key Key, constant byte, bits uint16, context []byte) Key {
	in := make([]byte, 11, 16+len(context))
	in = append(in, constant, 0, byte(bits>>8), byte(bits), 1)
	return Key(CMAC(key, append(in, context...)))
}
