// Package printerdb makes printer profiles of the public escpos-printer-db
// (receipt-print-hq, CC BY 4.0). It owns how that database is read; what it does not
// know of a printer is left off, and no code page counts as readable before a
// commissioning ticket. It must never pass a guess for a fact: whatever was derived
// or left out is told beside the profile.
package printerdb

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Limits of what is read.
const (
	sourceExt      = ".yml"
	maxSources     = 1000
	maxSourceBytes = 64 << 10
	maxInherited   = 8 // ancestors of one profile
)

// source is a profile of the database, as far as it is used.
type source struct {
	Name      string          `yaml:"name"`
	Vendor    string          `yaml:"vendor"`
	Inherits  string          `yaml:"inherits"`
	Features  map[string]bool `yaml:"features"`
	Fonts     map[int]font    `yaml:"fonts"`
	Media     *media          `yaml:"media"`
	CodePages map[int]string  `yaml:"codePages"`
}

type font struct {
	Columns int `yaml:"columns"`
}

type media struct {
	Width struct {
		Pixels maybe `yaml:"pixels"`
	} `yaml:"width"`
	DPI maybe `yaml:"dpi"`
}

// maybe is a number, or a word when it is not known.
type maybe string

func (m maybe) number() (int, bool) {
	n, err := strconv.Atoi(string(m))
	return n, err == nil && n > 0
}

// readSources reads every profile of a folder, by the name of its file.
func readSources(folder string) (map[string]source, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*"+sourceExt))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, err)
	}
	if len(paths) == 0 || len(paths) > maxSources {
		return nil, fmt.Errorf("%s: %d profiles (*%s), want 1 to %d; name the folder data/profile of the database", folder, len(paths), sourceExt, maxSources)
	}
	all := make(map[string]source)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), sourceExt)
		if all[name], err = readSource(path, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readSource(path, name string) (source, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return source{}, fmt.Errorf("read printer database: %w", err)
	}
	if len(data) > maxSourceBytes {
		return source{}, fmt.Errorf("%s: %d bytes, want at most %d", path, len(data), maxSourceBytes)
	}
	var file map[string]source
	if err := yaml.Unmarshal(data, &file); err != nil {
		return source{}, fmt.Errorf("%s: %w", path, err)
	}
	s, ok := file[name]
	if !ok || len(file) != 1 {
		return source{}, fmt.Errorf("%s: holds %s, want one profile called as the file", path, strings.Join(slices.Sorted(maps.Keys(file)), ", "))
	}
	return s, nil
}

// complete fills a profile up from what it inherits: whole settings, but features one
// by one.
func complete(name string, all map[string]source) (source, error) {
	s := all[name]
	features := []map[string]bool{s.Features}
	for range maxInherited {
		if s.Inherits == "" {
			merged := make(map[string]bool)
			for _, f := range slices.Backward(features) {
				maps.Copy(merged, f)
			}
			s.Features = merged
			return s, nil
		}
		parent, ok := all[s.Inherits]
		if !ok {
			return s, fmt.Errorf("%s inherits %s, which is not in the folder", name, s.Inherits)
		}
		features = append(features, parent.Features)
		s.Inherits = parent.Inherits
		if s.Fonts == nil {
			s.Fonts = parent.Fonts
		}
		if s.Media == nil {
			s.Media = parent.Media
		}
		if s.CodePages == nil {
			s.CodePages = parent.CodePages
		}
	}
	return s, fmt.Errorf("%s inherits through more than %d profiles", name, maxInherited)
}
