package escpos

import (
	"slices"
	"strings"
)

// Profile is what is known of a printer model. It is data: models differ by their
// file, never by a branch in code. The tags are the format: what a number or a word
// may be, and what it says; the published schema and the written files come of them.
type Profile struct {
	Schema      int            `toml:"schema" min:"1" max:"1" comment:"Version of this format."`
	ID          string         `toml:"id" form:"^[a-z0-9][a-z0-9._-]{0,63}$" comment:"Name by which agent.toml chooses the profile."`
	Attribution string         `toml:"attribution,omitempty" comment:"Whose data this is, where it was taken over."`
	Match       Match          `toml:"match" comment:"What the printer answers to GS I; empty: never chosen by an answer."`
	Paper       Paper          `toml:"paper" comment:"The printable width, the character grid and the way to the cutter."`
	IO          IO             `toml:"io" comment:"How the printer is reached and how fast it takes data."`
	Status      Answers        `toml:"status" comment:"What the printer can be asked."`
	Pages       PageSlots      `toml:"pages" comment:"Code pages: the number of each for ESC t."`
	Letters     Letters        `toml:"letters" comment:"What is done about letters that no route prints."`
	Graphics    Graphics       `toml:"graphics" comment:"Which picture commands work."`
	Symbols     SymbolSupport  `toml:"symbols" comment:"Whether the printer draws a symbology itself (native) or we do (raster)."`
	Cutter      Cutter         `toml:"cut" comment:"Which cuts the printer makes; without any the paper is fed to the tear bar."`
	Drawer      DrawerSettings `toml:"drawer" comment:"The kick of the cash drawer."`
	Quirks      Quirks         `toml:"quirks" comment:"Measured oddities."`

	revision string
}

// Revision is the id and a hash of the file that the profile was read from; it is
// stored with each job, so that one can tell later what it was encoded for.
func (p *Profile) Revision() string { return p.revision }

// Match is how a printer calls itself.
type Match struct {
	Maker string `toml:"maker" comment:"Answer to GS I 66."`
	Model string `toml:"model" comment:"Answer to GS I 67."`
}

// Paper is the printable width, the character grid and the way to the cutter.
type Paper struct {
	WidthDots   int    `toml:"width_dots" min:"192" max:"2048" comment:"Printable dots across the paper, a multiple of 8."`
	DPI         int    `toml:"dpi" min:"100" max:"400" comment:"Dots per inch."`
	CellA       [2]int `toml:"cell_a" comment:"Width and height of a letter of font A; 12 and 24 is what is drawn."`
	LineDots    int    `toml:"line_dots" min:"24" max:"255" comment:"Line pitch after ESC @."`
	CutFeedDots int    `toml:"cut_feed_dots" min:"0" max:"960" comment:"From the print head to the knife or the tear bar."`
}

// Columns is the number of letters of normal size in a line.
func (p Paper) Columns() int { return p.WidthDots / p.CellA[0] }

// IO is how the printer is reached and how fast it takes data.
type IO struct {
	Transports []string `toml:"transports" oneof:"serial,tcp,usblp,file" comment:"Ways to the printer."`
	Baud       int      `toml:"baud" min:"1200" max:"921600" comment:"Speed of the serial line."`
	Parity     string   `toml:"parity" oneof:"none,even,odd" comment:"Parity of the serial line."`
	Handshake  string   `toml:"handshake" oneof:"none,dtrdsr,xonxoff" comment:"How the printer says that its buffer is full."`
	RxBuffer   int      `toml:"rx_buffer" min:"256" max:"1048576" comment:"Bytes of the receive buffer."`
	Window     int      `toml:"window" min:"256" max:"65536" comment:"Most bytes sent and not acknowledged; a raster row and its acknowledgement must fit."`
	LineMS     int      `toml:"line_ms" min:"1" max:"1000" comment:"Time to print a line, in milliseconds."`
	BootMS     int      `toml:"boot_ms" min:"0" max:"60000" comment:"Time from switching on to ready, in milliseconds."`
}

// Answers says what the printer can be asked.
type Answers struct {
	DLEEOT          bool `toml:"dle_eot" comment:"DLE EOT 1 to 4 are answered."`
	ASB             bool `toml:"asb" comment:"GS a makes the printer tell its state by itself."`
	GSR             bool `toml:"gs_r" comment:"GS r is answered once the data before it was processed."`
	ProcessID       bool `toml:"process_id" comment:"GS ( H function 48: the answer means printed."`
	ClearFn8        bool `toml:"clear_fn8" comment:"DLE DC4 function 8 clears what is in the printer."`
	OfflineResponse bool `toml:"offline_response" comment:"GS ( H function 49 announces going offline."`
	NearEnd         bool `toml:"near_end" comment:"There is a sensor for the end of the roll coming near."`
}

// PageSlots maps code pages to the printer's numbers for ESC t. Only pages in
// Verified, confirmed on a commissioning ticket, are printed with.
type PageSlots struct {
	CP437      *uint8   `toml:"cp437,omitempty" comment:"Slot of code page 437."`
	CP775      *uint8   `toml:"cp775,omitempty" comment:"Slot of code page 775, Baltic."`
	CP850      *uint8   `toml:"cp850,omitempty" comment:"Slot of code page 850."`
	CP852      *uint8   `toml:"cp852,omitempty" comment:"Slot of code page 852, Central European."`
	CP858      *uint8   `toml:"cp858,omitempty" comment:"Slot of code page 858."`
	CP866      *uint8   `toml:"cp866,omitempty" comment:"Slot of code page 866, Cyrillic."`
	CP1250     *uint8   `toml:"cp1250,omitempty" comment:"Slot of Windows 1250, Central European."`
	CP1251     *uint8   `toml:"cp1251,omitempty" comment:"Slot of Windows 1251, Cyrillic."`
	CP1252     *uint8   `toml:"cp1252,omitempty" comment:"Slot of Windows 1252."`
	CP1257     *uint8   `toml:"cp1257,omitempty" comment:"Slot of Windows 1257, Baltic."`
	ISO8859x2  *uint8   `toml:"iso8859-2,omitempty" comment:"Slot of ISO 8859-2, Central European."`
	ISO8859x15 *uint8   `toml:"iso8859-15,omitempty" comment:"Slot of ISO 8859-15."`
	Verified   []string `toml:"verified" oneof:"cp437,cp775,cp850,cp852,cp858,cp866,cp1250,cp1251,cp1252,cp1257,iso8859-2,iso8859-15" comment:"Pages that were readable on a commissioning ticket; only these are printed with."`
}

// Letters is the policy for a printer that prints neither pages nor graphics.
type Letters struct {
	Transliterate bool `toml:"transliterate" comment:"Print such lines in plain Latin letters, with a note on the paper; otherwise the document is refused."`
}

// Graphics says which picture commands work.
type Graphics struct {
	GSv0      bool `toml:"gs_v0" comment:"GS v 0 prints raster graphics."`
	GSL       bool `toml:"gs_l" comment:"GS ( L prints graphics."`
	UserChars int  `toml:"user_chars" min:"0" max:"95" comment:"Characters that ESC & can define; 0: none."`
	MaxRows   int  `toml:"max_rows" min:"1" max:"128" comment:"Most rows of one GS v 0."`
}

// Ways to print a symbol.
const (
	SymbolNative = "native" // by the printer's own command
	SymbolRaster = "raster" // drawn by us
)

// SymbolSupport says by symbology whether the printer draws it itself.
type SymbolSupport struct {
	Code128 string `toml:"code128" oneof:"native,raster" comment:"Code 128."`
	EAN13   string `toml:"ean13" oneof:"native,raster" comment:"EAN-13."`
	QR      string `toml:"qr" oneof:"native,raster" comment:"QR code, model 2."`
	GS1128  string `toml:"gs1_128" oneof:"native,raster" comment:"GS1-128."`
}

// Cutter says which cuts the printer makes; without any the paper is fed to the tear bar.
type Cutter struct {
	Partial bool `toml:"partial" comment:"Leaves a bridge of paper."`
	Full    bool `toml:"full" comment:"Cuts the sheet off."`
}

// DrawerSettings is the kick of the cash drawer, which ESC p counts in units of 2 ms.
type DrawerSettings struct {
	Pins  []int `toml:"pins" oneof:"2,5" comment:"Pins of the connector that have a drawer."`
	OnMS  int   `toml:"on_ms" min:"2" max:"510" comment:"Length of the pulse, in milliseconds."`
	OffMS int   `toml:"off_ms" min:"2" max:"510" comment:"Pause behind it, in milliseconds."`
}

// Quirks are measured oddities.
type Quirks struct {
	CancelKanjiFirst     bool `toml:"cancel_kanji_first" comment:"The firmware may start in double-byte mode: send FS . first."`
	LFSwallowedAfterGSv0 bool `toml:"lf_swallowed_after_gs_v0" comment:"One line feed behind a picture is lost."`
	ESCJIgnored          bool `toml:"esc_j_ignored" comment:"ESC J has no effect."`
	ESCDollarIgnored     bool `toml:"esc_dollar_ignored" comment:"ESC $ has no effect behind text."`
	InitKeepsPage        bool `toml:"init_keeps_page" comment:"ESC @ leaves the code page as it was."`
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

// page is a code page that the profile has a slot for.
func (s *PageSlots) page(name string) (codePage, bool) {
	for _, t := range pageTables() {
		if n := *t.slot(s); t.name == name && n != nil {
			return codePage{name: name, slot: *n, high: t.high}, true
		}
	}
	return codePage{}, false
}

// usable lists the pages to print with, the best for the product's languages first.
func (s *PageSlots) usable() []codePage {
	var pages []codePage
	for _, t := range pageTables() {
		if page, ok := s.page(t.name); ok && slices.Contains(s.Verified, t.name) {
			pages = append(pages, page)
		}
	}
	return pages
}

// Slots lists the pages that have a slot, verified or not.
func (s *PageSlots) Slots() []string {
	var names []string
	for _, t := range pageTables() {
		if *t.slot(s) != nil {
			names = append(names, t.name)
		}
	}
	return names
}

// SetSlot gives a page a slot, the lower one when it has another.
func (s *PageSlots) SetSlot(name string, slot byte) {
	for _, t := range pageTables() {
		if at := t.slot(s); t.name == name && (*at == nil || **at > slot) {
			*at = &slot
		}
	}
}

// Held is what a page that has a slot holds of text; spaces stay.
func (s *PageSlots) Held(name, text string) string {
	page, _ := s.page(name)
	return strings.Map(func(c rune) rune {
		if _, ok := page.encode(c); !ok {
			return -1
		}
		return c
	}, text)
}
