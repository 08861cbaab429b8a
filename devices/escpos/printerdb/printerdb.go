package printerdb

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
)

// Attribution is what the licence of the database asks to be kept with its data.
const Attribution = "escpos-printer-db, (c) receipt-print-hq and contributors, CC BY 4.0; changed: settings that it does not have were added"

// Imported is one profile of the database as ours, or why it is none.
type Imported struct {
	Name    string          // in the database
	Profile *escpos.Profile // nil when Refused
	Text    []byte          // its file
	Notes   []string        // what was derived or left off
	Refused string          // "" when imported
}

// Import reads the database's folder of profiles, or one file of it, whose ancestors
// must lie beside it. The answer is in the order of the names.
func Import(path string) ([]Imported, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("import printer profiles: %w", err)
	}
	folder, only := path, ""
	if !info.IsDir() {
		folder, only = filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), sourceExt)
	}
	all, err := readSources(folder)
	if err != nil {
		return nil, fmt.Errorf("import printer profiles: %w", err)
	}
	var out []Imported
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if only != "" && name != only {
			continue
		}
		i, err := convert(name, all)
		if err != nil {
			return nil, fmt.Errorf("import printer profile: %w", err)
		}
		out = append(out, i)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("import printer profiles: %s is no profile of the database; its files end in %s", path, sourceExt)
	}
	return out, nil
}

func convert(name string, all map[string]source) (Imported, error) {
	s, err := complete(name, all)
	if err != nil {
		return Imported{}, err
	}
	i := Imported{Name: name}
	if i.Refused = s.refusal(); i.Refused != "" {
		return i, nil
	}
	p, err := escpos.LoadProfile("safe") // everything unknown is off in it
	if err != nil {
		return i, err
	}
	p.ID = profileID(s.Vendor, name)
	p.Attribution = fmt.Sprintf("%s in %s", name, Attribution)
	width, notes := s.width()
	p.Paper.WidthDots = width
	i.Notes = append(i.Notes, notes...)
	if dpi, ok := s.Media.DPI.number(); ok && dpi >= 100 {
		p.Paper.DPI = dpi
	} else {
		i.Notes = append(i.Notes, fmt.Sprintf("resolution not known: %d dpi taken", p.Paper.DPI))
	}
	i.Notes = append(i.Notes, s.setPages(p)...)
	i.Notes = append(i.Notes, s.setFeatures(p)...)
	if i.Text, err = p.File(); err != nil {
		return i, fmt.Errorf("%s: %w", name, err)
	}
	i.Profile, err = escpos.ParseProfile(i.Text)
	return i, err
}

// refusal says why a profile cannot be ours, or "".
func (s source) refusal() string {
	width, _ := s.width()
	switch {
	case strings.Contains(s.Name, "Display"):
		return "it is a display and has no paper"
	case width == 0:
		return "neither its dots nor its columns are known; measure them and write a profile"
	case width < leastWidth:
		return fmt.Sprintf("%d dots are fewer than the %d of the narrowest layout", width, leastWidth)
	}
	return ""
}

const leastWidth = 16 * render.CellWidth

// width is the printable dots that hold whole letters, a multiple of 8. Where font A
// is wider than our cells, the paper is as narrow as its letters need it to be.
func (s source) width() (dots int, notes []string) {
	const fewest = 16 // fewer columns are the size of a letter in the wrong place
	columns := s.Fonts[0].Columns
	var known bool
	if s.Media != nil {
		dots, known = s.Media.Width.Pixels.number()
	}
	switch {
	case !known && columns < fewest:
		return 0, nil
	case !known:
		dots = columns * render.CellWidth
		notes = append(notes, fmt.Sprintf("width not known: %d dots of its %d columns taken", dots, columns))
	case columns >= fewest && dots/render.CellWidth > columns:
		notes = append(notes, fmt.Sprintf("its letters are wider than %d dots: %d of %d dots used", render.CellWidth, columns*render.CellWidth, dots))
		dots = columns * render.CellWidth
	}
	return dots / 8 * 8, notes
}

// pageNames are the database's names of the pages that we know.
func pageNames() map[string]string {
	return map[string]string{
		"CP437": "cp437", "CP775": "cp775", "CP850": "cp850", "CP852": "cp852", "CP858": "cp858", "CP866": "cp866",
		"CP1250": "cp1250", "CP1251": "cp1251", "CP1252": "cp1252", "CP1257": "cp1257", "ISO_8859-2": "iso8859-2", "ISO_8859-15": "iso8859-15",
	}
}

// setPages takes over the slots, for a page with several the lowest.
func (s source) setPages(p *escpos.Profile) []string {
	if s.Features["starCommands"] {
		return []string{"its code pages are numbered for Star's own command: left off; set the printer to ESC/POS emulation"}
	}
	names := pageNames()
	for slot, page := range s.CodePages {
		if slot < 0 || slot > 255 || names[page] == "" {
			continue
		}
		p.Pages.SetSlot(names[page], byte(slot))
	}
	if len(p.Pages.Slots()) == 0 {
		return []string{"no code page that we know: letters beyond ASCII are drawn"}
	}
	return nil
}

func (s source) setFeatures(p *escpos.Profile) (notes []string) {
	has := func(feature string) bool { return s.Features[feature] }
	p.Graphics.GSv0, p.Graphics.GSL = has("bitImageRaster"), has("graphics")
	if !p.Graphics.GSv0 {
		notes = append(notes, "no raster graphics: only verified code pages print letters beyond ASCII")
	}
	if has("barcodeB") {
		p.Symbols.Code128, p.Symbols.EAN13 = escpos.SymbolNative, escpos.SymbolNative
	}
	if has("qrCode") {
		p.Symbols.QR = escpos.SymbolNative
	}
	p.Cutter = escpos.Cutter{Partial: has("paperPartCut"), Full: has("paperFullCut")}
	if !has("pulseStandard") {
		p.Drawer.Pins = nil
	}
	return notes
}

// profileID is vendor and name in the characters of an id.
func profileID(vendor, name string) string {
	vendor, _, _ = strings.Cut(vendor, " ")
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '-'
	}, strings.ToLower(vendor+"-"+name))
}
