package headoffice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// replaceWait is how many days a lost card's points wait where no programme says otherwise: stores may be without head office
// for so long and still take the card.
const replaceWait = 7

type replaceInput struct {
	Card   loyalty.CardID `json:"card"`
	Number numberRef      `json:"number"`
	Wait   *int           `json:"wait"` // days; nil: the programme's, or replaceWait
}

// ReplaceOutcome says what happens to a lost card's points.
type ReplaceOutcome struct {
	Member loyalty.MemberID `json:"member"`
	Points loyalty.Points   `json:"points"` // as far as stores have told
	Due    string           `json:"due"`    // the day on which they move
}

// replaceCard takes a lost card out of use: it is on the hot list at once, and a voucher ends it should it turn up. The new number
// is the member's; a card with it is made as any other. What the old one holds follows when the wait is over.
func (o *Office) replaceCard(ctx context.Context, in replaceInput) (out ReplaceOutcome, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		c, err := tx.Card(in.Card)
		if errors.Is(err, hodb.ErrNotFound) {
			return &FieldError{"card", "give the 16 digits of a card that head office has signed", err}
		}
		if err == nil && c.Ended {
			err = &FieldError{"card", `"headoffice card show" tells what became of it`, fmt.Errorf("card %v has been replaced or ended", in.Card)}
		}
		if err != nil {
			return err
		}
		if err := tx.PutNumber(c.Member, in.Number.row()); err != nil {
			return &FieldError{"number", "give a number that no other member has", err}
		}
		v, err := o.vouchersOf(tx, c)
		if err != nil {
			return err
		}
		ref, err := v.reference()
		if err != nil {
			return err
		}
		seq, err := v.give(card.Order{Kind: card.KindTerminate, Ref: ref})
		if err != nil {
			return err
		}
		if err := tx.BlockCard(c.ID, "lost; card "+in.Number.Masked+" takes its place"); err != nil {
			return err
		}
		out.Member = c.Member
		if out.Points, err = tx.Holding(c.ID); err != nil {
			return err
		}
		if out.Due, err = o.replaceDue(tx, in.Wait); err != nil {
			return err
		}
		return tx.Replace(hodb.Replacement{Card: c.ID, Member: c.Member, Number: in.Number.HMAC, Seq: seq, Due: out.Due})
	})
	return out, err
}

// replaceDue is the first day on which the points may move: a whole wait after today.
func (o *Office) replaceDue(tx *hodb.Tx, wait *int) (string, error) {
	today, err := o.today(tx)
	if err != nil {
		return "", err
	}
	days := replaceWait
	p, err := o.inForce(tx, today)
	if err != nil {
		return "", err
	}
	if p != nil && p.ReplaceWaitDays() > 0 {
		days = p.ReplaceWaitDays()
	}
	if wait != nil {
		days = *wait
	}
	day, err := time.Parse(time.DateOnly, today)
	return day.AddDate(0, 0, days+1).Format(time.DateOnly), err
}

// moveReplaced moves the points of lost cards whose wait is over. What stores have told of the cards meanwhile is in the figure.
func (o *Office) moveReplaced(ctx context.Context, day string, out *DayOutcome) error {
	for more := true; more; {
		err := o.db.Update(ctx, func(tx *hodb.Tx) error {
			due, err := tx.DueReplacements(day, membersAtOnce)
			more = len(due) == membersAtOnce
			for _, r := range due {
				points, herr := tx.Holding(r.Card)
				if err = errors.Join(err, herr); err == nil {
					err = tx.MoveReplaced(r, points)
				}
				if err == nil {
					err = o.makeVouchers(tx, r.Member)
				}
				if err != nil {
					return err
				}
				out.Replaced++
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("move points of lost cards: %w", err)
		}
	}
	return nil
}

// followReplaced corrects what was moved when a store told of a lost card only afterwards.
func followReplaced(tx *hodb.Tx, id loyalty.MemberID) error {
	all, err := tx.ReplacementsOf(id)
	for _, r := range all {
		if err != nil || !r.Moved {
			continue
		}
		var points loyalty.Points
		if points, err = tx.Holding(r.Card); err == nil {
			err = tx.MoveReplaced(r, points)
		}
	}
	return err
}

// ReplaceCard takes a lost card out of use; wait is in days, nil as the programme says.
func (m Manager) ReplaceCard(ctx context.Context, id loyalty.CardID, number loyalty.CardNumber, wait *int) (out ReplaceOutcome, err error) {
	const most = 365
	if wait != nil && (*wait < 0 || *wait > most) {
		return out, &FieldError{"wait", fmt.Sprintf("give 0 to %d days", most), nil}
	}
	err = m.call(ctx, opReplace, replaceInput{Card: id, Number: m.Home.Keys.numberRef(number), Wait: wait}, &out)
	return out, err
}
