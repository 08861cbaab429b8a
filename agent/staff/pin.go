package staff

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// A PIN has this many digits.
const (
	ShortestPIN = 4
	LongestPIN  = 8
)

// Work of one hash: what OWASP asks for at the least of argon2id. It takes a till some 50 ms.
const (
	passes    = 2
	memoryKiB = 19 << 10
	lanes     = 1
	saltBytes = 16
	hashBytes = 32
)

// Bounds of a stored hash, so that a damaged row cannot ask for all memory.
const (
	maxPasses    = 16
	maxMemoryKiB = 256 << 10
)

// Errors of a new PIN.
var (
	ErrPINForm = errors.New("a PIN has 4 to 8 digits")
	ErrPINEasy = errors.New("one digit all through, or a row of digits")
)

// CheckPIN says what is wrong with digits that somebody chooses.
func CheckPIN(digits []byte) error {
	if len(digits) < ShortestPIN || len(digits) > LongestPIN {
		return ErrPINForm
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return ErrPINForm
		}
	}
	step := int(digits[1]) - int(digits[0])
	for i := 2; i < len(digits); i++ {
		if int(digits[i])-int(digits[i-1]) != step {
			return nil
		}
	}
	if step >= -1 && step <= 1 {
		return ErrPINEasy
	}
	return nil
}

// HashPIN makes what may be kept of a PIN, with the work it took (the PHC string format).
func HashPIN(digits []byte) (string, error) {
	if err := CheckPIN(digits); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("salt of a PIN: %w", err)
	}
	hash := argon2.IDKey(digits, salt, passes, memoryKiB, lanes, hashBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash)), nil
}

// VerifyPIN compares digits with what was kept.
func VerifyPIN(kept string, digits []byte) (bool, error) {
	parts := strings.Split(kept, "$")
	var version, memory, time, threads int
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("stored PIN: not an argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return false, fmt.Errorf("stored PIN: %w", err)
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, hashErr := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(saltErr, hashErr); err != nil {
		return false, fmt.Errorf("stored PIN: %w", err)
	}
	if version != argon2.Version || time < 1 || time > maxPasses || memory < 8 || memory > maxMemoryKiB || threads < 1 || threads > 16 || len(want) != hashBytes {
		return false, errors.New("stored PIN: work out of bounds")
	}
	got := argon2.IDKey(digits, salt, uint32(time), uint32(memory), uint8(threads), hashBytes)
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// Waiting after wrong PINs: nothing for the first two, then three times as long after each.
const (
	freeTries   = 2
	firstWait   = 5 * time.Second
	LongestWait = time.Hour
)

// WaitAfter is how long nobody may try again after so many wrong PINs.
func WaitAfter(wrong int) time.Duration {
	if wrong <= freeTries {
		return 0
	}
	wait := firstWait
	for n := wrong - freeTries; n > 1 && wait < LongestWait; n-- {
		wait *= 3
	}
	return min(wait, LongestWait)
}
