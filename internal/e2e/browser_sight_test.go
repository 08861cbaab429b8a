package e2e

import (
	"fmt"
	"image"
	"image/color"

	"github.com/chromedp/chromedp"
)

// Machines have other letters and smooth them in another way, so two pictures are not compared by their points. What an eye sees from
// afar is compared: the ground of every cell, which letters leave as it is, and whether something is written on it.
const (
	cellSize  = 16
	every     = 2   // of a cell only every second point is looked at, across and down
	groundFar = 12  // of 255, in one colour, is another ground
	inkFar    = 48  // of 255, in one colour, off the ground is ink
	written   = 14  // percent of ink on a cell that has something on it for certain
	blank     = 3   // percent of ink on a cell that has nothing on it
	tintFar   = 110 // of 255, in one colour, is another ink
	nearby    = 1   // a cell may have moved by so many

	// apartMost is the share of cells in which two pictures of one page may differ: other letters make 0.9 to 2.1% of a full till page others, the shade around a dialog 2.6%,
	// what seesWhatBreaks breaks 3.3% and more.
	apartMost = 0.03
)

// glance is what is seen of a cell.
type glance struct {
	ground, tint [3]uint8
	ink          int // percent
}

// sight is what is seen of a picture.
type sight struct {
	across, down int
	cells        []glance
}

func (s sight) at(x, y int) glance { return s.cells[y*s.across+x] }

// look takes a picture in, cell by cell.
func look(img image.Image) sight {
	b := img.Bounds()
	point := points(img)
	s := sight{across: b.Dx() / cellSize, down: b.Dy() / cellSize}
	for y := range s.down {
		for x := range s.across {
			s.cells = append(s.cells, glanceAt(point, b.Min.X+x*cellSize, b.Min.Y+y*cellSize))
		}
	}
	return s
}

// points reads a picture's colours without asking for each as an interface does, which takes seconds a picture under the race detector.
func points(img image.Image) func(x, y int) [3]uint8 {
	switch img := img.(type) {
	case *image.RGBA:
		return func(x, y int) [3]uint8 { return [3]uint8(img.Pix[img.PixOffset(x, y):]) }
	case *image.NRGBA:
		return func(x, y int) [3]uint8 { return [3]uint8(img.Pix[img.PixOffset(x, y):]) }
	case *image.Paletted:
		palette := make([][3]uint8, len(img.Palette))
		for i, c := range img.Palette {
			palette[i] = three(c)
		}
		return func(x, y int) [3]uint8 { return palette[img.Pix[img.PixOffset(x, y)]] }
	}
	return func(x, y int) [3]uint8 { return three(img.At(x, y)) }
}

func three(c color.Color) [3]uint8 {
	opaque := color.RGBAModel.Convert(c).(color.RGBA)
	return [3]uint8{opaque.R, opaque.G, opaque.B}
}

func glanceAt(point func(x, y int) [3]uint8, left, top int) glance {
	var g glance
	const across = cellSize / every
	var colors [across * across][3]uint8
	most, kinds, counts := 0, [][3]uint8{}, []int{}
	last := -1
	for i := range colors {
		c := point(left+i%across*every, top+i/across*every)
		colors[i] = c
		if last < 0 || kinds[last] != c {
			last = place(&kinds, &counts, c)
		}
		if counts[last]++; counts[last] > most {
			most, g.ground = counts[last], c
		}
	}
	var sum [3]int
	n := 0
	for _, c := range colors {
		if far(c, g.ground) > inkFar {
			n++
			for i := range sum {
				sum[i] += int(c[i])
			}
		}
	}
	if n > 0 {
		g.ink = max(1, 100*n/len(colors))
		for i := range sum {
			g.tint[i] = uint8(sum[i] / n)
		}
	}
	return g
}

// place is where a colour is counted.
func place(kinds *[][3]uint8, counts *[]int, c [3]uint8) int {
	for i, k := range *kinds {
		if k == c {
			return i
		}
	}
	*kinds, *counts = append(*kinds, c), append(*counts, 0)
	return len(*kinds) - 1
}

func far(a, b [3]uint8) int {
	most := 0
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}

// apart gives the share of cells that are not the same in two pictures, and which they are. Pictures of two sizes are apart as a whole.
func apart(a, b sight) (float64, []bool) {
	others := make([]bool, len(a.cells))
	if a.across != b.across || a.down != b.down {
		return 1, others
	}
	n := 0
	for y := range a.down {
		for x := range a.across {
			if !found(a.at(x, y), b, x, y) || !found(b.at(x, y), a, x, y) {
				others[y*a.across+x] = true
				n++
			}
		}
	}
	return float64(n) / float64(len(others)), others
}

// found says that a cell is seen in another picture at its place or beside it.
func found(g glance, in sight, x, y int) bool {
	for dy := -nearby; dy <= nearby; dy++ {
		for dx := -nearby; dx <= nearby; dx++ {
			if nx, ny := x+dx, y+dy; nx >= 0 && ny >= 0 && nx < in.across && ny < in.down && g.like(in.at(nx, ny)) {
				return true
			}
		}
	}
	return false
}

// like says that what is certain of a cell holds for another.
func (g glance) like(other glance) bool {
	if far(g.ground, other.ground) > groundFar {
		return false
	}
	if g.ink < written {
		return true
	}
	return other.ink > blank && (other.ink < written || far(g.tint, other.tint) <= tintFar)
}

// changes are done to a page to see which of them its picture shows. Each is CSS, or JavaScript that gives back what undoes it.
var changes = []struct {
	name, css, script string
	seen              bool
}{
	{name: "other letters", css: `* { font-family: 'DejaVu Sans', sans-serif !important }`},
	{name: "letters with serifs", css: `* { font-family: 'Noto Serif', 'Noto Naskh Arabic', serif !important }`},
	{name: "letters that are wider", css: `body { letter-spacing: 0.02em !important }`},
	{name: "letters without smoothing", css: `* { font-weight: 500 !important }`},
	{name: "a panel is missing", css: `.why { visibility: hidden !important }`, seen: true},
	{name: "the card is missing", css: `.member { display: none !important }`, seen: true},
	{name: "texts are missing", css: `.member *, .bill * { color: transparent !important }`, seen: true},
	{name: "a panel is somewhere else", css: `.member { translate: 0 4rem }`, seen: true},
	{name: "a panel lies over another", css: `.totals { translate: 0 -5rem }`, seen: true},
	{name: "one accent is another", css: `:root { --accent: #8a3a0c !important; --accent-soft: #eedede !important }`, seen: true},
	{name: "the grounds are others", css: `:root { --paper: #ffffff !important }`, seen: true},
	{name: "no style", script: `[...document.styleSheets].forEach((s) => { s.disabled = true }); return () => [...document.styleSheets].forEach((s) => { s.disabled = false })`, seen: true},
	{name: "mirrored", script: `const d = document.documentElement; const was = d.dir; d.dir = was === 'rtl' ? 'ltr' : 'rtl'; return () => { d.dir = was }`, seen: true},
}

// seesWhatBreaks holds the page's picture against what other machines and faults make of it.
func (p *tillPage) seesWhatBreaks(name string) {
	p.t.Helper()
	if *writePictures {
		return
	}
	kept, err := readPNG(p.keptPicture(name))
	must(p.t, err)
	p.resize(pictureWidth, pictureHeight)
	for _, c := range changes {
		if c.css != "" {
			c.script = fmt.Sprintf(`const s = new CSSStyleSheet(); s.replaceSync(%q); document.adoptedStyleSheets = [...document.adoptedStyleSheets, s];
				return () => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter((x) => x !== s) }`, c.css)
		}
		p.eval(`window.undoChange = (() => { ` + c.script + ` })(); undefined`)
		share, _ := apart(look(kept), look(p.still()))
		p.eval(`window.undoChange()`)
		p.t.Logf("%s-%s, %s: %.1f%% of the cells are others", name, p.lang, c.name, share*100)
		if (share > apartMost) != c.seen {
			p.t.Errorf("%s-%s, %s: %.1f%% of the cells are others, the limit is %.1f%%", name, p.lang, c.name, share*100, apartMost*100)
		}
	}
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
}
