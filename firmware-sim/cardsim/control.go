package cardsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const maxControlBody = 4 << 10

// route is one thing that the control interface does. Path is as in openapi.json.
type route struct {
	method, path string
	do           func(*http.Request) (any, error)
}

func (b *Bench) routes() []route {
	return []route{
		{"GET", "/cards", func(*http.Request) (any, error) { return b.Cards() }},
		{"GET", "/cards/{name}", func(r *http.Request) (any, error) { return b.Status(r.PathValue("name")) }},
		{"PUT", "/cards/{name}/state", b.putState},
		{"POST", "/cards/{name}/copies", b.postCopy},
		{"POST", "/cards/{name}/vouchers", b.postVoucher},
		{"GET", "/readers", func(*http.Request) (any, error) { return b.Readers(), nil }},
		{"PUT", "/readers/{name}/card", b.putCard},
		{"DELETE", "/readers/{name}/card", func(r *http.Request) (any, error) { return nil, b.Remove(r.PathValue("name")) }},
		{"PUT", "/readers/{name}/fault", b.putFault},
		{"DELETE", "/readers/{name}/fault", b.deleteFault},
		{"PUT", "/readers/{name}/speed", b.putSpeed},
		{"GET", "/readers/{name}/pinpad", b.getPinpad},
		{"POST", "/readers/{name}/keys", b.postKeys},
		{"PUT", "/readers/{name}/cable", b.putCable},
	}
}

// Handler is the bench's control interface, JSON over HTTP as openapi.json describes it, and its page at /bench. It has no
// access control: it belongs on loopback.
func (b *Bench) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range b.routes() {
		mux.Handle(r.method+" "+r.path, answering(r.do))
	}
	pages(mux)
	return mux
}

func (b *Bench) putState(r *http.Request) (any, error) {
	var body stateBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, b.Put(r.PathValue("name"), body.State)
}

func (b *Bench) postCopy(r *http.Request) (any, error) {
	var body copyBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, b.Copy(r.PathValue("name"), body.Name, body.Kind)
}

func (b *Bench) postVoucher(r *http.Request) (any, error) {
	var body voucherBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return b.Load(r.PathValue("name"), body.Voucher)
}

func (b *Bench) deleteFault(r *http.Request) (any, error) {
	contacts, err := b.Contacts(r.PathValue("name"))
	if err == nil {
		contacts.ClearFault()
	}
	return nil, err
}

func (b *Bench) putSpeed(r *http.Request) (any, error) {
	var body Pace
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, b.SetPace(r.PathValue("name"), body)
}

// What callers send.
type (
	cardBody struct {
		Card string `json:"card"`
	}
	stateBody struct {
		State State `json:"state"`
	}
	copyBody struct {
		Name string   `json:"name"`
		Kind CopyKind `json:"kind"`
	}
	voucherBody struct {
		Voucher HexBytes `json:"voucher"`
	}
	keysBody struct {
		Keys []string `json:"keys"`
	}
	cableBody struct {
		Plugged bool `json:"plugged"`
	}
	problemBody struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
)

func (b *Bench) getPinpad(r *http.Request) (any, error) {
	pad, err := b.Pinpad(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return pad.View(), nil
}

func (b *Bench) postKeys(r *http.Request) (any, error) {
	pad, err := b.Pinpad(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	var body keysBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, pad.Press(body.Keys...)
}

func (b *Bench) putCable(r *http.Request) (any, error) {
	var body cableBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, b.SetPlugged(r.PathValue("name"), body.Plugged)
}

func (b *Bench) putCard(r *http.Request) (any, error) {
	var body cardBody
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, b.Insert(r.PathValue("name"), body.Card)
}

func (b *Bench) putFault(r *http.Request) (any, error) {
	var f Fault
	if err := decodeBody(r, &f); err != nil {
		return nil, err
	}
	return nil, b.SetFault(r.PathValue("name"), f)
}

var errBody = errors.New("body is not the JSON wanted here")

func decodeBody(r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errBody, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: data behind it", errBody)
	}
	return nil
}

// answering turns a result into 200 with JSON, 204, or an error with a stable code.
func answering(do func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result, err := do(r)
		status := http.StatusOK
		if err != nil {
			var code string
			status, code = problem(err)
			result = problemBody{code, err.Error()}
		}
		if result == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(result) // the caller has hung up, or gets it
	})
}

func problem(err error) (status int, code string) {
	switch {
	case errors.Is(err, ErrUnknownCard):
		return http.StatusNotFound, "unknown_card"
	case errors.Is(err, ErrUnknownReader):
		return http.StatusNotFound, "unknown_reader"
	case errors.Is(err, ErrCardExists):
		return http.StatusConflict, "card_exists"
	case errors.Is(err, ErrBlank):
		return http.StatusConflict, "card_blank"
	case errors.Is(err, ErrForeign):
		return http.StatusConflict, "card_foreign"
	case errors.Is(err, ErrState):
		return http.StatusBadRequest, "bad_state"
	case errors.Is(err, ErrCopy):
		return http.StatusBadRequest, "bad_copy"
	case errors.Is(err, ErrSpeed):
		return http.StatusBadRequest, "bad_speed"
	case errors.Is(err, ErrCardElsewhere):
		return http.StatusConflict, "card_elsewhere"
	case errors.Is(err, ErrNotOurDriver):
		return http.StatusConflict, "no_pinpad"
	case errors.Is(err, ErrPinpadIdle):
		return http.StatusConflict, "pinpad_idle"
	case errors.Is(err, ErrKey):
		return http.StatusBadRequest, "bad_key"
	case errors.Is(err, ErrName):
		return http.StatusBadRequest, "bad_name"
	case errors.Is(err, ErrFault):
		return http.StatusBadRequest, "bad_fault"
	case errors.Is(err, errBody):
		return http.StatusBadRequest, "bad_body"
	}
	return http.StatusInternalServerError, "internal"
}
