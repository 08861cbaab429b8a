package agent

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// Classes of print jobs.
const (
	classReceipt = "receipt"
	classCoupon  = "coupon"
	classReport  = "report"
)

// How long a job may wait before it needs a person's word: what comes out hours later helps nobody (printing.md R11).
const (
	receiptKept = 10 * time.Minute
	couponKept  = 24 * time.Hour
	drawerKept  = 5 * time.Second // R10: a drawer that opens while nobody stands there is a loss
)

// keptFor is the time that a job of a class has.
func keptFor(class string) time.Duration {
	switch class {
	case agentdb.ClassDrawer:
		return drawerKept
	case classCoupon, classReport:
		return couponKept
	}
	return receiptKept
}

// paper is what a job prints, kept as data, so that a copy can be laid out anew with its mark. Exactly one is set.
type paper struct {
	Sale     *receipt.Sale          `json:"sale,omitempty"`
	Return   *receipt.Return        `json:"return,omitempty"`
	Coupon   *receipt.Coupon        `json:"coupon,omitempty"`
	GiftCard *receipt.GiftCardSlip  `json:"gift_card,omitempty"`
	Blank    *receipt.BlankGiftCard `json:"gift_card_blank,omitempty"`
	Balance  *receipt.Balance       `json:"balance,omitempty"`
	Transfer *receipt.Transfer      `json:"transfer,omitempty"`
	Day      *receipt.DayReport     `json:"day,omitempty"`
	Drawer   int                    `json:"drawer,omitempty"` // the pin of the connector that opens it
	Tryout   *tryout                `json:"tryout,omitempty"`
}

// content is the one that is set; nil for none.
func (p paper) content() receipt.Paper {
	switch {
	case p.Sale != nil:
		return p.Sale
	case p.Return != nil:
		return p.Return
	case p.Coupon != nil:
		return p.Coupon
	case p.GiftCard != nil:
		return p.GiftCard
	case p.Blank != nil:
		return p.Blank
	case p.Balance != nil:
		return p.Balance
	case p.Transfer != nil:
		return p.Transfer
	case p.Day != nil:
		return p.Day
	}
	return nil
}

func (p paper) class() string {
	switch {
	case p.Coupon != nil, p.GiftCard != nil, p.Blank != nil:
		return classCoupon
	case p.Day != nil, p.Tryout != nil:
		return classReport
	case p.Drawer != 0:
		return agentdb.ClassDrawer
	}
	return classReceipt
}

// jobs makes the print jobs that an entry comes with; nil at a till that prints nothing.
func (l *lane) jobs(what func(*loyalty.Entry) []paper) func(*loyalty.Entry) ([]agentdb.NewJob, error) {
	if l.queue == nil {
		return nil
	}
	now := l.a.now()
	return func(e *loyalty.Entry) ([]agentdb.NewJob, error) {
		var jobs []agentdb.NewJob
		for i, p := range what(e) {
			doc, err := json.Marshal(p)
			if err != nil {
				return nil, err
			}
			key := e.Txn.String()
			if i > 0 {
				key = fmt.Sprintf("%s/%d", key, i)
			}
			class := p.class()
			job := agentdb.NewJob{Key: key, Class: class, Printer: l.queue.name, Doc: doc, Expires: now.Add(keptFor(class))}
			if p.Coupon != nil {
				job.Serial, job.Batch = p.Coupon.Serial, p.Coupon.Number
			}
			jobs = append(jobs, job)
		}
		return jobs, nil
	}
}

// document lays a job out for a printer; a copy says that it is one and why. A commissioning ticket is printed by a profile of its own.
func (a *Agent) document(job agentdb.Job, by *escpos.Profile) (*escpos.Document, *escpos.Profile, error) {
	var p paper
	if err := json.Unmarshal(job.Doc, &p); err != nil {
		return nil, nil, fmt.Errorf("stored paper: %w", err)
	}
	if p.Drawer != 0 {
		var doc escpos.Document
		doc.Drawer(p.Drawer)
		return &doc, by, nil
	}
	if p.Tryout != nil {
		doc, profile := p.Tryout.lay(by)
		return doc, profile, nil
	}
	content := p.content()
	if content == nil {
		return nil, nil, fmt.Errorf("stored paper is empty")
	}
	head := content.Head()
	head.Copy, head.Reason, head.Training = job.Copy, copyReason(job), a.practice != nil
	return a.papers.lay(content).Document, by, nil
}

// copyReason says why there is a copy: OutcomeBy of a queued copy is the cause that its first print ended with, or that
// somebody asked for it.
func copyReason(job agentdb.Job) receipt.CopyReason {
	switch {
	case job.Copy < 2:
		return ""
	case job.OutcomeBy == byRequest:
		return receipt.CopyRequested
	}
	return receipt.CopyInterrupted
}

// print is how a paper is written; whose it is and in which words, its template and brand say when it is laid out.
func (a *Agent) print(l i18n.Lang, p *loyalty.Programme) receipt.Print {
	return receipt.Print{Lang: l, Currency: a.currency(p)}
}

// salePapers is the receipt of a committed sale, in the member's language, and the coupons that came with it.
func (a *Agent) salePapers(e *loyalty.Entry, s *sale) []paper {
	body := e.Sale
	lang := a.paperLanguage()
	if s.bill.who != nil {
		lang = a.languageOf(s.bill.who.language)
	}
	r := receipt.Sale{
		Print: a.print(lang, s.bill.programme), Number: receiptNumber(e.Store, e.Epoch, e.Seq), Lane: fmt.Sprint(e.Lane), Cashier: e.Cashier,
		At: localTime(e.At), Rounding: body.Rounding, Total: body.Total, Redeemed: body.Redeemed, Value: body.Value, ToPay: body.ToPay,
	}
	for _, line := range body.Lines {
		r.Lines = append(r.Lines, receiptLine(line))
	}
	r.Reduced, r.Paid = reductionsOnPaper(body, s.bill.programme, lang)
	for _, t := range body.Tenders {
		r.Tenders = append(r.Tenders, receipt.Tender{Kind: t.Kind, Card: maskedCard(t.Serial), Amount: t.Amount})
	}
	r.Taxes = taxesOnPaper(body, s.bill.quote.Taxes)
	r.Cards = giftCardsOnPaper(body, s.bill.quote.GiftCards)
	r.Won = wonOnPaper(body, s.bill.programme, lang)
	r.Message = s.bill.programme.Message(loyalty.MessageReceipt, string(lang))
	r.Why = whyOnPaper(lang, s.bill.programme, body.Why)
	if s.bill.who != nil {
		r.Member = a.memberPaper(e, s.bill, lang)
	}
	r.Bill = a.billCode(e, s.bill.programme)
	all := append([]paper{{Sale: &r}}, giftCardPapers(&r)...)
	return append(all, a.couponPapers(e, s.bill.programme, lang)...)
}

func receiptLine(l loyalty.Line) receipt.Line {
	name := l.Name
	if name == "" {
		name = l.SKU
	}
	out := receipt.Line{Name: name, Quantity: l.Quantity, Amount: l.Amount}
	const unit = 1000
	if l.Quantity > 0 && l.Amount*unit%l.Quantity == 0 { // a price that does not come out even is no price on paper
		out.Price = l.Amount * unit / l.Quantity
	}
	return out
}

// couponPapers is the coupons that an entry brought out; those of a batch are numbered.
func (a *Agent) couponPapers(e *loyalty.Entry, p *loyalty.Programme, lang i18n.Lang) []paper {
	codes := e.CouponCodes()
	batch := e.Coupon != nil && len(codes) > 1
	var all []paper
	for i, c := range codes {
		r := receipt.Coupon{
			Print: a.print(lang, p), Name: p.RuleName(c.Coupon, string(lang)), Serial: c.Serial, Value: c.Value,
			ValidFrom: day(c.ValidFrom), ValidTo: day(c.ValidTo),
		}
		if kind, ok := p.Coupon(c.Coupon); ok && !(a.practice != nil && kind.Symbol() == loyalty.CouponGS1) { // unsigned, a shop would take it
			code, err := kind.PaperCode(c, a.identity.PaperKey(a.identity.Store))
			if err != nil {
				a.log.Error().Err(err).Int64("seq", int64(e.Seq)).Msg("coupon is printed for this store alone")
			}
			r.Symbol, r.Code = kind.Symbol(), code
		}
		if batch {
			r.Number, r.Of = i+1, len(codes)
		}
		all = append(all, paper{Coupon: &r})
	}
	return all
}

func (a *Agent) dayPaper(e *loyalty.Entry) paper {
	return a.dayTotals(e.Lane, e.Day, e.At, e.Close, false)
}

// dayTotals is the report of a day that was closed, or that runs on, at a moment.
func (a *Agent) dayTotals(n loyalty.LaneID, on, at string, c *loyalty.CloseBody, running bool) paper {
	r := receipt.DayReport{
		Print: a.print(a.paperLanguage(), nil), Lane: fmt.Sprint(n), Day: day(on), ClosedAt: localTime(at), Running: running,
		First: c.First, Last: c.Last, Count: c.Count, Sales: c.Sales, Turnover: c.Total, ToPay: c.ToPay,
		Earned: c.Earned, Redeemed: c.Redeemed, Value: c.Value, Loaded: c.Loaded, Coupons: c.Coupons,
	}
	for _, t := range c.Tenders {
		r.Tenders = append(r.Tenders, receipt.TenderTotal(t))
	}
	if c.Returned != nil {
		r.Returned = *c.Returned
	}
	return paper{Day: &r}
}

// returnPaper is the slip of a return, in the member's language.
func (a *Agent) returnPaper(e *loyalty.Entry, g *giving) paper {
	body, sale := e.Return, &g.input.Sale
	lang := a.languageOf(g.member.Language)
	r := receipt.Return{
		Print: a.print(lang, g.programme), Number: receiptNumber(e.Store, e.Epoch, e.Seq), Lane: fmt.Sprint(e.Lane), Cashier: e.Cashier,
		At: localTime(e.At), Sale: receiptNumber(sale.Store, sale.Epoch, sale.Seq), SoldOn: day(sale.Day),
		Money: body.Money, Withheld: body.Withheld, Refund: body.Refund,
	}
	if body.Void != "" {
		r.Void = i18n.Text(lang, "receipt.void_"+string(body.Void), nil)
	}
	if g.unbilled != nil {
		r.Sale, r.Lines = receipt.NoBill, g.unbilledLines()
	}
	for _, part := range body.ToCards {
		r.ToCards = append(r.ToCards, receipt.Tender{Card: maskedCard(part.Serial), Amount: part.Amount})
	}
	for _, c := range body.Coupons {
		r.Coupons = append(r.Coupons, receipt.Reduction{Name: g.programme.RuleName(c.Coupon, string(lang)), Serial: c.Serial})
	}
	r.Repriced = lostOffer(body, sale)
	for _, back := range body.Lines {
		sold := sale.Lines[back.Line]
		line := loyalty.Line{Name: i18n.Text(lang, "receipt.return_line", i18n.Args{"number": back.Line + 1})}
		if g.sold != nil {
			line = g.sold.Sale.Lines[back.Line]
		}
		line.Quantity, line.Amount = back.Quantity, sold.PriceOf(back.Quantity)
		r.Lines = append(r.Lines, receiptLine(line))
	}
	for _, f := range body.Why {
		if f.Code != loyalty.ExplainReturnWithheld { // stands with the money
			r.Why = append(r.Why, explain(lang, g.programme, f))
		}
	}
	if e.Member != 0 {
		r.Balance = &body.Balance
	}
	return paper{Return: &r}
}

// languageOf is a member's language where the store prints it, or else the store's.
func (a *Agent) languageOf(member string) i18n.Lang {
	if l, ok := i18n.Parse(member); ok && slices.Contains(a.cfg.Paper.languages(), l) {
		return l
	}
	return a.paperLanguage()
}

// paperLanguage is the store's on paper: its own, or the first that it prints.
func (a *Agent) paperLanguage() i18n.Lang {
	if all := a.cfg.Paper.languages(); !slices.Contains(all, a.storeLanguage()) {
		return all[0]
	}
	return a.storeLanguage()
}

// day and localTime read what our own ledger wrote; the zero time stands for nothing written.
func day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}

func localTime(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}
