package profile

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Keys are the secrets that profiles name. They print masked.
type Keys struct{ byName map[string][]byte }

const (
	sectorKey   = 6 // bytes
	maxKeysFile = 64 << 10
)

// ErrKey is a key that is not in the file of secrets, or not as it must be.
var ErrKey = errors.New("key")

// ParseKeys reads a file of secrets: {"oldchain-keyA": "A0A1A2A3A4A5"}. Errors never repeat a value.
func ParseKeys(file []byte) (Keys, error) {
	var texts map[string]string
	if len(file) > maxKeysFile {
		return Keys{}, fmt.Errorf("%w file of %d bytes", ErrKey, len(file))
	}
	if err := json.Unmarshal(file, &texts); err != nil {
		return Keys{}, fmt.Errorf(`%w file is not of the form {"name": "A0A1A2A3A4A5"}`, ErrKey)
	}
	k := Keys{byName: map[string][]byte{}}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b, err := hex.DecodeString(texts[name])
		if err != nil || len(b) != sectorKey {
			return Keys{}, fmt.Errorf("%w %q: write %d hexadecimal digits", ErrKey, name, 2*sectorKey)
		}
		k.byName[name] = b
	}
	return k, nil
}

// Missing lists the keys that profiles name and the file does not have.
func (k Keys) Missing(profiles []*Profile) (names []string) {
	for _, p := range profiles {
		for _, name := range p.Keys() {
			if k.byName[name] == nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// key is a copy for one command.
func (k Keys) key(name string) ([]byte, error) {
	b, ok := k.byName[name]
	if !ok {
		return nil, fmt.Errorf("%w %q is not in the file of secrets", ErrKey, name)
	}
	return slices.Clone(b), nil
}

// Format prints the mask for every verb.
func (Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "Keys(***)") }
