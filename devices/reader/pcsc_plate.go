//go:build windows || (cgo && pcsc)

package reader

import (
	"io/fs"

	"github.com/ebfe/scard"
)

// askPlate asks one reader for its serial number and its place. The connection is to the reader alone and leaves its card as it
// is; nothing is transmitted, which the binding could not do in this mode.
func askPlate(name string, usb fs.FS) (plate, error) {
	var p plate
	pcsc, err := scard.EstablishContext()
	if err != nil {
		return p, classify(err)
	}
	defer func() { _ = pcsc.Release() }() // the service may be gone, and the context with it
	reader, err := pcsc.Connect(name, scard.ShareDirect, scard.ProtocolUndefined)
	if err != nil {
		return p, classify(err)
	}
	// A reader that knows no such attribute has none; that it is there was shown by the connection.
	if serial, err := reader.GetAttrib(scard.AttrVendorIfdSerialNo); err == nil {
		p.serial = serialOf(serial)
	}
	if channel, err := reader.GetAttrib(scard.AttrChannelId); err == nil {
		p.usb = usbPortOf(usb, channel)
	}
	return p, classify(reader.Disconnect(scard.LeaveCard))
}
