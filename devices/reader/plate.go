package reader

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// plate is what a reader says of itself when it is asked.
type plate struct{ serial, usb string }

// usbPath is how the kernel names the place of a USB device: the bus, and the ports from there on.
var usbPath = regexp.MustCompile(`^[0-9]+-[0-9]+(\.[0-9]+)*$`)

// Parts of SCARD_ATTR_CHANNEL_ID, PC/SC part 3, 3.1.2: the kind of bus in the upper half; drivers for USB write bus and device
// number below it.
const (
	channelUSB = 0x0020
	kindShift  = 16
	busShift   = 8
	byteMask   = 0xFF
)

// usbPortOf finds the port behind a channel id in the kernel's list of USB devices; "" when it is not there.
func usbPortOf(devices fs.FS, channel []byte) string {
	if len(channel) != 4 {
		return ""
	}
	id := binary.NativeEndian.Uint32(channel)
	if id>>kindShift != channelUSB {
		return ""
	}
	entries, err := fs.ReadDir(devices, ".")
	if err != nil {
		return "" // no USB, or another system
	}
	for _, e := range entries {
		if usbPath.MatchString(e.Name()) && number(devices, e.Name(), "busnum") == id>>busShift&byteMask &&
			number(devices, e.Name(), "devnum") == id&byteMask {
			return e.Name()
		}
	}
	return ""
}

func number(devices fs.FS, device, name string) uint32 {
	text, err := fs.ReadFile(devices, fmt.Sprintf("%s/%s", device, name))
	if err != nil {
		return 0 // unplugged at this moment; no bus and no device has number 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 8)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// serialOf is a serial number as a driver gives it: some end it with a zero byte.
func serialOf(value []byte) string { return strings.TrimRight(string(value), "\x00 ") }
