package printersim

// settings is what ESC @ puts back.
type settings struct {
	font           int
	bold           bool
	doubleStrike   bool
	underline      int
	wide, high     int
	reverse        bool
	turned         bool
	upsideDown     bool
	userCharacters bool
	rightSpace     int

	align      int // 0 left, 1 centre, 2 right
	lineRows   int
	leftMargin int
	areaWidth  int
	tabs       []int // in characters
	unitX      int   // fractions of an inch
	unitY      int
	dpi        int
	usualUnitY int // when GS P has not changed it

	stopsNearEnd bool // ESC c 4: no printing near the end of the roll
	buttonsOff   bool // ESC c 5

	page    upperHalf
	ascii   [128]rune
	hri     int
	hriFont int

	barHeight int
	barModule int
}

func defaultSettings(m *machine) settings {
	s := settings{
		wide: 1, high: 1, lineRows: m.pers.LineRows, areaWidth: m.pers.WidthDots,
		dpi: m.pers.DPI, usualUnitY: m.pers.DPI, barHeight: 162, barModule: 3,
	}
	if m.pers.VerticalUnit > 0 {
		s.usualUnitY = m.pers.VerticalUnit
	}
	s.motionUnits(0, 0)
	for col := 8; col < 256; col += 8 {
		s.tabs = append(s.tabs, col)
	}
	s.selectCountry(0)
	s.page, _ = pageByName(m.pers.Pages[0])
	return s
}

// printMode is ESC !.
func (s *settings) printMode(n byte) {
	s.font = int(n & 1)
	s.bold = n&0x08 != 0
	s.high = 1 + int(n>>4&1)
	s.wide = 1 + int(n>>5&1)
	s.underline = int(n >> 7)
}

// size is GS !: the high nibble widens, the low one heightens, each one to eight times.
func (s *settings) size(n byte) {
	if n&0x88 != 0 {
		return
	}
	s.wide, s.high = 1+int(n>>4), 1+int(n&0x0F)
}

func (s *settings) selectCountry(n byte) {
	national := nationalASCII(n)
	if national == "" {
		return
	}
	for i := range s.ascii {
		s.ascii[i] = rune(i)
	}
	const replaced = "#$@[\\]^`{|}~"
	i := 0
	for _, r := range national {
		s.ascii[replaced[i]] = r
		i++
	}
}

// motionUnits is GS P; 0 puts a unit back.
func (s *settings) motionUnits(x, y byte) {
	s.unitX, s.unitY = int(x), int(y)
	if x == 0 {
		s.unitX = s.dpi
	}
	if y == 0 {
		s.unitY = s.usualUnitY
	}
}

func (s *settings) across(units int) int { return units * s.dpi / s.unitX }

func (s *settings) down(units int) int { return units * s.dpi / s.unitY }

// setTabs is ESC D; without positions all tabs go.
func (s *settings) setTabs(positions []byte) {
	s.tabs = nil
	for _, p := range positions {
		s.tabs = append(s.tabs, int(p))
	}
}

func (s *settings) runeOf(b byte) rune {
	if b < 0x80 {
		return s.ascii[b]
	}
	return s.page[b-0x80]
}

// area is the printable width and its left edge.
func (s *settings) area(head int) (left, width int) {
	left = min(s.leftMargin, head)
	return left, min(s.areaWidth, head-left)
}

// selectPage is ESC t. A slot that the model does not have changes nothing.
func (m *machine) selectPage(slot byte) {
	name, ok := m.pers.Pages[slot]
	if !ok {
		m.note("ignored", "ESC t with a slot that this model lacks")
		return
	}
	page, ok := pageByName(name)
	if !ok {
		for i := range page {
			page[i] = noCharacter
		}
	}
	m.in.set.page = page
}
