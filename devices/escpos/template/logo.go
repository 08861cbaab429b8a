package template

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"loyaltill/devices/escpos/render"
)

// Limits of a logo. Its height is paper that every customer gets.
const (
	MaxLogoBytes  = 1 << 20
	maxLogoHeight = 400 // dots: 5 cm
)

// LogoError is a picture that cannot stand on this paper, with the remedy.
type LogoError struct{ Problem, Remedy string }

func (e *LogoError) Error() string { return e.Problem + "; " + e.Remedy }

// Logo makes a PNG black and white, dot by dot, at most widthDots wide. What is transparent is paper.
func Logo(data []byte, widthDots int, dither bool) (*render.Bitmap, error) {
	remedy := "save it as a PNG of at most 1 MB"
	if len(data) > MaxLogoBytes {
		return nil, &LogoError{fmt.Sprintf("has %d bytes", len(data)), remedy}
	}
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, &LogoError{"is not a PNG picture", remedy}
	}
	switch {
	case size.Width > widthDots:
		return nil, &LogoError{fmt.Sprintf("is %d dots wide, the paper of the narrowest printer has %d", size.Width, widthDots),
			fmt.Sprintf("make it %d dots wide or less; a printer has 8 dots to a millimetre", widthDots)}
	case size.Height > maxLogoHeight:
		return nil, &LogoError{fmt.Sprintf("is %d dots high", size.Height), fmt.Sprintf("make it %d dots high or less", maxLogoHeight)}
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, &LogoError{"is not a whole PNG picture", remedy}
	}
	b := blackAndWhite(picture, dither)
	if b.Ink().Empty() {
		return nil, &LogoError{"has no black dot", "make it darker, or write dither: true"}
	}
	return b, nil
}

// White and the border between black and white, in grey levels.
const (
	white  = 255
	middle = 128
)

// blackAndWhite takes the middle grey as the border; with dither, what a dot is too light or too dark goes on to the dots
// to its right and below it (Floyd and Steinberg).
func blackAndWhite(picture image.Image, dither bool) *render.Bitmap {
	box := picture.Bounds()
	width := box.Dx()
	b := render.NewBitmap(width, box.Dy())
	now, next := make([]int, width+2), make([]int, width+2) // a dot more on either side
	for y := range box.Dy() {
		for x := range width {
			level := greyOnPaper(picture.At(box.Min.X+x, box.Min.Y+y)) + now[x+1]/16
			left := level
			if level < middle {
				b.Blacken(x, y)
			} else {
				left -= white
			}
			if dither {
				now[x+2] += left * 7
				next[x] += left * 3
				next[x+1] += left * 5
				next[x+2] += left
			}
		}
		now, next = next, now
		clear(next)
	}
	return b
}

// greyOnPaper is how light a dot is on white paper.
func greyOnPaper(c color.Color) int {
	r, g, b, a := c.RGBA() // already multiplied by a
	const most = 0xFFFF
	paper := most - a
	grey := color.GrayModel.Convert(color.RGBA64{R: uint16(r + paper), G: uint16(g + paper), B: uint16(b + paper), A: most}).(color.Gray)
	return int(grey.Y)
}
