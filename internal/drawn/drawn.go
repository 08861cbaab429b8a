// Package drawn makes tests of properties draw the same cases in every run: a test that passed passes again, and what somebody
// looks for with -rapid.seed=0 (another seed each time) and a greater -rapid.checks is found on purpose.
package drawn

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
)

const seed = "20261122"

// Main is TestMain of a package with properties.
func Main(m *testing.M) {
	Same(0)
	os.Exit(m.Run())
}

// Same sets what is drawn unless the command line says otherwise; checks is how many cases of each property, 0 leaves it as it is.
func Same(checks int) {
	set("rapid.seed", seed)
	if checks > 0 {
		set("rapid.checks", strconv.Itoa(checks))
	}
}

func set(name, value string) {
	if err := flag.Set(name, value); err != nil {
		panic(fmt.Sprintf("set -%s: %v", name, err))
	}
}
