package reader

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestProgramsThatMayHaveTheReaderAreNamed(t *testing.T) {
	with := &fstest.MapFile{Data: []byte("7f00 r-xp /usr/lib/libc.so.6\n7f01 r-xp /usr/lib/libpcsclite.so.1.0.0\n")}
	proc := fstest.MapFS{
		"1/maps": {Data: []byte("7f00 r-xp /usr/lib/libc.so.6\n")}, "1/comm": {Data: []byte("init\n")},
		"42/maps": with, "42/comm": {Data: []byte("scdaemon\n")},
		"43/maps": with, "43/comm": {Data: []byte("loyaltill\n")},
		"44/comm": {Data: []byte("another user's\n")},
		"45/maps": with,
		"self":    {Data: []byte("43")},
	}
	got := &BusyError{Programs: programsWithPCSC(proc, 43)}
	if want := "reader is in use by another program or connection: scdaemon (42)"; got.Error() != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for pid := range 20 {
		proc["9"+strings.Repeat("1", pid)+"/maps"], proc["9"+strings.Repeat("1", pid)+"/comm"] = with, &fstest.MapFile{Data: []byte("x")}
	}
	if n := len(programsWithPCSC(proc, 43)); n != programsTold {
		t.Errorf("%d programs told", n)
	}
	if programsWithPCSC(fstest.MapFS{}, 1) != nil || (&BusyError{}).Error() != ErrBusy.Error() {
		t.Error("nobody is somebody")
	}
}
