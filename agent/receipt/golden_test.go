package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func newEncoder(t testing.TB) *escpos.Encoder {
	t.Helper()
	r, err := render.New()
	if err != nil {
		t.Fatal(err)
	}
	return escpos.NewEncoder(r)
}

func profile(t testing.TB, id string) *escpos.Profile {
	t.Helper()
	p, err := escpos.LoadProfile(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// document lays a paper out as the built-in template says.
func document(t testing.TB, p Paper) *escpos.Document {
	t.Helper()
	all, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	return Lay(p, all[p.Kind()]).Document
}

var builtin = sync.OnceValues(func() (map[string]*template.Template, error) {
	r, err := render.New()
	if err != nil {
		return nil, err
	}
	return Builtin(r)
})

// golden compares with a file; on a difference what was got lies beside it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path + ".got") // of an earlier failure; it may not be there
		return
	}
	want, err := os.ReadFile(path)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	if err := os.WriteFile(path+".got", got, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s differs from %s.got: look at both, then run with -update", path, path)
}

// check compares text, bytes and picture of a document with its golden files.
func check(t *testing.T, name string, d *escpos.Document) {
	t.Helper()
	e, p := newEncoder(t), profile(t, "epson-tm-t20iii-80")
	text, err := e.PlainText(d, p)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name+".txt", []byte(text))
	job, err := e.Encode(d, p, 7)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name+".hex", []byte(segmentsAsHex(job)))
	preview, err := e.Preview(d, p)
	if err != nil {
		t.Fatal(err)
	}
	png, err := preview.Paper.PNG()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name+".png", png)
}

// segmentsAsHex dumps what is sent; a raster segment only by length and digest,
// since its dots are in the picture.
func segmentsAsHex(j *escpos.Job) string {
	var out strings.Builder
	for _, s := range j.Segments {
		fmt.Fprintf(&out, "%s %d bytes\n", s.Kind, len(s.Bytes))
		if s.Kind == escpos.SegmentRaster {
			fmt.Fprintf(&out, "sha256 %x\n", sha256.Sum256(s.Bytes))
			continue
		}
		out.WriteString(hex.Dump(s.Bytes))
	}
	return out.String()
}

func TestReceiptInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "sale-"+string(lang), document(t, s.sale())) })
	}
}

func TestReceiptWithTierRewardsAndCouponInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "member-"+string(lang), document(t, s.richSale())) })
	}
}

func TestReturnSlipInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "return-"+string(lang), document(t, s.returned())) })
	}
}

func TestCouponInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "coupon-"+string(lang), document(t, s.couponOf())) })
	}
}

func TestSignedCouponIsASymbolForEveryStore(t *testing.T) {
	c := shops()[i18n.English].couponOf()
	c.Code = "LC1:" + strings.Repeat("0AB%2F$ZZ9K-4T7+QX.V8/M1:3ND6", 5)
	check(t, "coupon-signed-en", document(t, c))
}

func TestDayReportInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "zreport-"+string(lang), document(t, s.report())) })
	}
}

func TestBalanceSlipInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "balance-"+string(lang), document(t, s.balanceOf())) })
	}
}

func TestTransferSlipInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "transfer-"+string(lang), document(t, s.transferOf())) })
	}
}

func TestGiftCardSlipInEachLanguage(t *testing.T) {
	for lang, s := range shops() {
		t.Run(string(lang), func(t *testing.T) { check(t, "gift-card-"+string(lang), document(t, s.giftCardOf())) })
	}
}

// On every width of paper each word stays whole and each amount on its line; only the text is compared, since dots and bytes
// follow from it.
func TestReceiptOnEveryWidthOfPaper(t *testing.T) {
	e := newEncoder(t)
	for _, columns := range []int{32, 42} {
		p := profile(t, "epson-tm-t20iii-80")
		p.Paper.WidthDots = columns * render.CellWidth
		for lang, s := range shops() {
			t.Run(fmt.Sprintf("%s %d", lang, columns), func(t *testing.T) {
				text, err := e.PlainText(document(t, s.richSale()), p)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, fmt.Sprintf("member-%s-%d.txt", lang, columns), []byte(text))
			})
		}
	}
}

func TestReportOfARunningDaySaysSo(t *testing.T) {
	r := shops()[i18n.English].report()
	r.Running = true
	check(t, "xreport-en", document(t, r))
}

func TestReprintSaysCopyAndWhy(t *testing.T) {
	sale := shops()[i18n.Latvian].sale()
	sale.Copy, sale.Reason = 2, CopyInterrupted
	check(t, "copy-lv", document(t, sale))
}

func TestTrainingReceiptSaysSoAtBothEnds(t *testing.T) {
	sale := shops()[i18n.Polish].sale()
	sale.Training = true
	check(t, "training-pl", document(t, sale))
}

func TestSaleWithoutMemberTellsWhatACardWouldGive(t *testing.T) {
	sale := shops()[i18n.English].sale()
	sale.Member, sale.Redeemed, sale.Value = nil, 0, 0
	sale.Tenders[0].Amount = sale.Total
	sale.Why = []string{i18n.Text(i18n.English, "explain.no_member", i18n.Args{"points": int64(13)})}
	check(t, "no-member-en", document(t, sale))
}
