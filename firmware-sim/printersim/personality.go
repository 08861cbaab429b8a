package printersim

import (
	"maps"
	"slices"
	"time"
)

// Personality is what makes one printer model differ from another. Models are data; no code asks for a model's name.
type Personality struct {
	Name     string
	Maker    string // answer to GS I 66
	Model    string // answer to GS I 67
	Firmware string // answer to GS I 65

	WidthDots    int
	DPI          int
	VerticalUnit int // fractions of an inch that ESC J and ESC 3 count in; 0 is DPI
	HeadToCutter int // rows between head and cutter
	LineRows     int // default line spacing
	RowTime      time.Duration
	CutTime      time.Duration
	BootTime     time.Duration

	BufferSize    int
	FullFree      int  // busy when no more than this is free
	ReleaseFree   int  // ready again when this is free
	XONXOFF       bool // busy and ready are also sent as XOFF and XON
	RealTimeAtAll bool // real-time commands are seen even when the receive buffer is full

	Pages map[byte]string // ESC t slot -> page name

	NoProcessID       bool          // GS ( H is not known
	NoClear           bool          // DLE DC4 fn 8 is not known
	NoASB             bool          // GS a is not known
	NoNearEnd         bool          // the roll has no near-end sensor
	EnqClearsOnly     bool          // of DLE ENQ 1 and 2 only 2 works
	SwallowLFAfterRas bool          // one LF after GS v 0 is lost
	RasterLowHeight   bool          // GS v 0 looks at the low byte of the height only
	KanjiAtBoot       bool          // bytes from 0x80 come in pairs until FS .
	PrintsUnknown     bool          // what other models skip prints as text: page mode, GS ( and the like
	NoCutter          bool          // GS V does nothing; a hand tears the paper off
	StatusDelay       time.Duration // answers come this much later
	StatusSpread      time.Duration // and each one second later still than the one before, up to this much, then again
}

// DefaultPersonality is the printer that a configuration without a personality gets.
const DefaultPersonality = "tm-t20iii"

// slotsEpson are the pages of Epson's character code tables that have a table here; the models of this family agree.
func slotsEpson() map[byte]string {
	return map[byte]string{
		0: "cp437", 1: "katakana", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 15: "iso8859-7", 16: "cp1252", 17: "cp866",
		18: "cp852", 19: "cp858", 33: "cp775", 34: "cp855", 36: "cp862", 39: "iso8859-2", 40: "iso8859-15",
		45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
	}
}

// slotsZjiang are those of the cheap boards, of the POS-5890 and its many names.
func slotsZjiang() map[byte]string {
	return map[byte]string{
		0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858",
		25: "cp1257", 27: "cp1258", 32: "cp1255", 53: "cp858", 60: "cp855", 61: "cp857", 62: "cp862", 72: "cp1250", 73: "cp1251",
		90: "cp1253", 91: "cp1254", 92: "cp1256", 95: "cp775",
	}
}

func tmT20III() Personality {
	return Personality{
		Name: DefaultPersonality, Maker: "EPSON", Model: "TM-T20III", Firmware: "1.02 ESC/POS",
		WidthDots: 576, DPI: 203, HeadToCutter: 96, LineRows: 30,
		RowTime: 600 * time.Microsecond, CutTime: 350 * time.Millisecond, BootTime: 4 * time.Second,
		BufferSize: 4096, FullFree: 16, ReleaseFree: 256, RealTimeAtAll: true,
		Pages: slotsEpson(),
	}
}

// models are what shops have, each as it differs from the default.
func models() map[string]func(*Personality) {
	t88 := func(p *Personality) {
		p.WidthDots, p.DPI, p.VerticalUnit, p.HeadToCutter = 512, 180, 360, 85
		p.RowTime, p.CutTime, p.ReleaseFree = 470*time.Microsecond, 300*time.Millisecond, 138
	}
	board := func(p *Personality) { // what the cheap boards have in common
		p.Maker, p.Firmware, p.Pages = "POS", "V2.0", slotsZjiang()
		p.NoProcessID, p.NoClear, p.EnqClearsOnly, p.RealTimeAtAll = true, true, true, false
	}
	return map[string]func(*Personality){
		DefaultPersonality:  func(*Personality) {},
		"tm-t20iii-xonxoff": func(p *Personality) { p.XONXOFF = true },
		"tm-t88v":           func(p *Personality) { t88(p); p.Model, p.Firmware = "TM-T88V", "30.40 ESC/POS" },
		"tm-t88vi": func(p *Personality) {
			t88(p)
			p.Model, p.Firmware, p.RowTime, p.BootTime = "TM-T88VI", "10.01 ESC/POS", 400*time.Microsecond, 7*time.Second
		},
		"tm-t88-45byte": func(p *Personality) { t88(p); p.Model, p.BufferSize, p.ReleaseFree = "TM-T88IV", 45, 26 },
		"tm-m30": func(p *Personality) {
			p.Model, p.Firmware, p.RowTime, p.BootTime = "TM-m30", "2.04 ESC/POS", 625*time.Microsecond, 8*time.Second
		},
		"generic-80": func(p *Personality) { board(p); p.Model = "POS-80" },
		"generic-58": func(p *Personality) {
			board(p)
			p.Model, p.WidthDots, p.HeadToCutter, p.RowTime = "POS-58", 384, 60, 1400*time.Microsecond
			p.NoCutter, p.NoNearEnd, p.BufferSize = true, true, 1024
		},
	}
}

// clones are the oddities that the field reports tell of, one or two to a printer.
func clones() map[string]func(*Personality) {
	return map[string]func(*Personality){
		"clone-no-process-id": func(p *Personality) {
			p.Maker, p.Model, p.NoProcessID = "XP", "XP-80C", true
			p.Pages = map[byte]string{0: "cp437", 2: "cp850", 16: "cp1252", 18: "cp852", 25: "cp1257", 33: "cp775"}
		},
		"clone-no-clear": func(p *Personality) { p.Maker, p.Model, p.NoClear = "RP", "RP326", true },
		"clone-eats-lf": func(p *Personality) {
			p.Maker, p.Model, p.SwallowLFAfterRas, p.RasterLowHeight = "ZJ", "ZJ-80", true, true
		},
		"clone-kanji": func(p *Personality) {
			p.Maker, p.Model, p.KanjiAtBoot, p.NoProcessID, p.NoClear = "POS", "POS-80K", true, true, true
		},
		"clone-slow-status": func(p *Personality) {
			p.Maker, p.Model, p.RealTimeAtAll, p.EnqClearsOnly = "RP", "RP332", false, true
			p.StatusDelay, p.StatusSpread = time.Second, 4*time.Second
		},
		"clone-mute-sensors":   func(p *Personality) { p.Maker, p.Model, p.NoNearEnd, p.NoASB = "AF", "AF-240", true, true },
		"clone-prints-unknown": func(p *Personality) { p.Maker, p.Model, p.PrintsUnknown, p.NoClear = "HS", "HS-88", true, true },
	}
}

// Personalities are the models that the simulator can be, by name.
func Personalities() map[string]Personality {
	all := make(map[string]Personality)
	changes := models()
	maps.Copy(changes, clones())
	for name, change := range changes {
		p := tmT20III()
		p.Name = name
		change(&p)
		all[name] = p
	}
	return all
}

// PersonalityNames lists the models in alphabetical order.
func PersonalityNames() []string { return slices.Sorted(maps.Keys(Personalities())) }
