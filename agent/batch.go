package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// CouponBatch is coupons that were issued together, by one request at a till.
type CouponBatch struct {
	Seq       loyalty.Seq    `json:"seq"`
	Coupon    string         `json:"coupon"`
	Count     int            `json:"count"`
	Day       string         `json:"day"`
	At        string         `json:"at"`
	Lane      loyalty.LaneID `json:"lane"`
	Cashier   string         `json:"cashier,omitempty"`
	Source    string         `json:"source,omitempty"`
	ValidFrom string         `json:"valid_from"`
	ValidTo   string         `json:"valid_to"`
	Printed   int            `json:"printed" doc:"on paper"`
	Waiting   int            `json:"waiting" doc:"still to be printed"`
	Doubtful  int            `json:"doubtful" doc:"torn, too late or uncertain: somebody must look"`
	Void      int            `json:"void"`
	Used      int            `json:"used" doc:"by sales of this store"`
}

// CouponPaper is one coupon of a batch.
type CouponPaper struct {
	Number int    `json:"number" doc:"as on its paper, from 1"`
	Serial string `json:"serial"`
	Job    int64  `json:"job,omitempty" doc:"its newest print job"`
	State  string `json:"state,omitempty" doc:"of that job"`
	Used   int64  `json:"used,omitempty" doc:"sales of this store that used it"`
	Void   bool   `json:"void,omitempty"`
}

// maxBatches bounds one answer.
const maxBatches = 100

// CouponBatches lists what was issued below a place in the log (0: from its end), newest first.
func (a *Agent) CouponBatches(ctx context.Context, below loyalty.Seq, limit int) ([]CouponBatch, error) {
	entries, err := a.db.CouponEntries(ctx, below, min(max(limit, 1), maxBatches))
	if err != nil {
		return nil, err
	}
	all := make([]CouponBatch, 0, len(entries))
	for i := range entries {
		b, _, err := a.couponBatch(ctx, &entries[i])
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// CouponBatch gives one batch with each of its papers.
func (a *Agent) CouponBatch(ctx context.Context, seq loyalty.Seq) (CouponBatch, []CouponPaper, error) {
	e, err := a.couponEntry(ctx, seq)
	if err != nil {
		return CouponBatch{}, nil, err
	}
	return a.couponBatch(ctx, e)
}

// FindCoupon gives one coupon of this store, by its serial or by the code on its paper, with what it was issued with: a batch, a sale,
// or in place of another.
func (a *Agent) FindCoupon(ctx context.Context, code string) (CouponBatch, []CouponPaper, error) {
	serial, err := a.serialOf(ctx, code)
	if err != nil {
		return CouponBatch{}, nil, err
	}
	issued, err := a.db.CouponIssued(ctx, serial)
	if errors.Is(err, agentdb.ErrNotFound) {
		err = &Refusal{Code: CodeCouponUnknown, Field: "code", cause: err}
	}
	if err != nil {
		return CouponBatch{}, nil, err
	}
	b, papers, err := a.couponBatch(ctx, &issued.Entry)
	return b, slices.DeleteFunc(papers, func(p CouponPaper) bool { return p.Serial != serial }), err
}

// serialOf reads what was typed or scanned. What is no code at all may still be a serial.
func (a *Agent) serialOf(ctx context.Context, code string) (string, error) {
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return "", err
	}
	serial := strings.ToUpper(strings.TrimSpace(code))
	if _, known, err := a.knownHere(ctx, serial); known || err != nil {
		return serial, err
	}
	shown, err := a.readCoupon(ctx, p, Coupon{Code: code})
	var bad *loyalty.SaleError
	switch {
	case errors.As(err, &bad) && bad.Code == loyalty.CouponUnreadable:
		return serial, nil
	case err != nil:
		return "", err
	case shown.Serial == "":
		return "", &Refusal{Code: CodeCouponUnnumbered, Field: "code"}
	}
	return shown.Serial, nil
}

func (a *Agent) couponEntry(ctx context.Context, seq loyalty.Seq) (*loyalty.Entry, error) {
	entries, err := a.db.CouponEntries(ctx, seq+1, 1)
	if err == nil && (len(entries) == 0 || entries[0].Seq != seq) {
		err = &Refusal{Code: CodeCouponUnknown, Field: "batch"}
	}
	if err != nil {
		return nil, err
	}
	return &entries[0], nil
}

func (a *Agent) couponBatch(ctx context.Context, e *loyalty.Entry) (CouponBatch, []CouponPaper, error) {
	rows, err := a.db.CouponsOf(ctx, e.Seq)
	if err != nil {
		return CouponBatch{}, nil, err
	}
	bySerial := map[string]agentdb.CouponRow{}
	for _, r := range rows {
		bySerial[r.Serial] = r
	}
	issued := e.IssuedCoupons()
	c := &issued[0]
	b := CouponBatch{Seq: e.Seq, Coupon: c.Coupon, Day: e.Day, At: e.At, Lane: e.Lane, Cashier: e.Cashier, Source: c.Source, ValidFrom: c.ValidFrom, ValidTo: c.ValidTo}
	var papers []CouponPaper
	for i, body := range issued {
		r := bySerial[body.Serial]
		papers = append(papers, CouponPaper{Number: i + 1, Serial: body.Serial, Job: r.Job, State: string(r.State), Used: r.Used, Void: r.Void != 0})
		b.add(r)
	}
	return b, papers, nil
}

// add counts one coupon.
func (b *CouponBatch) add(r agentdb.CouponRow) {
	b.Count++
	if r.Used > 0 {
		b.Used++
	}
	switch {
	case r.Void != 0:
		b.Void++
	case r.State == agentdb.JobConfirmed:
		b.Printed++
	case r.State == agentdb.JobUncertain || r.State == agentdb.JobInterrupted || r.State == agentdb.JobExpired:
		b.Doubtful++
	case r.Job != 0:
		b.Waiting++
	}
}

// VoidRequest takes coupons out of use: those named, or of a batch all that are not on paper yet.
type VoidRequest struct {
	Serials []string           `json:"serials,omitempty" maxItems:"500"`
	Batch   loyalty.Seq        `json:"batch,omitempty" doc:"instead of serials: of this batch, what is not on paper, or only may be"`
	Reason  loyalty.VoidReason `json:"reason" enum:"misprint,lost,unwanted"`
	Replace bool               `json:"replace,omitempty" doc:"with one serial: issue and print a new one on the same terms"`
	Cashier string             `json:"cashier,omitempty" maxLength:"40"`
}

// VoidAnswer is what was taken out of use.
type VoidAnswer struct {
	Seq      loyalty.Seq `json:"seq"`
	Serials  []string    `json:"serials"`
	New      string      `json:"new,omitempty" doc:"serial of the coupon in place of the old one"`
	Job      int64       `json:"job,omitempty" doc:"its print job"`
	Replayed bool        `json:"replayed"`
}

// VoidCoupons takes coupons out of use, in one entry. Nothing is void when one of them cannot be.
func (a *Agent) VoidCoupons(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r VoidRequest) (VoidAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return VoidAnswer{}, err
	}
	hash, err := requestHash(n, "void", r)
	if err != nil {
		return VoidAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindVoid, func() (agentdb.Committed, error) { return a.bookVoid(ctx, l, id, hash, r) })
	if err != nil {
		return VoidAnswer{}, err
	}
	answer := VoidAnswer{Seq: c.Entry.Seq, Serials: c.Entry.Void.Serials, Job: firstJob(c), Replayed: c.Replayed}
	if c.Entry.Void.New != nil {
		answer.New = c.Entry.Void.New.Serial
	}
	return answer, nil
}

func (a *Agent) bookVoid(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r VoidRequest) (agentdb.Committed, error) {
	var none agentdb.Committed
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return none, err
	}
	serials, err := a.toVoid(ctx, r)
	if err != nil {
		return none, err
	}
	var old loyalty.CouponBody
	for i, serial := range serials {
		if old, err = a.issuedHere(ctx, serial); err != nil {
			return none, err
		}
		if k, ok := p.Coupon(old.Coupon); ok && k.Symbol() == loyalty.CouponGS1 {
			return none, &Refusal{Code: CodeCouponUnnumbered, Field: fmt.Sprintf("serials[%d]", i)}
		}
	}
	c, err := a.enter(ctx, agentdb.Commit{
		Txn: id, RequestHash: hash,
		Build: func(head loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = l.cfg.Number, r.Cashier
			if r.Replace {
				return loyalty.ReplaceCoupon(old, r.Reason, head)
			}
			return loyalty.VoidCoupons(serials, r.Reason, head)
		},
		Jobs: l.jobs(func(e *loyalty.Entry) []paper { return a.couponPapers(e, p, a.storeLanguage()) }),
	})
	if err != nil {
		return none, voidRefusal(err)
	}
	l.printSoon()
	return c, nil
}

// toVoid is the serials that a request names, each once.
func (a *Agent) toVoid(ctx context.Context, r VoidRequest) ([]string, error) {
	switch {
	case (r.Batch != 0) == (len(r.Serials) > 0):
		return nil, &Refusal{Code: CodeFieldInvalid, Field: "serials"}
	case r.Replace && len(r.Serials) != 1:
		return nil, &Refusal{Code: CodeFieldInvalid, Field: "replace"}
	case r.Batch == 0:
		serials := slices.Clone(r.Serials)
		slices.Sort(serials)
		return slices.Compact(serials), nil
	}
	_, papers, err := a.CouponBatch(ctx, r.Batch)
	if err != nil {
		return nil, err
	}
	var serials []string
	for _, c := range papers {
		switch agentdb.JobState(c.State) {
		case agentdb.JobConfirmed, agentdb.JobSending, agentdb.JobFlushed: // on paper, or on its way
		default:
			if !c.Void && c.Used == 0 {
				serials = append(serials, c.Serial)
			}
		}
	}
	if len(serials) == 0 {
		return nil, &Refusal{Code: CodeNothingToVoid, Field: "batch"}
	}
	return serials, nil
}

// issuedHere finds a coupon of this store by its serial.
func (a *Agent) issuedHere(ctx context.Context, serial string) (loyalty.CouponBody, error) {
	c, err := a.db.CouponIssued(ctx, serial)
	if errors.Is(err, agentdb.ErrNotFound) {
		return loyalty.CouponBody{}, &Refusal{Code: CodeCouponUnknown, Field: "serials"}
	}
	if err != nil {
		return loyalty.CouponBody{}, err
	}
	bodies := c.Entry.IssuedCoupons()
	i := slices.IndexFunc(bodies, func(b loyalty.CouponBody) bool { return b.Serial == serial })
	if i < 0 {
		return loyalty.CouponBody{}, &Refusal{Code: CodeCouponUnknown, Field: "serials"}
	}
	return bodies[i], nil
}

func voidRefusal(err error) error {
	switch {
	case errors.Is(err, agentdb.ErrCouponVoid):
		return &Refusal{Code: CodeCouponVoid, Field: "serials", cause: err}
	case errors.Is(err, agentdb.ErrCouponUsed):
		return &loyalty.SaleError{Field: "serials", Code: loyalty.CouponUsed}
	case errors.Is(err, agentdb.ErrNotFound):
		return &Refusal{Code: CodeCouponUnknown, Field: "serials", cause: err}
	}
	return appendRefusal(err)
}

// replacing says whether a job's paper is a coupon that must not be printed twice: its kind wants a new one in place of it.
func (a *Agent) replacing(ctx context.Context, job agentdb.Job) (bool, error) {
	if job.Class != classCoupon || job.Serial == "" {
		return false, nil
	}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return false, err
	}
	body, err := a.issuedHere(ctx, job.Serial)
	if err != nil {
		return false, err
	}
	sync, err := a.sync(ctx)
	if err != nil {
		return false, err
	}
	k, ok := p.Coupon(body.Coupon)
	return ok && k.Replaced(a.now().Sub(sync.FeedAt)), nil
}
