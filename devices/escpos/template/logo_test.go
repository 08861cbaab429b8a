package template

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

// picture is a PNG of one grey, or of nothing.
func picture(t *testing.T, width, height int, c color.Color) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestALogoThatCannotStandOnPaperIsRefusedWithTheRemedy(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"too wide":    {picture(t, 385, 10, color.Black), "is 385 dots wide, the paper of the narrowest printer has 384; make it 384 dots wide or less"},
		"too high":    {picture(t, 10, 401, color.Black), "is 401 dots high; make it 400 dots high or less"},
		"no picture":  {[]byte("GIF89a"), "is not a PNG picture; save it as a PNG"},
		"torn":        {picture(t, 100, 100, color.Black)[:60], "PNG picture; save it as a PNG"},
		"transparent": {picture(t, 10, 10, color.Transparent), "has no black dot; make it darker"},
		"too bright":  {picture(t, 10, 10, color.Gray{200}), "has no black dot; make it darker, or write dither: true"},
	} {
		_, err := Logo(tt.data, 384, false)
		var wrong *LogoError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

// A grey becomes black dots in its own share.
func TestDitheringKeepsTheShareOfBlack(t *testing.T) {
	for _, grey := range []uint8{32, 128, 200, 240} {
		const side = 80
		b, err := Logo(picture(t, side, side, color.Gray{grey}), 384, true)
		if err != nil {
			t.Fatal(err)
		}
		black := 0
		for y := range side {
			for x := range side {
				if b.Dot(x, y) {
					black++
				}
			}
		}
		want := side * side * (255 - int(grey)) / 255
		if d := black - want; d > side*side/50 || d < -side*side/50 {
			t.Errorf("grey %d: %d black dots, want about %d", grey, black, want)
		}
	}
}
