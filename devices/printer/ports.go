package printer

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"go.bug.st/serial"
)

// maxPorts bounds what Ports lists.
const maxPorts = 64

// Ports lists where printers may be plugged in, USB printers first: the entries of a folder in which the system names serial
// ports by their device, such as /dev/serial/by-id. Nothing is opened.
func Ports(folder string) []string {
	ports, err := filepath.Glob(usbDevices + "[0-9]*")
	if err != nil {
		ports = nil // the pattern is ours and in order
	}
	if entries, err := os.ReadDir(folder); err == nil { // there is no such folder while no serial device is plugged in
		for _, e := range entries {
			if !e.IsDir() {
				ports = append(ports, filepath.Join(folder, e.Name()))
			}
		}
	} else if runtime.GOOS == "windows" {
		if ports, err = serial.GetPortsList(); err != nil {
			ports = nil // it is asked again at the next look
		}
		slices.Sort(ports)
	}
	return ports[:min(len(ports), maxPorts)]
}
