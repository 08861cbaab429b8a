//go:build mutate

package loyalty

import (
	"context"
	"testing"

	"loyaltill/internal/mutate"
)

// TestEveryWrongEditIsCaught runs the package's tests with each edit of testdata/mutations.txt, the vectors first, as they
// notice most and are quick. An edit that no test notices fails here, as does one whose text is no longer in the engine or
// that does not compile.
func TestEveryWrongEditIsCaught(t *testing.T) {
	const list = "testdata/mutations.txt"
	edits := mutate.Read(t, list)
	tests := mutate.Build(t, list, edits)
	run := func(ctx context.Context, edit int, some string) ([]byte, error) {
		return mutate.Run(ctx, tests, edit, "-test.run", some, "-rapid.checks=60", "-rapid.nofailfile")
	}
	if out, err := run(t.Context(), 0, "."); err != nil {
		t.Fatalf("without any edit: %v\n%s", err, out)
	}
	for _, e := range edits {
		t.Run(e.File+" "+e.From, func(t *testing.T) {
			t.Parallel()
			for _, some := range []string{"^TestVectors$", "."} {
				if _, err := run(t.Context(), e.Line, some); err != nil {
					return
				}
			}
			t.Errorf("%s:%d: no test noticed", list, e.Line)
		})
	}
}
