package agent_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
)

const batchProgramme = `
format: 1
programme: { id: batches, name: { en: Batches }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
coupons:
  - { id: qr, name: { en: Two off }, value: "2.00", valid_days: 30, stock: { store: 6 } }
  - { id: bars, name: { en: Two off }, value: "2.00", valid_days: 30, symbol: { code128: 17 } }
  - { id: shop, name: { en: Two off }, value: "2.00", valid_days: 30, symbol: { ean13: "27" } }
  - { id: euro, name: { en: Two off }, value: "2.00", valid_days: 30, symbol: { gs1: "850801" } }
  - { id: brief, name: { en: Two off }, value: "2.00", valid_days: 30, same_hours: 24 }
  - { id: dear, name: { en: Two off }, value: "2.00", valid_days: 30, reprint: new }
returns: { kept: reprice }
`

// batch issues coupons and waits until the last one is on paper.
func (s *shop) batch(r agent.CouponRequest) (agent.CouponBatch, []agent.CouponPaper) {
	s.t.Helper()
	issued := must[agent.CouponAnswer](s.t)(s.agent.IssueCoupon(s.t.Context(), 1, newKey(), r))
	s.job(issued.Job+int64(issued.Count)-1, "confirmed")
	return s.batchOf(issued.Seq)
}

func (s *shop) batchOf(seq loyalty.Seq) (agent.CouponBatch, []agent.CouponPaper) {
	s.t.Helper()
	b, papers, err := s.agent.CouponBatch(s.t.Context(), seq)
	if err != nil {
		s.t.Fatal(err)
	}
	return b, papers
}

func (s *shop) void(r agent.VoidRequest) (agent.VoidAnswer, error) {
	return s.agent.VoidCoupons(s.t.Context(), 1, newKey(), r)
}

// pays buys for 10.00 with a coupon.
func (s *shop) pays(code string) (agent.SaleAnswer, error) {
	r := basket(1000)
	r.Coupons = []agent.Coupon{{Code: code}}
	q, err := s.agent.Quote(s.t.Context(), 1, r)
	if err != nil {
		return agent.SaleAnswer{}, err
	}
	r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.ToPay}}
	return s.commit(newKey(), agent.CommitRequest{SaleRequest: r, Quote: q.ID})
}

func TestABatchIsPrintedNumberedLoggedAndIssuedOnce(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	key, ask := newKey(), agent.CouponRequest{Coupon: "qr", Count: 4, Source: "spring", Cashier: "Manager"}
	first := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 1, key, ask))
	again := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 1, key, ask))
	if first.Count != 4 || !again.Replayed || again.Serial != first.Serial || again.Job != first.Job {
		t.Errorf("first %+v, again %+v", first, again)
	}
	s.job(first.Job+3, "confirmed")
	b, papers := s.batchOf(first.Seq)
	if b.Count != 4 || b.Printed != 4 || b.Waiting+b.Void+b.Used+b.Doubtful != 0 || b.Source != "spring" || b.Cashier != "Manager" {
		t.Errorf("the log says %+v", b)
	}
	for i, p := range papers {
		sheet := s.sheet(i + 1)
		if want := strconv.Itoa(i+1) + " / 4"; !strings.Contains(sheet, want) || !strings.Contains(sheet, p.Serial) {
			t.Errorf("paper %d lacks %q or %s:\n%s", i+1, want, p.Serial, sheet)
		}
	}
	// Six may be issued; a batch that is too large is refused whole.
	_, err := s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "qr", Count: 3})
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != loyalty.CouponGone {
		t.Errorf("three more: %v", err)
	}
	all, err := s.agent.CouponBatches(t.Context(), 0, 10)
	if err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	if got := s.kinds(); got != "coupon" {
		t.Errorf("the log holds %q", got)
	}
}

func TestAMisprintedCouponIsVoidAndAnotherTakesItsPlace(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	b, papers := s.batch(agent.CouponRequest{Coupon: "qr", Count: 3})
	key, torn := newKey(), papers[1].Serial
	for _, code := range []string{torn, " " + strings.ToLower(torn) + " "} {
		if of, one, err := s.agent.FindCoupon(t.Context(), code); err != nil || of.Seq != b.Seq || len(one) != 1 || one[0].Serial != torn || one[0].Number != 2 || one[0].Void {
			t.Errorf("found by %q: %+v, %+v, %v", code, of, one, err)
		}
	}
	request := agent.VoidRequest{Serials: []string{torn}, Reason: loyalty.VoidMisprint, Replace: true, Cashier: "Manager"}
	done := must[agent.VoidAnswer](t)(s.agent.VoidCoupons(t.Context(), 1, key, request))
	again := must[agent.VoidAnswer](t)(s.agent.VoidCoupons(t.Context(), 1, key, request))
	if done.New == "" || done.New == torn || again.New != done.New || !again.Replayed || again.Job != done.Job {
		t.Errorf("first %+v, again %+v", done, again)
	}
	s.job(done.Job, "confirmed")
	_, err := s.pays(torn)
	refused(t, err, agent.CodeCouponVoid)
	for _, good := range []string{papers[0].Serial, done.New} {
		if sale, err := s.pays(good); err != nil || sale.Total != 800 {
			t.Errorf("with %s: %+v, %v", good, sale, err)
		}
	}
	_, err = s.void(agent.VoidRequest{Serials: []string{torn}, Reason: loyalty.VoidLost})
	refused(t, err, agent.CodeCouponVoid)
	_, err = s.void(agent.VoidRequest{Serials: []string{papers[2].Serial, papers[0].Serial}, Reason: loyalty.VoidLost})
	var bad *loyalty.SaleError
	if !errors.As(err, &bad) || bad.Code != loyalty.CouponUsed {
		t.Errorf("one of two is used: %v", err)
	}
	if b, papers = s.batchOf(b.Seq); b.Void != 1 || b.Used != 1 || papers[2].Void {
		t.Errorf("the log says %+v", b)
	}
	if of, one, err := s.agent.FindCoupon(t.Context(), done.New); err != nil || of.Coupon != "qr" || len(one) != 1 || one[0].Serial != done.New {
		t.Errorf("the one in its place: %+v, %+v, %v", of, one, err) // which no batch brought
	}
	_, _, err = s.agent.FindCoupon(t.Context(), "1-NOBODYS")
	refused(t, err, agent.CodeCouponUnknown)
	_, err = s.void(agent.VoidRequest{Serials: []string{"1-NOBODYS"}, Reason: loyalty.VoidLost})
	refused(t, err, agent.CodeCouponUnknown)
	for _, r := range []agent.VoidRequest{{Reason: loyalty.VoidLost}, {Batch: b.Seq, Serials: []string{torn}, Reason: loyalty.VoidLost},
		{Batch: b.Seq, Replace: true, Reason: loyalty.VoidLost}} {
		_, err := s.void(r)
		refused(t, err, agent.CodeFieldInvalid)
	}
	if got := s.kinds(); got != "coupon void sale sale" {
		t.Errorf("the log holds %q", got)
	}
}

// The paper runs out in a batch: what is not on paper is taken back, and a customer's receipt does not wait behind the rest.
func TestTheRestOfABatchIsTakenBackAndReceiptsGoFirst(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	s.hand("POST", "/fault", map[string]any{"kind": "paper-out", "at": "row", "n": 40})
	issued := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "bars", Count: 5}))
	s.until("paper out to show", func(l agent.LaneState) bool { return l.Printer.Code == "printer_paper_out" })
	sale := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	done := must[agent.VoidAnswer](t)(s.void(agent.VoidRequest{Batch: issued.Seq, Reason: loyalty.VoidUnwanted}))
	if len(done.Serials) != 4 {
		t.Fatalf("%d of the four that wait are void", len(done.Serials))
	}
	s.hand("POST", "/paper", map[string]any{"loaded": true})
	s.job(sale.Job, "confirmed")
	b, papers := s.batchOf(issued.Seq)
	for _, p := range papers[1:] {
		if p.State != "cancelled" || !p.Void {
			t.Errorf("%+v", p)
		}
	}
	if b.Void != 4 {
		t.Errorf("the log says %+v", b)
	}
	_, err := s.void(agent.VoidRequest{Batch: loyalty.Seq(77), Reason: loyalty.VoidUnwanted})
	refused(t, err, agent.CodeCouponUnknown)
}

func TestReceiptsDoNotWaitBehindABatch(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	s.hand("POST", "/cover", map[string]any{"open": true})
	s.until("cover open to show", func(l agent.LaneState) bool { return l.Printer.Code == "printer_cover_open" })
	issued := must[agent.CouponAnswer](t)(s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "bars", Count: 4}))
	sale := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	s.hand("POST", "/cover", map[string]any{"open": false})
	s.job(sale.Job, "confirmed")
	s.job(issued.Job+3, "confirmed")
	if papers := s.sheet(1) + s.sheet(2); !strings.Contains(papers, "10,00") { // one coupon may have been under way
		t.Errorf("the receipt is neither the first paper nor the second:\n%s", papers)
	}
}

// A kind that is never on two papers: printing it again makes the first one void.
func TestACouponThatMayBeOnTwoPapersIsReplaced(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	_, papers := s.batch(agent.CouponRequest{Coupon: "dear"})
	key := newKey()
	anew := must[agent.Job](t)(s.agent.Reprint(t.Context(), papers[0].Job, key, 0))
	if again := must[agent.Job](t)(s.agent.Reprint(t.Context(), papers[0].Job, key, 0)); again.ID != anew.ID || anew.ID == papers[0].Job || anew.Copy != 1 {
		t.Errorf("first %+v, again %+v", anew, again)
	}
	s.job(anew.ID, "confirmed")
	_, err := s.pays(papers[0].Serial)
	refused(t, err, agent.CodeCouponVoid)
	if paper := s.sheet(2); strings.Contains(paper, papers[0].Serial) {
		t.Errorf("the new paper has the old serial:\n%s", paper)
	}
}

// One that a second paper may carry as long as head office would soon hear of both: after a day of silence it is replaced.
func TestACouponIsReplacedWhenTheStoreWasLongAlone(t *testing.T) {
	for silence, replaced := range map[time.Duration]bool{23 * time.Hour: false, 25 * time.Hour: true} {
		s := newShop(t)
		s.publish(batchProgramme)
		s.syncState.FeedAt = time.Now().Add(-silence)
		s.restart(s.lane)
		_, papers := s.batch(agent.CouponRequest{Coupon: "brief"})
		again := must[agent.Job](t)(s.agent.Reprint(t.Context(), papers[0].Job, newKey(), 0))
		if s.job(again.ID, "confirmed"); (again.Copy == 1) != replaced {
			t.Errorf("after %v: %+v", silence, again)
		}
	}
}

// What zbarimg reads from the paper pays the bill.
func TestEveryKindOfPaperIsTakenFromItsSymbol(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("zbarimg is missing: CI must install it (zbar-tools)")
		}
		t.Skip("zbarimg (zbar-tools) is not installed")
	}
	s := newShop(t)
	s.publish(batchProgramme)
	for _, kind := range []string{"qr", "bars", "shop", "euro"} {
		s.batch(agent.CouponRequest{Coupon: kind})
		code := s.scanNewest()
		if kind == "qr" != strings.HasPrefix(code, "LC1:") || kind == "bars" != loyalty.IsShortCoupon(code) || kind == "euro" != loyalty.IsUnnumbered(code) {
			t.Errorf("%s is printed as %s", kind, code)
		}
		sale, err := s.pays(code)
		if err != nil || sale.Total != 800 {
			t.Fatalf("%s: %+v, %v", code, sale, err)
		}
		s.job(sale.Job, "confirmed")
		_, err = s.pays(code)
		if kind == "euro" {
			if err != nil {
				t.Errorf("a second paper of the same GS1 coupon: %v", err)
			}
			continue
		}
		noCoupon(t, err, loyalty.CouponUsed)
	}
	_, papers := s.batchOf(7) // the GS1 coupon: its paper has no number that could be void
	_, err := s.void(agent.VoidRequest{Serials: []string{papers[0].Serial}, Reason: loyalty.VoidLost})
	refused(t, err, agent.CodeCouponUnnumbered)
}

// scanNewest reads the symbol of the sheet that came last.
func (s *shop) scanNewest() string {
	s.t.Helper()
	var png []byte
	if err := s.printers.Do(s.t.Context(), "GET", "/printers/till/sheets/0.png", nil, &png); err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "sheet.png")
	if err := os.WriteFile(file, png, 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, err := exec.CommandContext(s.t.Context(), "zbarimg", "--quiet", "--raw", file).Output()
	if err != nil {
		s.t.Fatalf("zbarimg reads nothing: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// A short code of another store of the chain is checked here without a line to anybody; its number of uses is counted here.
func TestAShortCouponOfAnotherStoreIsTakenOffline(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	kind, _ := must[*loyalty.Programme](t)(loyalty.Compile([]byte(batchProgramme))).Coupon("bars")
	c := loyalty.CouponCode{Issuer: 9, ShownCoupon: loyalty.ShownCoupon{Coupon: "bars", Serial: loyalty.CouponSerial(9, newKey(), 0),
		ValidFrom: time.Now().Format(time.DateOnly)}}
	code := must[string](t)(kind.PaperCode(c, s.identity.PaperKey(9)))
	if sale, err := s.pays(code); err != nil || sale.Total != 800 {
		t.Errorf("%+v, %v", sale, err)
	}
	_, err := s.pays(code)
	noCoupon(t, err, loyalty.CouponUsed)
	_, err = s.pays(must[string](t)(kind.PaperCode(c, s.identity.PaperKey(8))))
	noCoupon(t, err, loyalty.CouponForged)
	c.ValidFrom = time.Now().AddDate(0, 0, -30).Format(time.DateOnly)
	_, err = s.pays(must[string](t)(kind.PaperCode(c, s.identity.PaperKey(9))))
	noCoupon(t, err, loyalty.CouponExpired)
}
