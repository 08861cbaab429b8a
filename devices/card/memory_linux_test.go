package card

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

func TestPINLiesInMemoryThatIsLockedAndLeftOutOfCoreDumps(t *testing.T) {
	p, err := NewPIN([]byte("31415926"))
	if err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf("%x-", uintptr(unsafe.Pointer(&p.secret.memory.bytes[0])))
	flags := func() string {
		maps, err := os.ReadFile("/proc/self/smaps")
		if err != nil {
			t.Fatal(err)
		}
		_, after, found := strings.Cut(string(maps), page)
		if !found {
			return ""
		}
		_, after, _ = strings.Cut(after, "VmFlags:")
		line, _, _ := strings.Cut(after, "\n")
		return line
	}
	for _, want := range []string{" lo", " dd", " dc"} { // locked, not dumped, not copied to children
		if got := flags(); !strings.Contains(got, want) {
			t.Errorf("flags of the page are %q, want%s", got, want)
		}
	}
	p.Zero()
	if got := flags(); strings.Contains(got, " dd") {
		t.Errorf("the page is still there: %q", got)
	}
}
