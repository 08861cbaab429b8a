package printer

import (
	"errors"

	"golang.org/x/sys/windows"
)

// refused reports whether somebody is at the address and takes no connection.
func refused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }
