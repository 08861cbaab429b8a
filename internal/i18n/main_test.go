package i18n

import (
	"testing"

	"loyaltill/internal/drawn"
)

func TestMain(m *testing.M) { drawn.Main(m) }
