package e2e

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
)

var writePictures = flag.Bool("pages.write", false, "write docs/pages anew")

const (
	picturesDir   = "../../docs/pages"
	pictureWidth  = 1280
	pictureColors = 64
)

// pictured writes the page's picture into docs/pages when asked to.
func (p *tillPage) pictured(name string) {
	p.t.Helper()
	if *writePictures && (p.lang == "en" || p.lang == "fa") {
		must(p.t, writePNG(filepath.Join(picturesDir, fmt.Sprintf("%s-%s.png", name, p.lang)), reduced(p.picture())))
	}
}

func (p *tillPage) picture() image.Image {
	p.t.Helper()
	raw, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	must(p.t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	must(p.t, err)
	return img
}

// reduced keeps the colours that a picture has most of: its file is a third then, and no eye sees it.
func reduced(img image.Image) *image.Paletted {
	b := img.Bounds()
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	number := func(c color.RGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(number(a), number(b)))
	})
	palette := color.Palette{}
	for _, c := range colors[:min(len(colors), pictureColors)] {
		palette = append(palette, c)
	}
	index := make(map[color.RGBA]uint8, len(colors))
	for _, c := range colors {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
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
