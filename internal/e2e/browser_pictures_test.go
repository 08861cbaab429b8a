package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"loyaltill/internal/i18n"
)

var writePictures = flag.Bool("pages.write", false, "write docs/pages anew")

const (
	picturesDir   = "../../docs/pages"
	pictureWidth  = 1280
	pictureHeight = 800
	pictureColors = 24
)

// datesJS notes in the page how each date that it writes reads on the day of the pictures, as far from that day as it is from today. It is
// noon in the store, so a business day, which is written in UTC, is as far from today's there.
const datesJS = `(() => {
  const getter = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format').get;
  const dayIn = (timeZone, at) => {
    const [y, m, d] = getter.call(new Intl.DateTimeFormat('en-CA', { timeZone }))(at).split('-').map(Number);
    return Date.UTC(y, m - 1, d) / 86400000;
  };
  window.drawnDates = new Map();
  Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', { configurable: true, get() {
    const format = getter.call(this);
    const { locale, ...as } = this.resolvedOptions();
    const drawn = getter.call(new Intl.DateTimeFormat(locale, { ...as, timeZone: 'UTC' }));
    return (date) => {
      const text = format(date);
      window.drawnDates.set(text, drawn(Date.UTC(2026, 10, 23 + dayIn(as.timeZone, date) - dayIn(as.timeZone), 8, 24)));
      return text;
    };
  } });
})()`

// stillJS has the page read as on every machine and every day, and stand still: what differs is written over until still.end.
const stillJS = `(() => {
  const dates = [...window.drawnDates.keys()].sort((a, b) => b.length - a.length).map((date) => date.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const rules = [
    [new RegExp(dates.join('|') || '(?!)', 'g'), (date) => window.drawnDates.get(date)],
    [/127\.0\.0\.1:\d+/g, '127.0.0.1:8717'],
    [/\b(G?\d+)-[0-9A-Z]{12}\b/g, '$1-0123456789AB'],
    [/\/dev\/pts\/\d+/g, '/dev/pts/4'],
    [/\/tmp\/\S+\//g, '/run/shop/'],
  ];
  const undone = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const was = node.data;
    let text = was;
    for (const rule of rules) text = text.replace(...rule);
    if (node.parentElement.closest('.wait')) text = text.replace(/[0-9]+/g, '2').replace(/[۰-۹]+/g, '۲'); // seconds
    if (text === was) continue;
    node.data = text;
    undone.push(() => { if (node.data === text) node.data = was; });
  }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { caret-color: transparent !important; animation: none !important; transition: none !important }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  undone.push(() => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet); });
  window.still = { end: () => { for (const undo of undone) undo(); } };
})()`

// pictured compares the page with its picture in docs/pages, or writes that when asked to.
func (p *tillPage) pictured(name string) {
	p.t.Helper()
	if p.lang != i18n.English && p.lang != i18n.Persian {
		return
	}
	p.until("a printer that this machine leaves time to answer", "!"+p.read(".strips", p.says("cashier.printer_slow")))
	p.until("the end of good news, which stay for some seconds only", "!document.querySelector('.strip.good')")
	p.tellsAsListed(name)
	file, seen := p.keptPicture(name), p.still()
	if *writePictures {
		must(p.t, writePNG(file, reduced(seen)))
		noteDrawn.Do(func() { p.notesWhatDraws() })
		return
	}
	p.asKept(file, seen)
}

// looksRightInTheDark compares a page that looks right with its picture in dark colours.
func (p *tillPage) looksRightInTheDark(name string) {
	p.t.Helper()
	p.scheme("dark")
	p.resize(pictureWidth, pictureHeight)
	p.pictured(name + "-dark")
	p.scheme("light")
	p.do(chromedp.EmulateViewport(screens[0].width, screens[0].height))
}

func (p *tillPage) keptPicture(name string) string {
	return filepath.Join(picturesDir, fmt.Sprintf("%s-%s.png", name, p.lang))
}

// amiss fails, but lets who draws all pictures anew have the others too.
func (p *tillPage) amiss(format string, args ...any) {
	p.t.Helper()
	if *writePictures {
		p.t.Logf(format, args...)
		return
	}
	p.t.Errorf(format, args...)
}

// settling is how long a page may take until it looks as it is kept: what comes of an event comes in steps.
const settling = 10 * time.Second

// asKept fails when a page does not come to look as its picture, and leaves both, and where they differ, for whoever looks into it.
func (p *tillPage) asKept(file string, seen image.Image) {
	p.t.Helper()
	name := strings.TrimSuffix(filepath.Base(file), ".png")
	kept, err := readPNG(file)
	if errors.Is(err, fs.ErrNotExist) {
		p.t.Errorf("%s has no picture in docs/pages: make pictures, look at it and write it into docs/pages/README.md", name)
		return
	}
	must(p.t, err)
	share, others := apart(look(kept), look(seen))
	for began := time.Now(); share > apartMost && time.Since(began) < settling; share, others = apart(look(kept), look(seen)) {
		time.Sleep(settling / 20)
		seen = p.still()
	}
	if share <= apartMost {
		return
	}
	for end, img := range map[string]image.Image{"kept": kept, "seen": seen, "apart": marked(seen, others)} {
		must(p.t, writePNG(filepath.Join(p.dir, name+"-"+end+".png"), img))
	}
	hint := ""
	if here, kept := p.drawsWith(), drawnWith(p.t); here != kept {
		hint = fmt.Sprintf("; the pictures are of %s, here draws %s: if that is all, draw all of them anew", kept, here)
	}
	p.t.Errorf("%s: %.1f%% of the page is not as in docs/pages, %.1f%% may be: see %s-apart.png in %s, which go test -artifacts keeps; if the page is right, make pictures%s",
		name, share*100, apartMost*100, name, p.dir, hint)
}

var (
	noteDrawn sync.Once
	drawnLine = regexp.MustCompile(`(?m)^Drawn with (.+)\.$`)
)

// drawnWith is what drew the pictures, as docs/pages/README.md says.
func drawnWith(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(picturesDir, "README.md"))
	must(t, err)
	line := drawnLine.FindSubmatch(text)
	if line == nil {
		t.Fatal("README.md: want a line that says by what the pictures were drawn: Drawn with Chrome/…, Noto Sans.")
	}
	return string(line[1])
}

func (p *tillPage) notesWhatDraws() {
	p.t.Helper()
	list := filepath.Join(picturesDir, "README.md")
	text, err := os.ReadFile(list)
	must(p.t, err)
	must(p.t, os.WriteFile(list, drawnLine.ReplaceAllLiteral(text, []byte("Drawn with "+p.drawsWith()+".")), 0o644))
}

// drawsWith is the browser and the letters that it has for Latin and Persian. It looks in a tab of its own: what is asked of a tab's nodes
// here would take them from whoever drives it.
func (p *tillPage) drawsWith() string {
	p.t.Helper()
	family, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`getComputedStyle(document.body).fontFamily`))
	must(p.t, err)
	tab, shut := chromedp.NewContext(p.ctx)
	defer shut()
	version, err := chromedp.CallBrowser(tab, browser.GetVersion, cdp.Empty{})
	must(p.t, err)
	sample := fmt.Sprintf(`document.body.style.fontFamily = %q; document.body.textContent = 'Aa ā س'; document.body.offsetWidth`, family) // which lays it out
	_, err = chromedp.Run(tab, chromedp.Evaluate[any](sample))
	must(p.t, err)
	_, err = chromedp.Call(tab, css.Enable, cdp.Empty{})
	must(p.t, err)
	root, err := chromedp.Call(tab, dom.GetDocument, dom.GetDocumentParams{})
	must(p.t, err)
	body, err := chromedp.Call(tab, dom.QuerySelector, dom.QuerySelectorParams{NodeID: root.Root.NodeID, Selector: "body"})
	must(p.t, err)
	used, err := chromedp.Call(tab, css.GetPlatformFontsForNode, css.GetPlatformFontsForNodeParams{NodeID: body.NodeID})
	must(p.t, err)
	if len(used.Fonts) == 0 {
		p.t.Fatalf("%s tells no letters that it draws with", version.Product)
	}
	parts := []string{}
	for _, font := range used.Fonts {
		parts = append(parts, font.FamilyName)
	}
	slices.Sort(parts)
	return strings.Join(append([]string{version.Product}, parts...), ", ")
}

// still is a picture of the page without what differs from machine to machine and from day to day.
func (p *tillPage) still() image.Image {
	p.t.Helper()
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1)) // no button is drawn as if the pointer lay on it
	p.eval(stillJS)
	defer p.eval(`window.still.end()`)
	raw, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	must(p.t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	must(p.t, err)
	return img
}

// marked shows the cells of a picture that are others, the rest of it pale.
func marked(img image.Image, others []bool) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(b)
	draw.Draw(out, b, img, b.Min, draw.Src)
	across := b.Dx() / cellSize
	for i, other := range others {
		veil := color.RGBA{R: 200, G: 200, B: 200, A: 200}
		if other {
			veil = color.RGBA{R: 110, A: 110}
		}
		cell := image.Rect(0, 0, cellSize, cellSize).Add(b.Min).Add(image.Pt(i%across*cellSize, i/across*cellSize))
		draw.Draw(out, cell, image.NewUniform(veil), image.Point{}, draw.Over)
	}
	return out
}

// reduced keeps the colours that a picture has most of, and those most unlike them: its file is a third then, and no eye sees it.
func reduced(img image.Image) *image.Paletted {
	b := img.Bounds()
	at := points(img)
	count := map[[3]uint8]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	kept := fewer(count)
	palette := color.Palette{}
	for _, c := range kept {
		palette = append(palette, color.RGBA{c[0], c[1], c[2], 255})
	}
	index := make(map[[3]uint8]uint8, len(count))
	for c := range count {
		index[c] = uint8(palette.Index(color.RGBA{c[0], c[1], c[2], 255}))
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}

// fewer chooses colours one by one: that of the most points, then always that which is worst served by the ones before.
func fewer(count map[[3]uint8]int) [][3]uint8 {
	colors := slices.SortedFunc(maps.Keys(count), func(a, b [3]uint8) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), bytes.Compare(a[:], b[:]))
	})
	nearest := make([]int, len(colors))
	for i := range nearest {
		nearest[i] = 255
	}
	var kept [][3]uint8
	for next := 0; next >= 0 && len(kept) < pictureColors; {
		taken := colors[next]
		kept = append(kept, taken)
		next = -1
		worst := 0
		for i, c := range colors {
			nearest[i] = min(nearest[i], far(c, taken))
			if harm := count[c] * nearest[i] * nearest[i]; harm > worst {
				next, worst = i, harm
			}
		}
	}
	return kept
}

func writePNG(file string, img image.Image) error {
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, img); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func readPNG(file string) (image.Image, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(raw))
}
