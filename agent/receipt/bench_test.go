package receipt

import (
	"testing"

	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// BenchmarkReceipt reports time and bytes of whole receipts on the 80 mm profile,
// and the share of the bytes that only ask for acknowledgement.
func BenchmarkReceipt(b *testing.B) {
	e, p := newEncoder(b), profile(b, "epson-tm-t20iii-80")
	for lang, s := range shops() {
		for name, d := range map[string]*escpos.Document{"sale": document(b, s.sale()), "coupon": document(b, s.couponOf())} {
			b.Run(string(lang)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				var job *escpos.Job
				for b.Loop() {
					var err error
					if job, err = e.Encode(d, p, 1); err != nil {
						b.Fatal(err)
					}
				}
				const ack = 11 // GS ( H fn 48
				b.ReportMetric(float64(job.Size()), "B/job")
				b.ReportMetric(100*ack*float64(len(job.Segments))/float64(job.Size()), "%ack")
			})
		}
	}
}

func TestReceiptSizesStayWithinTheirGoals(t *testing.T) {
	e, p := newEncoder(t), profile(t, "epson-tm-t20iii-80")
	size := func(docs ...*escpos.Document) int {
		n := 0
		for _, d := range docs {
			job, err := e.Encode(d, p, 1)
			if err != nil {
				t.Fatal(err)
			}
			n += job.Size()
		}
		return n
	}
	latvian := shops()[i18n.Latvian]
	// printing.md, Figures to reach.
	if n := size(document(t, latvian.sale())); n > 950 {
		t.Errorf("Latvian receipt of 12 items: %d bytes, goal 950", n)
	}
	if n := size(document(t, shops()[i18n.Persian].sale())); n > 4500 {
		t.Errorf("Persian receipt: %d bytes, goal 4500", n)
	}
	if n := size(document(t, shops()[i18n.Armenian].sale())); n > 3700 {
		t.Errorf("Armenian receipt: %d bytes, goal 3700", n)
	}
}
