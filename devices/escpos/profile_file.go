package escpos

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed profiles/*.toml
var profileFiles embed.FS

const profileExt = ".toml"

const (
	maxProfileBytes = 64 << 10 // of a profile file
	revisionHash    = 6        // bytes of its hash in a revision
)

// ParseProfile reads a profile file. What is wrong with it is a ProfileFaults.
func ParseProfile(data []byte) (*Profile, error) {
	if len(data) > maxProfileBytes {
		return nil, ProfileFaults{{Problem: fmt.Sprintf("%d bytes, want at most %d", len(data), maxProfileBytes)}}
	}
	var p Profile
	var faults ProfileFaults
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&p); err != nil {
		var strict *toml.StrictMissingError
		if faults = undecoded(err); !errors.As(err, &strict) {
			return nil, faults // nothing else was read
		}
	}
	for _, f := range p.faults() {
		f.Line = lineOf(data, f.Field)
		faults = append(faults, f)
	}
	if len(faults) > 0 {
		slices.SortStableFunc(faults, func(a, b ProfileFault) int { return cmp.Compare(a.Line, b.Line) })
		return nil, faults
	}
	hash := sha256.Sum256(data)
	p.revision = fmt.Sprintf("%s@%x", p.ID, hash[:revisionHash])
	return &p, nil
}

// ReadProfile reads a profile from disk; its faults name the file.
func ReadProfile(path string) (*Profile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	p, err := ParseProfile(data)
	var faults ProfileFaults
	if errors.As(err, &faults) {
		for i := range faults {
			faults[i].File = path
		}
	}
	return p, err
}

// FindProfile returns the profile that a configuration names: the path of a file
// (it ends in .toml), else an id, looked for in the folder and then among those shipped.
func FindProfile(name, folder string) (*Profile, error) {
	if strings.HasSuffix(name, profileExt) {
		return ReadProfile(name)
	}
	if folder != "" && name == filepath.Base(name) {
		p, err := ReadProfile(filepath.Join(folder, name+profileExt))
		if !errors.Is(err, os.ErrNotExist) {
			return p, err
		}
	}
	return LoadProfile(name)
}

// LoadProfile returns a shipped profile.
func LoadProfile(id string) (*Profile, error) {
	data, err := profileFiles.ReadFile("profiles/" + id + profileExt)
	if err != nil {
		return nil, fmt.Errorf("%w: no profile %q; shipped are %s, others are named by the path of their file", ErrProfile, id, strings.Join(ProfileIDs(), ", "))
	}
	return ParseProfile(data)
}

// ProfileOf is the shipped profile of a printer that calls itself so, maker and model; empty when none is for it.
func ProfileOf(name string) string {
	for _, id := range ProfileIDs() {
		if p, err := LoadProfile(id); err == nil && p.Match.Model != "" && p.Match.Maker+" "+p.Match.Model == name {
			return id
		}
	}
	return ""
}

// ProfileIDs lists the shipped profiles.
func ProfileIDs() []string {
	entries, err := profileFiles.ReadDir("profiles")
	if err != nil {
		return nil // the folder is embedded, so it is there
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, strings.TrimSuffix(e.Name(), profileExt))
	}
	return ids
}

// File writes the profile as a file, each setting with what it says.
func (p *Profile) File() ([]byte, error) {
	data, err := toml.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write printer profile %s: %w", p.ID, err)
	}
	if _, err := ParseProfile(data); err != nil {
		return nil, err
	}
	return data, nil
}
