//go:build mutate

package tears

import (
	"strings"
	"testing"

	"loyaltill/internal/mutate"
)

// TestEveryWrongEditIsCaught runs the tear proof's slice with each edit of testdata/mutations.txt. An edit that it does not
// notice fails here, as does one whose text is no longer in the code or that does not compile.
func TestEveryWrongEditIsCaught(t *testing.T) {
	const list, proof = "testdata/mutations.txt", "^Test(NoPoint|TheNextTap)"
	edits := mutate.Read(t, list)
	tests := mutate.Build(t, list, edits)
	if out, err := mutate.Run(t.Context(), tests, 0, "-test.run", proof); err != nil {
		t.Fatalf("without any edit: %v\n%s", err, out)
	}
	for _, e := range edits {
		t.Run(e.File+" "+e.From, func(t *testing.T) {
			t.Parallel()
			out, err := mutate.Run(t.Context(), tests, e.Line, "-test.run", proof, "-test.failfast")
			if err == nil {
				t.Fatalf("%s:%d: the proof did not notice", list, e.Line)
			}
			t.Logf("%s:%d: %s", list, e.Line, firstLine(out))
		})
	}
}

// firstLine is what the proof said first.
func firstLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if _, said, ok := strings.Cut(line, "_test.go:"); ok {
			return strings.TrimSpace(said)
		}
	}
	return strings.TrimSpace(string(out))
}
