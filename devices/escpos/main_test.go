package escpos

import (
	"testing"

	"loyaltill/internal/drawn"
)

func TestMain(m *testing.M) { drawn.Main(m) }
