package api

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// reply is an answer with a JSON body.
type reply[T any] struct{ Body T }

// answer wraps what a method of the agent gave.
func answer[T any](ctx context.Context, s *Server, v T, err error) (*reply[T], error) {
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[T]{v}, nil
}

type empty struct{}

// LaneIn is the lane that a call is about. It is exported because huma fills exported fields only.
type LaneIn struct {
	Lane loyalty.LaneID `path:"lane" minimum:"1"`
}

// headerKey carries the key of a call.
const headerKey = "Idempotency-Key"

// Keyed is the key of a call that changes something.
type Keyed struct {
	Key string `header:"Idempotency-Key" doc:"UUID made before the first try and kept for every retry"`
}

func (s *Server) key(ctx context.Context, k Keyed) (loyalty.TxnID, *Problem) {
	if k.Key == "" {
		return loyalty.TxnID{}, newProblem(ctx, codeKeyMissing)
	}
	id, err := loyalty.ParseTxnID(k.Key)
	if err != nil {
		return id, newProblem(ctx, codeKeyInvalid)
	}
	return id, nil
}

func (s *Server) status(ctx context.Context, _ *empty) (*reply[agent.Status], error) {
	v, err := s.agent.Status(ctx)
	return answer(ctx, s, v, err)
}

func (s *Server) lanes(ctx context.Context, _ *empty) (*reply[[]laneView], error) {
	states := s.agent.Lanes()
	views := make([]laneView, len(states))
	for i := range states {
		views[i] = view(language(ctx), states[i])
	}
	return &reply[[]laneView]{views}, nil
}

func (s *Server) lane(ctx context.Context, in *LaneIn) (*reply[laneView], error) {
	v, err := s.agent.Lane(in.Lane)
	return answer(ctx, s, view(language(ctx), v), err)
}

// digits takes a PIN out of the body as bytes that can be overwritten.
type digits []byte

func (d *digits) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return errors.New("want a string of digits")
	}
	*d = append((*d)[:0], b[1:len(b)-1]...)
	return nil
}

// Schema says what a PIN looks like; the pattern is not checked here, so that no refusal could quote it.
func (digits) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "4 to 8 digits"}
}

type pinIn struct {
	LaneIn
	Body struct {
		PIN     digits `json:"pin"`
		LastTry bool   `json:"last_try,omitempty" doc:"go on although one try is left"`
	}
	RawBody []byte
}

func (s *Server) pin(ctx context.Context, in *pinIn) (*reply[laneView], error) {
	defer clear(in.RawBody)
	pin, err := card.NewPIN(in.Body.PIN)
	if err != nil {
		return nil, newProblem(ctx, agent.CodePINFormat)
	}
	defer pin.Zero()
	v, err := s.agent.EnterPIN(ctx, in.Lane, pin, in.Body.LastTry)
	return answer(ctx, s, view(language(ctx), v), err)
}

// NewPIN is a PIN that the member types twice.
type NewPIN struct {
	PIN   digits `json:"pin"`
	Again digits `json:"again" doc:"the same, typed a second time"`
}

// read gives both, to be zeroed by who uses them, or the code of what is wrong. The body is wiped in every case.
func (n NewPIN) read() (fresh, again *card.PIN, code string) {
	defer clear(n.PIN)
	defer clear(n.Again)
	if subtle.ConstantTimeCompare(n.PIN, n.Again) != 1 {
		return nil, nil, agent.CodePINsDiffer
	}
	fresh, err := card.NewPIN(n.PIN)
	if err != nil {
		return nil, nil, agent.CodePINFormat
	}
	if again, err = card.NewPIN(n.Again); err != nil {
		fresh.Zero()
		return nil, nil, agent.CodePINFormat
	}
	return fresh, again, ""
}

type choosePINIn struct {
	LaneIn
	Body    NewPIN
	RawBody []byte
}

func (s *Server) choosePIN(ctx context.Context, in *choosePINIn) (*reply[laneView], error) {
	defer clear(in.RawBody)
	fresh, again, code := in.Body.read()
	if code != "" {
		return nil, newProblem(ctx, code)
	}
	v, err := s.agent.ChoosePIN(ctx, in.Lane, fresh, again)
	return answer(ctx, s, view(language(ctx), v), err)
}

type unblockIn struct {
	LaneIn
	Body struct {
		NewPIN
		PUK digits `json:"puk"`
	}
	RawBody []byte
}

func (s *Server) unblock(ctx context.Context, in *unblockIn) (*reply[laneView], error) {
	defer clear(in.RawBody)
	defer clear(in.Body.PUK)
	fresh, again, code := in.Body.read()
	if code != "" {
		return nil, newProblem(ctx, code)
	}
	defer fresh.Zero()
	defer again.Zero()
	puk, err := card.NewPIN(in.Body.PUK)
	if err != nil {
		return nil, newProblem(ctx, agent.CodePINFormat)
	}
	v, err := s.agent.Unblock(ctx, in.Lane, puk, fresh, again)
	return answer(ctx, s, view(language(ctx), v), err)
}

type pinpadIn struct {
	LaneIn
	Body struct {
		LastTry bool `json:"last_try,omitempty" doc:"go on although one try is left"`
	}
}

func (s *Server) pinpad(ctx context.Context, in *pinpadIn) (*reply[laneView], error) {
	v, err := s.agent.AskPIN(ctx, in.Lane, in.Body.LastTry)
	return answer(ctx, s, view(language(ctx), v), err)
}

func (s *Server) forget(ctx context.Context, in *LaneIn) (*reply[laneView], error) {
	v, err := s.agent.Forget(in.Lane)
	return answer(ctx, s, view(language(ctx), v), err)
}

type identifyIn struct {
	LaneIn
	Body agent.IdentifyRequest
}

func (s *Server) identify(ctx context.Context, in *identifyIn) (*reply[laneView], error) {
	v, err := s.agent.Identify(ctx, in.Lane, in.Body)
	return answer(ctx, s, view(language(ctx), v), err)
}

type quoteIn struct {
	LaneIn
	Body agent.SaleRequest
}

func (s *Server) quote(ctx context.Context, in *quoteIn) (*reply[quoteView], error) {
	q, err := s.agent.Quote(ctx, in.Lane, in.Body)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &reply[quoteView]{s.explain(ctx, q)}, nil
}

type commitIn struct {
	LaneIn
	Keyed
	Body agent.CommitRequest
}

func (s *Server) commit(ctx context.Context, in *commitIn) (*reply[saleView], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.Commit(ctx, in.Lane, id, in.Body)
	return answer(ctx, s, s.sold(ctx, v), err)
}

type saleIn struct {
	ID loyalty.TxnID `path:"id"`
}

func (s *Server) sale(ctx context.Context, in *saleIn) (*reply[saleView], error) {
	v, err := s.agent.Sale(ctx, in.ID)
	return answer(ctx, s, s.sold(ctx, v), err)
}

func (s *Server) dropSale(ctx context.Context, in *saleIn) (*reply[empty], error) {
	return answer(ctx, s, empty{}, s.agent.DropSale(ctx, in.ID))
}

type closeIn struct {
	LaneIn
	Keyed
	Body struct {
		Cashier string `json:"cashier,omitempty" maxLength:"40"`
	}
}

func (s *Server) closeDay(ctx context.Context, in *closeIn) (*reply[agent.CloseAnswer], error) {
	id, bad := s.key(ctx, in.Keyed)
	if bad != nil {
		return nil, bad
	}
	v, err := s.agent.CloseDay(ctx, in.Lane, id, cashier(ctx, in.Body.Cashier))
	return answer(ctx, s, v, err)
}

type memberIn struct {
	Number string `query:"number" required:"true" doc:"card number, 8 to 19 digits"`
}

func (s *Server) member(ctx context.Context, in *memberIn) (*reply[agent.Member], error) {
	v, err := s.agent.MemberByNumber(ctx, in.Number)
	return answer(ctx, s, v, err)
}

// heartbeat keeps a quiet stream open and lets a page see at once that the agent has gone.
const heartbeat = 10 * time.Second

// jobsTold is how many of the newest print jobs a listener is told of at the beginning.
const jobsTold = 20

// events sends the state as it is, then every change. A listener that falls behind is cut off and comes back.
func (s *Server) events(ctx context.Context, _ *empty, send sse.Sender) {
	changes, stop := s.agent.Listen()
	defer stop()
	for _, lane := range s.agent.Lanes() {
		if send.Data(view(language(ctx), lane)) != nil {
			return
		}
	}
	if sync, err := s.agent.Sync(ctx); err != nil || send.Data(sync) != nil {
		return // the listener comes back and asks again
	}
	baskets, err := s.agent.Baskets(ctx)
	if err != nil || send.Data(baskets) != nil {
		return
	}
	jobs, err := s.agent.Jobs(ctx, agent.JobFilter{Limit: jobsTold})
	if err != nil {
		return
	}
	for _, job := range slices.Backward(jobs) {
		if send.Data(job) != nil {
			return
		}
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		err = nil
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			err = send.Comment("still here")
		case e, open := <-changes:
			if !open {
				return
			}
			if lane, ok := e.Data.(agent.LaneState); ok {
				e.Data = view(language(ctx), lane)
			}
			err = send.Data(e.Data)
		}
		if err != nil {
			return
		}
	}
}
