package main

import "golang.org/x/sys/windows"

const openOnly = 0

// freeMB is the space that the agent's user may still fill.
func freeMB(dir string) (uint64, error) {
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
