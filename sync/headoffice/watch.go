package headoffice

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"loyaltill/sync/wire"
)

// readyTimeout bounds the question whether the books take entries.
const readyTimeout = 3 * time.Second

// watchHandler answers who watches over head office: metrics, whether the process lives, and whether it can work. It is served
// on an address of its own, without TLS: nothing in it is personal, and it should not be reachable from outside.
func (o *Office) watchHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", o.metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeHealth(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		writeHealth(w, o.ready(ctx))
	})
	return mux
}

func writeHealth(w http.ResponseWriter, err error) {
	answer := struct {
		Ready  bool   `json:"ready"`
		Reason string `json:"reason,omitempty"`
	}{Ready: err == nil}
	w.Header().Set("Content-Type", wire.TypeJSON)
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		answer.Reason = "the database takes no entries: " + err.Error()
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // who went away needs no answer
}

// codeOf is an outcome for metrics and the log.
func codeOf(err error) string {
	var p *wire.Problem
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &p):
		return string(p.Code)
	}
	return string(wire.CodeInternal)
}

// counted notes what became of a batch. The line has the range by which the store logs the same batch.
func (o *Office) counted(b *wire.Batch, fresh [][]byte, answer wire.Accepted, err error) {
	code, bytes := codeOf(err), 0
	if err == nil {
		code = "accepted"
	}
	if answer.Replayed {
		code = "replayed"
	}
	for _, body := range fresh {
		bytes += len(body)
	}
	o.metrics.Batch(code, len(fresh), bytes)
	o.log.Info().Uint32("store", uint32(b.Store)).Uint32("epoch", uint32(b.Epoch)).Int64("first", int64(b.First)).Int64("last", int64(b.Last())).
		Str("code", code).Msg("batch")
}
