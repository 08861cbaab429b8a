package cardsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const maxControlBody = 4 << 10

// Handler is the bench's control interface, JSON over HTTP. It has no access control: it belongs on loopback.
//
//	GET    /cards                  all cards and where they are
//	GET    /cards/{name}           Status
//	GET    /readers                all readers
//	PUT    /readers/{name}/card    {"card":"anna"} inserts, swapping what was there
//	DELETE /readers/{name}/card    removes
//	PUT    /readers/{name}/fault   Fault: arms, in place of the one before
//	DELETE /readers/{name}/fault   disarms
//	GET    /readers/{name}/pinpad  what the pinpad shows
//	POST   /readers/{name}/keys    {"keys":["4","7","1","1","ok"]} presses: digits, clear, ok, cancel, timeout
//	PUT    /readers/{name}/cable   {"plugged":false} pulls the reader's cable out
func (b *Bench) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /cards", answering(func(*http.Request) (any, error) { return b.Cards() }))
	mux.Handle("GET /cards/{name}", answering(func(r *http.Request) (any, error) { return b.Status(r.PathValue("name")) }))
	mux.Handle("GET /readers", answering(func(*http.Request) (any, error) { return b.Readers(), nil }))
	mux.Handle("PUT /readers/{name}/card", answering(b.putCard))
	mux.Handle("DELETE /readers/{name}/card", answering(func(r *http.Request) (any, error) {
		return nil, b.Remove(r.PathValue("name"))
	}))
	mux.Handle("PUT /readers/{name}/fault", answering(b.putFault))
	mux.Handle("DELETE /readers/{name}/fault", answering(func(r *http.Request) (any, error) {
		contacts, err := b.Contacts(r.PathValue("name"))
		if err == nil {
			contacts.ClearFault()
		}
		return nil, err
	}))
	mux.Handle("GET /readers/{name}/pinpad", answering(b.getPinpad))
	mux.Handle("POST /readers/{name}/keys", answering(b.postKeys))
	mux.Handle("PUT /readers/{name}/cable", answering(b.putCable))
	return mux
}

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
	var body struct {
		Keys []string `json:"keys"`
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, pad.Press(body.Keys...)
}

func (b *Bench) putCable(r *http.Request) (any, error) {
	var body struct {
		Plugged bool `json:"plugged"`
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	return nil, b.SetPlugged(r.PathValue("name"), body.Plugged)
}

func (b *Bench) putCard(r *http.Request) (any, error) {
	var body struct {
		Card string `json:"card"`
	}
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
			result = map[string]string{"code": code, "detail": err.Error()}
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
