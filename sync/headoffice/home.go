package headoffice

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// The files of head office's folder.
const (
	settingsFile = "head-office.json"
	keyFolder    = "keys"
	rootFolder   = "card-root" // not for long: it belongs offline
	databaseFile = "head-office.db"
)

// Settings are what head office is, fixed when it is made.
type Settings struct {
	Scheme   string   `json:"scheme"`   // the chain's number in card certificates, 8 hexadecimal digits
	Currency string   `json:"currency"` // ISO 4217
	Hosts    []string `json:"hosts"`    // names and addresses under which stores reach head office
}

// FieldError names the input that is wrong and what to give instead.
type FieldError struct {
	Field, Remedy string
	Err           error
}

func (e *FieldError) Error() string {
	if e.Err == nil {
		return e.Field + ": " + e.Remedy
	}
	return fmt.Sprintf("%s: %v; %s", e.Field, e.Err, e.Remedy)
}

func (e *FieldError) Unwrap() error { return e.Err }

var (
	currencyShape = regexp.MustCompile(`^[A-Z]{3}$`)
	hostShape     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
)

// maxHosts bounds the names in the server's certificate.
const maxHosts = 16

func (s Settings) check() error {
	if _, err := s.SchemeID(); err != nil {
		return &FieldError{"scheme", "give 8 hexadecimal digits such as 4c595431", err}
	}
	if !currencyShape.MatchString(s.Currency) {
		return &FieldError{"currency", "give an ISO 4217 code such as EUR", fmt.Errorf("%q", s.Currency)}
	}
	if len(s.Hosts) == 0 || len(s.Hosts) > maxHosts {
		return &FieldError{"host", fmt.Sprintf("give 1 to %d names or addresses that stores can reach", maxHosts), nil}
	}
	for _, h := range s.Hosts {
		if net.ParseIP(h) == nil && !hostShape.MatchString(h) {
			return &FieldError{"host", "give a name or address without scheme and port, such as ho.example.org", fmt.Errorf("%q", h)}
		}
	}
	return nil
}

// SchemeID is the chain's number (card.md 1, tag 54).
func (s Settings) SchemeID() (uint32, error) {
	n, err := strconv.ParseUint(s.Scheme, 16, 32)
	if err != nil || len(s.Scheme) != 8 {
		return 0, fmt.Errorf("%q is no scheme", s.Scheme)
	}
	return uint32(n), nil
}

// Home is head office's folder: settings, keys, and the database's place.
type Home struct {
	Dir      string
	Settings Settings
	Keys     *Keys
	Database string // postgres:// URL of the books; empty: the folder's file
}

// DatabasePath is where the books are kept as a file.
func (h *Home) DatabasePath() string { return filepath.Join(h.Dir, databaseFile) }

// books is the name by which the books are opened.
func (h *Home) books() string {
	if h.Database != "" {
		return h.Database
	}
	return h.DatabasePath()
}

// Init makes a new head office folder with fresh keys. Its cards hang on root, whose other half is offline; without one it
// makes a root of its own in a folder that is to be taken away, and the first issuing key. The settings file is written
// last: a folder that has it is whole, and a folder that has it is never touched again.
func Init(dir string, s Settings, root *ecdsa.PublicKey, clock Clock) (*Home, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make head office: %w", err)
	}
	keyDir := filepath.Join(dir, keyFolder)
	if err := os.Mkdir(keyDir, 0o700); errors.Is(err, fs.ErrExist) {
		return nil, &FieldError{"dir", "choose another folder; keys are never replaced", fmt.Errorf("%s %w", keyDir, ErrExists)}
	} else if err != nil {
		return nil, fmt.Errorf("make head office: %w", err)
	}
	var own *Root
	if root == nil {
		var err error
		if own, err = MakeRoot(filepath.Join(dir, rootFolder)); err != nil {
			return nil, err
		}
		root = own.Public()
	}
	keys, err := newKeys(s, root, clock)
	if err != nil {
		return nil, err
	}
	if err := keys.write(keyDir); err != nil {
		return nil, err
	}
	h := &Home{Dir: dir, Settings: s, Keys: keys}
	if own != nil {
		if err := h.firstIssuingKey(own, clock()); err != nil {
			return nil, err
		}
	}
	doc, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	if err := writeNew(filepath.Join(dir, settingsFile), append(doc, '\n')); err != nil {
		return nil, err
	}
	return h, nil
}

// maxSettingsBytes bounds the settings file.
const maxSettingsBytes = 64 << 10

// OpenHome reads a folder made by Init.
func OpenHome(dir string) (*Home, error) {
	path := filepath.Join(dir, settingsFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &FieldError{"dir", `make one with "headoffice init"`, fmt.Errorf("%s holds no head office", dir)}
	}
	if err != nil {
		return nil, fmt.Errorf("open head office: %w", err)
	}
	if len(raw) > maxSettingsBytes {
		return nil, fmt.Errorf("open head office: %s has %d bytes, the limit is %d", path, len(raw), maxSettingsBytes)
	}
	h := &Home{Dir: dir}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h.Settings); err != nil {
		return nil, fmt.Errorf("open head office: %s: %w", path, err)
	}
	if err := h.Settings.check(); err != nil {
		return nil, fmt.Errorf("open head office: %s: %w", path, err)
	}
	if h.Keys, err = readKeys(filepath.Join(dir, keyFolder)); err != nil {
		return nil, err
	}
	return h, nil
}
