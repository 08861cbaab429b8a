package printersim

import "maps"

// commandTable is every command that the printer knows, by its first two bytes. Lengths are the manual's.
func commandTable(pers Personality) map[[2]byte]command {
	t := make(map[[2]byte]command)
	addText(t)
	addPosition(t)
	addPaper(t)
	addGraphics(t)
	addSymbols(t)
	addStatus(t)
	addSkipped(t)
	if pers.PrintsUnknown {
		maps.DeleteFunc(t, func(code [2]byte, c command) bool {
			return c.run == nil || code == [2]byte{gs, '('} || code == [2]byte{gs, '8'}
		})
	}
	return t
}

func addText(t map[[2]byte]command) {
	t[[2]byte{esc, '@'}] = command{run: func(m *machine, _ []byte) { m.in.reset(m) }}
	t[[2]byte{esc, '!'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.printMode(p[2]) }}
	t[[2]byte{esc, 'E'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.bold = p[2]&1 != 0 }}
	t[[2]byte{esc, 'G'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.doubleStrike = p[2]&1 != 0 }}
	t[[2]byte{esc, '-'}] = command{args: 1, run: func(m *machine, p []byte) {
		if n := p[2] &^ '0'; n <= 2 {
			m.in.set.underline = int(n)
		}
	}}
	t[[2]byte{esc, 'M'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.font = int(p[2] & 1) }}
	t[[2]byte{esc, 't'}] = command{args: 1, run: func(m *machine, p []byte) { m.selectPage(p[2]) }}
	t[[2]byte{esc, 'R'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.selectCountry(p[2]) }}
	t[[2]byte{esc, '{'}] = command{args: 1, run: func(m *machine, p []byte) {
		if m.in.line.empty() {
			m.in.set.upsideDown = p[2]&1 != 0
		}
	}}
	t[[2]byte{esc, 'V'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.turned = p[2]&1 != 0 }}
	t[[2]byte{esc, ' '}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.rightSpace = m.in.set.across(int(p[2])) }}
	t[[2]byte{esc, '='}] = command{args: 1, run: func(m *machine, p []byte) { m.in.asleep = p[2]&1 == 0 }}
	t[[2]byte{esc, '%'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.userCharacters = p[2]&1 != 0 }}
	t[[2]byte{esc, '&'}] = command{size: sizeUserCharacters, run: (*machine).defineCharacters}
	t[[2]byte{esc, '?'}] = command{args: 1, run: func(m *machine, p []byte) { delete(m.in.user, p[2]) }}
	t[[2]byte{fs, '.'}] = command{run: func(m *machine, _ []byte) { m.in.kanji = false }}
	t[[2]byte{fs, '&'}] = command{run: func(m *machine, _ []byte) { m.in.kanji = m.pers.KanjiAtBoot }}
	t[[2]byte{gs, '!'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.size(p[2]) }}
	t[[2]byte{gs, 'B'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.reverse = p[2]&1 != 0 }}
}

func addPosition(t map[[2]byte]command) {
	t[[2]byte{esc, 'a'}] = command{args: 1, run: func(m *machine, p []byte) {
		if n := p[2] &^ '0'; n <= 2 && m.in.line.empty() {
			m.in.set.align = int(n)
		}
	}}
	t[[2]byte{esc, '2'}] = command{run: func(m *machine, _ []byte) { m.in.set.lineRows = m.pers.LineRows }}
	t[[2]byte{esc, '3'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.lineRows = m.in.set.down(int(p[2])) }}
	t[[2]byte{esc, '$'}] = command{args: 2, run: func(m *machine, p []byte) { m.in.moveTo(m, m.in.set.across(le16(p[2:]))) }}
	t[[2]byte{esc, '\\'}] = command{args: 2, run: func(m *machine, p []byte) {
		m.in.moveTo(m, m.in.line.x+m.in.set.across(int(int16(le16(p[2:])))))
	}}
	t[[2]byte{esc, 'D'}] = command{size: sizeTabs, run: func(m *machine, p []byte) { m.in.set.setTabs(p[2 : len(p)-1]) }}
	t[[2]byte{gs, 'L'}] = command{args: 2, run: func(m *machine, p []byte) {
		if m.in.line.empty() {
			m.in.set.leftMargin = min(m.in.set.across(le16(p[2:])), m.pers.WidthDots)
		}
	}}
	t[[2]byte{gs, 'W'}] = command{args: 2, run: func(m *machine, p []byte) {
		if m.in.line.empty() {
			m.in.set.areaWidth = m.in.set.across(le16(p[2:]))
		}
	}}
	t[[2]byte{gs, 'P'}] = command{args: 2, run: func(m *machine, p []byte) { m.in.set.motionUnits(p[2], p[3]) }}
}

func addPaper(t map[[2]byte]command) {
	t[[2]byte{esc, 'd'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.feedLines(m, int(p[2])) }}
	t[[2]byte{esc, 'J'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.feedRows(m, m.in.set.down(int(p[2]))) }}
	t[[2]byte{esc, 'i'}] = command{run: func(m *machine, _ []byte) { m.cutCommand(0) }}
	t[[2]byte{esc, 'm'}] = command{run: func(m *machine, _ []byte) { m.cutCommand(0) }}
	t[[2]byte{gs, 'V'}] = command{size: sizeCut, run: (*machine).cutOrFeedAndCut}
	t[[2]byte{esc, 'p'}] = command{args: 3, run: (*machine).drawerPulse}
	t[[2]byte{esc, 'c'}] = command{args: 2, run: (*machine).sensorsAndButtons}
}

func addStatus(t map[[2]byte]command) {
	t[[2]byte{gs, 'a'}] = command{args: 1, run: func(m *machine, p []byte) { m.setASB(p[2]) }}
	t[[2]byte{gs, 'r'}] = command{args: 1, run: (*machine).transmitStatus}
	t[[2]byte{gs, 'I'}] = command{args: 1, run: (*machine).transmitID}
	t[[2]byte{gs, '('}] = command{size: sizeParenthesis, run: (*machine).parenthesis}
}

func addGraphics(t map[[2]byte]command) {
	t[[2]byte{gs, 'v'}] = command{args: 6, tail: tailRaster, run: (*machine).rasterCommand}
	t[[2]byte{gs, '8'}] = command{size: sizeEightL, tail: tailEightL, run: (*machine).eightL}
	t[[2]byte{esc, '*'}] = command{size: sizeBitImage, run: (*machine).bitImage}
}

func addSymbols(t map[[2]byte]command) {
	t[[2]byte{gs, 'H'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.hri = int(p[2] & 3) }}
	t[[2]byte{gs, 'f'}] = command{args: 1, run: func(m *machine, p []byte) { m.in.set.hriFont = int(p[2] & 1) }}
	t[[2]byte{gs, 'h'}] = command{args: 1, run: func(m *machine, p []byte) {
		if p[2] > 0 {
			m.in.set.barHeight = int(p[2])
		}
	}}
	t[[2]byte{gs, 'w'}] = command{args: 1, run: func(m *machine, p []byte) {
		if p[2] >= 1 && p[2] <= 6 {
			m.in.set.barModule = int(p[2])
		}
	}}
	t[[2]byte{gs, 'k'}] = command{size: sizeBarcode, run: (*machine).barcodeCommand}
}

// addSkipped are commands of other modes and models. Their length is known, so nothing of them reaches the paper.
func addSkipped(t map[[2]byte]command) {
	quiet := func(*machine, []byte) {} // settings that make no difference to this printer: one way or both, pin tension, colour
	for _, b := range []byte{'U', 'r'} {
		t[[2]byte{esc, b}] = command{args: 1, run: quiet}
	}
	t[[2]byte{fs, 'C'}] = command{args: 1, run: quiet}
	for b, args := range map[byte]int{
		'L': 0, 'S': 0, 'T': 1, 'W': 8, 'K': 1, 'e': 1, 'u': 1, 'v': 0, ff: 0,
	} {
		t[[2]byte{esc, b}] = command{args: args}
	}
	for b, args := range map[byte]int{
		'$': 2, '\\': 2, '/': 1, ':': 0, '^': 3, 'T': 1, 'b': 1, 'c': 0, ff: 0,
	} {
		t[[2]byte{gs, b}] = command{args: args}
	}
	for b, args := range map[byte]int{'!': 1, '-': 1, 'S': 2, 'W': 1, '?': 2, '2': 74, 'p': 2} {
		t[[2]byte{fs, b}] = command{args: args}
	}
	t[[2]byte{esc, '('}] = command{size: sizeParenthesis}
	t[[2]byte{fs, '('}] = command{size: sizeParenthesis}
	t[[2]byte{gs, '*'}] = command{args: 2, tail: func(p []byte) int { return int(p[2]) * int(p[3]) * 8 }}
	t[[2]byte{gs, 'C'}] = command{size: sizeCounter}
	t[[2]byte{gs, 'g'}] = command{args: 4} // GS g 0 m nL nH, GS g 2 m nL nH
	t[[2]byte{fs, 'g'}] = command{size: sizeNVUser, tail: tailNVUser}
	t[[2]byte{fs, 'q'}] = command{args: 1, run: func(m *machine, p []byte) {
		m.unsupported(p)
		m.in.nvImages = int(p[2])
	}}
}

// sizeParenthesis: three command bytes, pL pH and as many bytes.
func sizeParenthesis(p []byte) int {
	if len(p) < 5 {
		return 5
	}
	return 5 + le16(p[3:])
}

// sizeCut: GS V m, and n for the forms that feed first.
func sizeCut(p []byte) int {
	if len(p) < 3 {
		return 3
	}
	if p[2] >= 65 && p[2] != '0' && p[2] != '1' {
		return 4
	}
	return 3
}

// sizeTabs: ESC D ends at NUL, at the 32nd position, or at a position that is not behind the one before.
func sizeTabs(p []byte) int {
	const most = 32
	for i := 2; i < len(p); i++ {
		if p[i] == 0 || i-2 == most || (i > 2 && p[i] <= p[i-1]) {
			return i + 1
		}
	}
	return len(p) + 1
}

// sizeCounter: GS C 0 n m, GS C 1 aL aH bL bH n r, GS C 2 nL nH, GS C ; ... ; with five numbers in digits.
func sizeCounter(p []byte) int {
	if len(p) < 3 {
		return 3
	}
	switch p[2] {
	case '0':
		return 5
	case '1':
		return 9
	case '2':
		return 5
	case ';':
		const most = 40
		if n := len(p); n > most || (n > 3 && countByte(p[2:], ';') == 6) {
			return n
		}
		return len(p) + 1
	}
	return 3
}

func countByte(p []byte, b byte) int {
	n := 0
	for _, c := range p {
		if c == b {
			n++
		}
	}
	return n
}

// sizeNVUser: FS g 1 m a1-a4 nL nH and data, FS g 2 the same without.
func sizeNVUser(p []byte) int {
	if len(p) < 3 {
		return 3
	}
	if p[2] == '1' || p[2] == '2' || p[2] == 1 || p[2] == 2 {
		return 10
	}
	return 3
}

func tailNVUser(p []byte) int {
	if len(p) == 10 && (p[2] == '1' || p[2] == 1) {
		return le16(p[8:])
	}
	return 0
}
