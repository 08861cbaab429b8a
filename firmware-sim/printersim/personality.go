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
	StatusDelay       time.Duration // answers come this much later
}

// DefaultPersonality is the printer that a configuration without a personality gets.
const DefaultPersonality = "tm-t20iii"

// slotsTMT20III are the pages of Epson's character code tables for this model that have a table here.
func slotsTMT20III() map[byte]string {
	return map[byte]string{
		0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 15: "iso8859-7", 16: "cp1252", 17: "cp866",
		18: "cp852", 19: "cp858", 33: "cp775", 34: "cp855", 36: "cp862", 39: "iso8859-2", 40: "iso8859-15",
		45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
	}
}

func tmT20III() Personality {
	return Personality{
		Name: DefaultPersonality, Maker: "EPSON", Model: "TM-T20III", Firmware: "1.02 ESC/POS",
		WidthDots: 576, HeadToCutter: 96, LineRows: 30,
		RowTime: 600 * time.Microsecond, CutTime: 350 * time.Millisecond, BootTime: 4 * time.Second,
		BufferSize: 4096, FullFree: 16, ReleaseFree: 256, RealTimeAtAll: true,
		Pages: slotsTMT20III(),
	}
}

// Personalities are the models that the simulator can be, by name.
func Personalities() map[string]Personality {
	all := make(map[string]Personality)
	add := func(name string, change func(*Personality)) {
		p := tmT20III()
		p.Name = name
		change(&p)
		all[name] = p
	}
	add(DefaultPersonality, func(*Personality) {})
	add("tm-t20iii-xonxoff", func(p *Personality) { p.XONXOFF = true })
	add("tm-t88-45byte", func(p *Personality) {
		p.Model, p.BufferSize, p.ReleaseFree = "TM-T88IV", 45, 26
	})
	add("clone-no-process-id", func(p *Personality) {
		p.Maker, p.Model, p.NoProcessID = "XP", "XP-80C", true
		p.Pages = map[byte]string{0: "cp437", 2: "cp850", 16: "cp1252", 18: "cp852", 25: "cp1257", 33: "cp775"}
	})
	add("clone-no-clear", func(p *Personality) { p.Maker, p.Model, p.NoClear = "RP", "RP326", true })
	add("clone-eats-lf", func(p *Personality) {
		p.Maker, p.Model, p.SwallowLFAfterRas, p.RasterLowHeight = "ZJ", "ZJ-80", true, true
	})
	add("clone-kanji", func(p *Personality) {
		p.Maker, p.Model, p.KanjiAtBoot, p.NoProcessID, p.NoClear = "POS", "POS-80", true, true, true
	})
	add("clone-slow-status", func(p *Personality) {
		p.Maker, p.Model, p.StatusDelay, p.RealTimeAtAll, p.EnqClearsOnly = "RP", "RP332", 2*time.Second, false, true
	})
	add("clone-mute-sensors", func(p *Personality) { p.Maker, p.Model, p.NoNearEnd, p.NoASB = "AF", "AF-240", true, true })
	return all
}

// PersonalityNames lists the models in alphabetical order.
func PersonalityNames() []string { return slices.Sorted(maps.Keys(Personalities())) }
