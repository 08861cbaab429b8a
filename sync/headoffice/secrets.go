package headoffice

import (
	"fmt"
	"io"
	"math/big"
	"strings"

	"crypto/rand"
)

// PINs and PUKs that head office makes.
const (
	pinDigits = 4
	pukDigits = 8
)

// newSecret draws digits, all alike, but for those that a thief tries first.
func newSecret(entropy io.Reader, digits int) (Secret, error) {
	for range 100 {
		n, err := rand.Int(entropy, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
		if err != nil {
			return "", fmt.Errorf("draw digits: %w", err)
		}
		if s := fmt.Sprintf("%0*d", digits, n); !obvious(s) {
			return Secret(s), nil
		}
	}
	return "", fmt.Errorf("draw digits: what comes is not random")
}

// obvious digits are equal, or count up or down.
func obvious(s string) bool {
	return strings.Trim(s, s[:1]) == "" || strings.Contains("01234567890", s) || strings.Contains("09876543210", s)
}
