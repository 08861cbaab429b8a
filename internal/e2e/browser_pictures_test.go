package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

var writePictures = flag.Bool("pages.write", false, "write docs/pages anew")

const (
	picturesDir   = "../../docs/pages"
	pictureWidth  = 1280
	pictureHeight = 800
	pictureColors = 64

	// Letters are drawn differently by each machine, so two pictures are compared by the mean colour of blocks: what is
	// somewhere else changes blocks by far more than how a letter's edge is smoothed. Dates and times, which change, are few.
	blockSize = 16
	blockFar  = 24   // of 255, in one colour, is another block
	blocksOff = 0.02 // of all blocks may be others
)

// pictured compares the page with its picture in docs/pages, or writes that.
func (p *tillPage) pictured(name string) {
	p.t.Helper()
	if p.lang != "en" && p.lang != "fa" {
		return
	}
	file := filepath.Join(picturesDir, fmt.Sprintf("%s-%s.png", name, p.lang))
	seen := p.picture()
	if *writePictures {
		must(p.t, writePNG(file, reduced(seen)))
		return
	}
	kept, err := readPNG(file)
	if errors.Is(err, fs.ErrNotExist) {
		return // TestEveryStateOfThePagesHasItsPictures names it
	}
	must(p.t, err)
	if off := blocksApart(kept, seen); off > blocksOff {
		p.t.Errorf("%s-%s: %.1f%% of the page is not as in docs/pages: look at it, then make pictures", name, p.lang, off*100)
		must(p.t, writePNG(filepath.Join(p.dir, filepath.Base(file)), seen))
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

// blocksApart is the part of the blocks in which two pictures differ; pictures of another size are scaled by their blocks.
func blocksApart(a, b image.Image) float64 {
	across, down := pictureWidth/blockSize, pictureHeight/blockSize
	others := 0
	for y := range down {
		for x := range across {
			one, other := blockMean(a, x, y, across, down), blockMean(b, x, y, across, down)
			for c := range one {
				if max(one[c], other[c])-min(one[c], other[c]) > blockFar {
					others++
					break
				}
			}
		}
	}
	return float64(others) / float64(across*down)
}

// blockMean is the mean red, green and blue of one of the blocks that a picture is cut into.
func blockMean(img image.Image, x, y, across, down int) [3]uint32 {
	b := img.Bounds()
	var sum [3]uint64
	var n uint64
	for py := b.Min.Y + b.Dy()*y/down; py < b.Min.Y+b.Dy()*(y+1)/down; py++ {
		for px := b.Min.X + b.Dx()*x/across; px < b.Min.X+b.Dx()*(x+1)/across; px++ {
			red, green, blue, _ := img.At(px, py).RGBA()
			sum[0], sum[1], sum[2], n = sum[0]+uint64(red>>8), sum[1]+uint64(green>>8), sum[2]+uint64(blue>>8), n+1
		}
	}
	return [3]uint32{uint32(sum[0] / n), uint32(sum[1] / n), uint32(sum[2] / n)}
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

func readPNG(file string) (image.Image, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(raw))
}

// A button that has moved is seen; letters that are smoothed in another way are not.
func TestPicturesAreComparedByWhatStandsWhere(t *testing.T) {
	chromium(t)
	p := browse(t, "about:", "about:blank")
	p.eval(`document.body.innerHTML = '<h1>Receipt</h1><p>' + 'milk bread tea '.repeat(60) + '</p><button style="width:160px;height:48px">Pay</button>'; undefined`)
	p.do(chromedp.EmulateViewport(pictureWidth, pictureHeight))
	before := p.picture()
	if off := blocksApart(reduced(before), before); off != 0 {
		t.Errorf("with fewer colours %.2f%% are others", off*100)
	}
	p.do(chromedp.EmulateViewport(pictureWidth, pictureHeight, chromedp.EmulateScale(2)))
	if off := blocksApart(before, p.picture()); off > blocksOff/4 {
		t.Errorf("drawn with another smoothing %.2f%% are others", off*100)
	}
	p.do(chromedp.EmulateViewport(pictureWidth, pictureHeight))
	p.eval(`document.querySelector('button').style.marginInlineStart = '200px'; undefined`)
	if off := blocksApart(before, p.picture()); off == 0 {
		t.Error("nobody sees that the button has moved")
	}
}
