package uplink

import (
	"os"
	"testing"

	"loyaltill/internal/drawn"
)

// TestMain keeps the property short where nobody asks for more: each check is a store's day on a real disk.
func TestMain(m *testing.M) {
	drawn.Same(4)
	os.Exit(m.Run())
}
