package api

import (
	"encoding/json"
	"net/http"

	"loyaltill/internal/i18n"
)

// condition says whether the agent lives, or whether it can sell. A missing printer or an unreachable head office is neither.
type condition struct {
	Ready   bool     `json:"ready"`
	Version string   `json:"version"`
	Reasons []reason `json:"reasons,omitempty"`
}

// reason is why no sale can be made now.
type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// healthz answers as long as the process does.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, condition{Ready: true, Version: s.version})
}

// readyz answers 503 while no sale could be made, with the reasons.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	h, status := condition{Ready: true, Version: s.version}, http.StatusOK
	for _, code := range s.agent.NotReady(r.Context()) {
		h.Ready, status = false, http.StatusServiceUnavailable
		h.Reasons = append(h.Reasons, reason{Code: code, Message: i18n.Text(language(r.Context()), "cashier."+code, nil)})
	}
	writeHealth(w, status, h)
}

func writeHealth(w http.ResponseWriter, status int, h condition) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(h) // who went away needs no answer
}
