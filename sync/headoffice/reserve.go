package headoffice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// reservationTime is how long head office keeps points for a sale that does not come and that nobody gives up: longer than a line is
// usually down, for a sale that comes later still is posted and overdraws the member.
const reservationTime = 24 * time.Hour

// Reserve sets points of a member aside for a sale, so that two stores cannot take the same ones. A sale that was refused once is
// always refused.
func (o *Office) Reserve(ctx context.Context, id loyalty.StoreID, req wire.ReserveRequest) (answer wire.ReserveAnswer, err error) {
	if req.Points < 1 || req.Points > maxClaim || req.Unsent < 0 || req.Unsent > maxClaim || req.Member < 1 || req.Txn.IsZero() || req.Attempt < 0 {
		return answer, wire.NewProblem(wire.CodeBadRequest, "txn, member and points above 0 are wanted")
	}
	var refusal *wire.Problem // it is written down, so it does not undo the transaction
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		r := hodb.OnlineReservation{Store: id, Epoch: req.Epoch, Txn: req.Txn, Member: req.Member, Points: req.Points, Ends: tx.Now().Add(reservationTime), Attempt: req.Attempt}
		answer = wire.ReserveAnswer{Txn: req.Txn, Points: req.Points, Until: clockText(r.Ends)}
		refusal, err = o.reserve(tx, r, req)
		return err
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	if err != nil {
		return wire.ReserveAnswer{}, fmt.Errorf("reserve for store %d: %w", id, err)
	}
	o.changed.ring()
	return answer, nil
}

func (o *Office) reserve(tx *hodb.Tx, r hodb.OnlineReservation, req wire.ReserveRequest) (refusal *wire.Problem, err error) {
	head, err := storeHead(tx, r.Store, r.Epoch)
	if err != nil {
		return nil, err
	}
	known, err := tx.Reservation(r.Store, r.Txn)
	if err != nil && !errors.Is(err, hodb.ErrNotFound) {
		return nil, err
	}
	if req.Attempt < known.Attempt || req.Attempt > 0 && req.Attempt == known.Attempt && known.State == hodb.ReservationVoid {
		return short(0, "sale %s has given this attempt up", r.Txn), nil // nobody waits for the answer any more
	}
	switch known.State {
	case hodb.ReservationRefused:
		return short(0, "sale %s was refused before; a new sale has a new number", r.Txn), nil
	case hodb.ReservationPosted:
		return nil, nil // it has its points
	case hodb.ReservationPending:
		if known.Member == r.Member && known.Points == r.Points {
			return nil, tx.TryReservation(known, req.Attempt)
		}
		if err := tx.CloseReservation(known, hodb.ReservationVoid); err != nil { // its own points are free for it
			return nil, err
		}
	}
	m, err := tx.Member(r.Member)
	if errors.Is(err, hodb.ErrNotFound) || err == nil && m.Status != hodb.MemberActive {
		return short(0, "member %d is no active member", r.Member), nil
	}
	if err != nil {
		return nil, err
	}
	free, err := o.free(tx, r.Member)
	if err != nil {
		return nil, err
	}
	r.State = hodb.ReservationPending
	switch {
	case head.Posted == req.Through:
		free += req.Unsent
	case free < r.Points && free+req.Unsent >= r.Points: // it may have been posted meanwhile, and spent elsewhere
		p := wire.NewProblem(wire.CodeUnavailable, "entries through %d are posted, the store counts from %d", head.Posted, req.Through)
		p.RetryAfter = time.Second
		return p, nil
	}
	if free < r.Points {
		r.State = hodb.ReservationRefused
		refusal = short(max(free, 0), "member %d has %d points left", r.Member, max(free, 0))
	}
	return refusal, tx.PutReservation(r)
}

func short(available loyalty.Points, format string, args ...any) *wire.Problem {
	p := wire.NewProblem(wire.CodePointsShort, format, args...)
	p.Available = int64(available)
	return p
}

// Unreserve gives up what was set aside for a sale that will not be made. Said of an earlier attempt it comes too late; 0 stands for the
// newest.
func (o *Office) Unreserve(ctx context.Context, id loyalty.StoreID, txn loyalty.TxnID, attempt int64) error {
	err := o.db.Update(ctx, func(tx *hodb.Tx) error {
		r, err := tx.Reservation(id, txn)
		if errors.Is(err, hodb.ErrNotFound) {
			return nil
		}
		if err != nil || attempt != 0 && attempt < r.Attempt {
			return err
		}
		if err = tx.CloseReservation(r, hodb.ReservationVoid); err == nil && attempt > r.Attempt {
			err = tx.TryReservation(r, attempt) // a question that is still on its way is answered by nobody
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("give up reservation of store %d: %w", id, err)
	}
	o.changed.ring()
	return nil
}

func (s *server) postReservation(c *call) error {
	var req wire.ReserveRequest
	if err := c.readJSON(wire.MaxSessionBytes, &req); err != nil {
		return err
	}
	if err := c.ownEpoch(req.Epoch); err != nil {
		return err
	}
	answer, err := s.office.Reserve(c.ctx, c.client.store, req)
	if err != nil {
		return err
	}
	return c.writeJSON(answer)
}

func (s *server) deleteReservation(c *call) error {
	var txn loyalty.TxnID
	if err := txn.UnmarshalText([]byte(c.r.PathValue("txn"))); err != nil {
		return wire.NewProblem(wire.CodeBadRequest, "sale: %v", err)
	}
	var attempt int64
	if v := c.r.URL.Query().Get("attempt"); v != "" {
		var err error
		if attempt, err = strconv.ParseInt(v, 10, 64); err != nil || attempt < 0 {
			return wire.NewProblem(wire.CodeBadRequest, "attempt %q is no number from 0 on", v)
		}
	}
	if err := s.office.Unreserve(c.ctx, c.client.store, txn, attempt); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}
