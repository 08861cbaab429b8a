package store

import "golang.org/x/sys/windows"

// FreeMB is the space that this process may still fill in a folder.
func FreeMB(dir string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, err
	}
	return free >> 20, nil
}
