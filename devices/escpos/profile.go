package escpos

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"loyaltill/devices/escpos/render"
)

//go:embed profiles/*.toml
var profileFiles embed.FS

const profileSchema = 1

// Profile is what is known of a printer model. It is data: models differ by their
// file, never by a branch in code.
type Profile struct {
	Schema int    `toml:"schema"`
	ID     string `toml:"id"`
	Match  struct {
		Maker string `toml:"maker"`
		Model string `toml:"model"`
	} `toml:"match"`
	Paper    Paper          `toml:"paper"`
	IO       IO             `toml:"io"`
	Status   Answers        `toml:"status"`
	Pages    PageSlots      `toml:"pages"`
	Graphics Graphics       `toml:"graphics"`
	Symbols  SymbolSupport  `toml:"symbols"`
	Cutter   Cutter         `toml:"cut"`
	Drawer   DrawerSettings `toml:"drawer"`
	Quirks   Quirks         `toml:"quirks"`
}

// Paper is the printable width, the character grid and the way to the cutter.
type Paper struct {
	WidthDots   int    `toml:"width_dots"`
	DPI         int    `toml:"dpi"`
	CellA       [2]int `toml:"cell_a"`
	LineDots    int    `toml:"line_dots"` // line pitch after ESC @
	CutFeedDots int    `toml:"cut_feed_dots"`
}

// Columns is the number of letters of normal size in a line.
func (p Paper) Columns() int { return p.WidthDots / p.CellA[0] }

// IO is how the printer is reached and how fast it takes data.
type IO struct {
	Transports []string `toml:"transports"`
	Baud       int      `toml:"baud"`
	Parity     string   `toml:"parity"`
	Handshake  string   `toml:"handshake"`
	RxBuffer   int      `toml:"rx_buffer"`
	Window     int      `toml:"window"` // most bytes sent and not acknowledged
	LineMS     int      `toml:"line_ms"`
	BootMS     int      `toml:"boot_ms"`
}

// Answers says what the printer can be asked.
type Answers struct {
	DLEEOT          bool `toml:"dle_eot"`
	ASB             bool `toml:"asb"`
	GSR             bool `toml:"gs_r"`
	ProcessID       bool `toml:"process_id"`
	ClearFn8        bool `toml:"clear_fn8"`
	OfflineResponse bool `toml:"offline_response"`
	NearEnd         bool `toml:"near_end"`
}

// PageSlots maps code pages to the printer's numbers for ESC t. Only pages in
// Verified, confirmed on a commissioning ticket, are printed with.
type PageSlots struct {
	CP437    *uint8   `toml:"cp437"`
	CP775    *uint8   `toml:"cp775"`
	CP852    *uint8   `toml:"cp852"`
	CP858    *uint8   `toml:"cp858"`
	CP1257   *uint8   `toml:"cp1257"`
	Verified []string `toml:"verified"`
}

// Graphics says which picture commands work.
type Graphics struct {
	GSv0      bool `toml:"gs_v0"`
	GSL       bool `toml:"gs_l"`
	UserChars int  `toml:"user_chars"`
	MaxRows   int  `toml:"max_rows"`
}

// Ways to print a symbol.
const (
	SymbolNative = "native" // by the printer's own command
	SymbolRaster = "raster" // drawn by us
)

// SymbolSupport says by symbology whether the printer draws it itself.
type SymbolSupport struct {
	Code128 string `toml:"code128"`
	EAN13   string `toml:"ean13"`
	QR      string `toml:"qr"`
	GS1128  string `toml:"gs1_128"`
}

// Cutter says which cuts the printer makes; without any the paper is fed to the tear bar.
type Cutter struct {
	Partial bool `toml:"partial"`
	Full    bool `toml:"full"`
}

// DrawerSettings is the kick of the cash drawer.
type DrawerSettings struct {
	Pins  []int `toml:"pins"`
	OnMS  int   `toml:"on_ms"`
	OffMS int   `toml:"off_ms"`
}

// Quirks are measured oddities.
type Quirks struct {
	CancelKanjiFirst     bool `toml:"cancel_kanji_first"`
	LFSwallowedAfterGSv0 bool `toml:"lf_swallowed_after_gs_v0"`
	ESCJIgnored          bool `toml:"esc_j_ignored"`
	ESCDollarIgnored     bool `toml:"esc_dollar_ignored"` // ESC $ has no effect behind text
	InitKeepsPage        bool `toml:"init_keeps_page"`
}

// Confirm is the best acknowledgement that the profile promises.
func (p *Profile) Confirm() Confirm {
	switch {
	case p.Status.ProcessID:
		return ConfirmPrinted
	case p.Status.GSR:
		return ConfirmProcessed
	default:
		return ConfirmNone
	}
}

// ErrProfile is the cause of every profile that is refused.
var ErrProfile = errors.New("printer profile")

// ParseProfile reads a profile file. An unknown key is an error that names its line.
func ParseProfile(data []byte) (*Profile, error) {
	var p Profile
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			first := strict.Errors[0]
			row, _ := first.Position()
			return nil, fmt.Errorf("%w: line %d: unknown key %q", ErrProfile, row, strings.Join(first.Key(), "."))
		}
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, column := at.Position()
			return nil, fmt.Errorf("%w: line %d, column %d: %w", ErrProfile, row, column, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%w %q: %w", ErrProfile, p.ID, err)
	}
	return &p, nil
}

// LoadProfile returns a shipped profile.
func LoadProfile(id string) (*Profile, error) {
	if id == "" || strings.ContainsAny(id, `/\`) {
		return nil, fmt.Errorf("%w: no profile %q; shipped are %s", ErrProfile, id, strings.Join(ProfileIDs(), ", "))
	}
	data, err := profileFiles.ReadFile("profiles/" + id + ".toml")
	if err != nil {
		return nil, fmt.Errorf("%w: no profile %q; shipped are %s", ErrProfile, id, strings.Join(ProfileIDs(), ", "))
	}
	return ParseProfile(data)
}

// ProfileIDs lists the shipped profiles.
func ProfileIDs() []string {
	entries, err := profileFiles.ReadDir("profiles")
	if err != nil {
		return nil // the folder is embedded, so it is there
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return ids
}

// Bounds of what a profile may claim.
const (
	minColumns = 16
	maxWidth   = 2048
	minWindow  = 256 // a raster row and its acknowledgement must fit
	maxPitch   = 255
)

func (p *Profile) check() error {
	switch {
	case p.Schema != profileSchema:
		return fmt.Errorf("schema %d, want %d", p.Schema, profileSchema)
	case p.ID == "" || len(p.ID) > maxProfileID:
		return fmt.Errorf("id must have 1 to %d characters", maxProfileID)
	case p.Paper.CellA != [2]int{render.CellWidth, render.CellHeight}:
		return fmt.Errorf("paper.cell_a %v, want [%d, %d]", p.Paper.CellA, render.CellWidth, render.CellHeight)
	case p.Paper.Columns() < minColumns || p.Paper.WidthDots > maxWidth || p.Paper.WidthDots%8 != 0:
		return fmt.Errorf("paper.width_dots %d, want a multiple of 8 up to %d for at least %d letters", p.Paper.WidthDots, maxWidth, minColumns)
	case p.Paper.LineDots < render.CellHeight || p.Paper.LineDots > maxPitch:
		return fmt.Errorf("paper.line_dots %d, want %d to %d", p.Paper.LineDots, render.CellHeight, maxPitch)
	case p.Paper.CutFeedDots < 0 || p.Paper.CutFeedDots > maxFeed*render.CellHeight:
		return fmt.Errorf("paper.cut_feed_dots %d", p.Paper.CutFeedDots)
	case p.IO.Window < minWindow || p.IO.Window > p.IO.RxBuffer:
		return fmt.Errorf("io.window %d, want %d to io.rx_buffer", p.IO.Window, minWindow)
	case p.Graphics.GSv0 && (p.Graphics.MaxRows < 1 || p.Graphics.MaxRows > 2047):
		return fmt.Errorf("graphics.max_rows %d, want 1 to 2047", p.Graphics.MaxRows)
	}
	for _, v := range []string{p.Symbols.Code128, p.Symbols.EAN13, p.Symbols.QR, p.Symbols.GS1128} {
		if v != SymbolNative && v != SymbolRaster {
			return fmt.Errorf("symbols: %q, want native or raster", v)
		}
	}
	for _, name := range p.Pages.Verified {
		if _, ok := p.Pages.slot(name); !ok {
			return fmt.Errorf("pages.verified names %q, which has no slot", name)
		}
	}
	return p.Drawer.check()
}

// check keeps the kick within ESC p, which counts 2 ms units in a byte.
func (d DrawerSettings) check() error {
	const longest = 2 * 255
	if d.OnMS < 2 || d.OnMS > longest || d.OffMS < 2 || d.OffMS > longest {
		return fmt.Errorf("drawer on_ms %d, off_ms %d, want 2 to %d", d.OnMS, d.OffMS, longest)
	}
	for _, pin := range d.Pins {
		if pin != 2 && pin != 5 {
			return fmt.Errorf("drawer pin %d, want 2 or 5", pin)
		}
	}
	return nil
}

// slot is the ESC t number of a page.
func (s PageSlots) slot(name string) (byte, bool) {
	slots := map[string]*uint8{pageCP437: s.CP437, pageCP775: s.CP775, pageCP852: s.CP852, pageCP858: s.CP858, pageCP1257: s.CP1257}
	if n := slots[name]; n != nil {
		return *n, true
	}
	return 0, false
}

// usable lists the pages to print with, the best for the product's languages first.
func (s PageSlots) usable() []codePage {
	var pages []codePage
	for _, name := range []string{pageCP1257, pageCP775, pageCP858, pageCP852, pageCP437} {
		n, ok := s.slot(name)
		if ok && slices.Contains(s.Verified, name) {
			pages = append(pages, codePage{name: name, slot: n})
		}
	}
	return pages
}
