package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// BlankRequest asks for gift cards of paper, to be sold later.
type BlankRequest struct {
	Kind     string `json:"kind" minLength:"1" maxLength:"40" doc:"of the programme"`
	Count    int    `json:"count" minimum:"1" maximum:"500"`
	Language string `json:"language,omitempty" maxLength:"8" doc:"of the paper; the store's when left out"`
}

// BlankAnswer is the cards that are being printed.
type BlankAnswer struct {
	Serials []string `json:"serials"`
	Job     int64    `json:"job" doc:"the first print job; the others follow"`
}

// PrintGiftCards queues blank gift cards. Nothing is on them and nothing is booked until a bill sells one, so what is lost on
// the way is paper. The serials follow from the key: a retry prints nothing twice.
func (a *Agent) PrintGiftCards(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r BlankRequest) (BlankAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return BlankAnswer{}, err
	}
	if l.queue == nil {
		return BlankAnswer{}, &Refusal{Code: CodePrinterMissing, Field: "lane"}
	}
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return BlankAnswer{}, err
	}
	lang := a.storeLanguage()
	if asked, ok := i18n.Parse(r.Language); ok {
		lang = asked
	} else if r.Language != "" {
		return BlankAnswer{}, &Refusal{Code: CodeFieldInvalid, Field: "language"}
	}
	name, known := p.GiftCardName(r.Kind, string(lang))
	switch {
	case !known:
		return BlankAnswer{}, &loyalty.SaleError{Field: "kind", Code: loyalty.GiftCardUnknown}
	case r.Count < 1 || r.Count > loyalty.MaxBatch:
		return BlankAnswer{}, &Refusal{Code: CodeFieldInvalid, Field: "count"}
	}
	answer, jobs := BlankAnswer{}, make([]agentdb.NewJob, r.Count)
	for i := range jobs {
		serial := loyalty.GiftCardSerial(loyalty.StoreID(a.identity.Store), id, i)
		doc, err := json.Marshal(paper{Blank: &receipt.BlankGiftCard{Print: a.print(lang, p), Name: name, Serial: serial, Number: i + 1, Of: r.Count}})
		if err != nil {
			return BlankAnswer{}, err
		}
		jobs[i] = agentdb.NewJob{Key: fmt.Sprintf("%s/%d", id, i), Class: classCoupon, Printer: l.queue.name, Doc: doc, Serial: serial, Batch: i + 1,
			Expires: a.now().Add(couponKept)}
		answer.Serials = append(answer.Serials, serial)
	}
	ids, err := a.db.AddJobs(ctx, jobs)
	switch {
	case errors.Is(err, agentdb.ErrConflict):
		return BlankAnswer{}, refuse(CodeKeyReused, err)
	case err != nil:
		return BlankAnswer{}, refuseForNow(CodeLedgerUnavailable, err)
	}
	l.printSoon()
	answer.Job = ids[0]
	return answer, nil
}
