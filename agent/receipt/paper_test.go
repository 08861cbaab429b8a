package receipt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/firmware-sim/printersim"
	"loyaltill/internal/i18n"
)

// printed sends a job to a simulated printer, waits for each segment's answer, and
// returns the sheet that it cut off.
func printed(t *testing.T, job *escpos.Job) image.Image {
	t.Helper()
	const speed, patience = 10_000, time.Minute
	bench, err := printersim.OpenBench([]printersim.PrinterConfig{{Name: "till", TCPAddr: "127.0.0.1:0", Speed: speed}}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bench.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("simulator: %v", err)
		}
	}()
	conn, err := net.Dial("tcp", strings.TrimPrefix(bench.Devices()["till"], "tcp:"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var heard []byte
	for i, s := range job.Segments {
		if _, err := conn.Write(s.Bytes); err != nil {
			t.Fatal(err)
		}
		answer := append(append([]byte{0x37, 0x22}, s.Ack[:]...), 0)
		buf := make([]byte, 256)
		for !bytes.Contains(heard, answer) {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("segment %d of %d: no answer %q: %v", i+1, len(job.Segments), answer, err)
			}
			heard = append(heard, buf[:n]...)
		}
	}
	ask(t, ctx, bench, http.MethodPost, "wait", `{"sheets":1}`)
	sheet, err := png.Decode(ask(t, ctx, bench, http.MethodGet, "sheets/1.png", ""))
	if err != nil {
		t.Fatalf("sheet: %v", err)
	}
	if trouble := trouble(t, ctx, bench); trouble != "" {
		t.Errorf("the printer did not understand: %s", trouble)
	}
	return sheet
}

// ask uses the simulator's control interface.
func ask(t *testing.T, ctx context.Context, bench *printersim.Bench, method, path, body string) *bytes.Buffer {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(ctx, method, "/printers/till/"+path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	bench.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, path, answer.Code, answer.Body)
	}
	return answer.Body
}

// trouble is what the printer's journal says of commands that it does not know.
func trouble(t *testing.T, ctx context.Context, bench *printersim.Bench) string {
	t.Helper()
	answer := ask(t, ctx, bench, http.MethodGet, "journal", "")
	var journal struct {
		Events []struct {
			Kind string `json:"kind"`
			Text string `json:"text"`
		} `json:"events"`
	}
	if err := json.Unmarshal(answer.Bytes(), &journal); err != nil {
		t.Fatalf("journal: %v: %s", err, answer)
	}
	var bad []string
	for _, e := range journal.Events {
		if e.Kind == "unsupported" || e.Kind == "unknown" || e.Kind == "ignored" {
			bad = append(bad, fmt.Sprint(e))
		}
	}
	return strings.Join(bad, "; ")
}

// sameDots compares the preview's paper with a sheet. The sheet begins with the
// paper between head and knife; the preview ends with it and the line of the cut.
func sameDots(t *testing.T, preview *render.Bitmap, sheet image.Image, lead int) {
	t.Helper()
	rows := preview.Height - lead - 1
	if got := sheet.Bounds().Dy() - lead; got != rows {
		t.Errorf("the sheet has %d rows of print, the preview %d", got, rows)
	}
	for y := range rows {
		for x := range preview.Width {
			red, _, _, _ := sheet.At(x, lead+y).RGBA()
			if preview.Dot(x, y) != (red == 0) {
				t.Fatalf("dot %d of row %d: preview %v, paper %v", x, y, preview.Dot(x, y), red == 0)
			}
		}
	}
}

func TestPreviewIsThePaperDotForDot(t *testing.T) {
	e := newEncoder(t)
	byCells, byRaster := profile(t, "epson-tm-t20iii-80"), profile(t, "epson-tm-t20iii-80")
	byRaster.Graphics.UserChars = 0
	for lang, s := range shops() {
		routes := map[string]*escpos.Profile{"cells": byCells, "raster": byRaster}
		if lang != i18n.Persian && lang != i18n.Armenian {
			delete(routes, "raster") // the printer's own letters do
		}
		for name, d := range map[string]*escpos.Document{
			"sale": document(t, s.sale()), "coupon": document(t, s.couponOf()), "report": document(t, s.report()),
		} {
			for route, p := range routes {
				t.Run(string(lang)+" "+name+" "+route, func(t *testing.T) {
					t.Parallel()
					job, err := e.Encode(d, p, 17)
					if err != nil {
						t.Fatal(err)
					}
					preview, err := e.Preview(d, p)
					if err != nil {
						t.Fatal(err)
					}
					sameDots(t, preview.Paper, printed(t, job), p.Paper.CutFeedDots)
				})
			}
		}
	}
}
