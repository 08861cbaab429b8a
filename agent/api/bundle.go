package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"loyaltill/agent"
)

type bundleIn struct{ Body struct{} }

func (in *bundleIn) deed() agent.Deed { return agent.Deed{What: "bundle"} }

// bundle streams what support is told of this store, sealed for support.
func (s *Server) bundle(ctx context.Context, _ *bundleIn) (*huma.StreamResponse, error) {
	if s.diagnose == nil {
		return nil, newProblem(ctx, agent.CodeSupportUnset)
	}
	name := fmt.Sprintf("store-%d-%s.age", s.agent.Store(), s.agent.Now().UTC().Format("20060102T150405Z"))
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/octet-stream")
		out.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
		if err := s.diagnose(ctx, out.BodyWriter()); err != nil {
			s.log.Error().Err(err).Msg("bundle broke off")
			panic(http.ErrAbortHandler) // half of one must not look whole
		}
	}}, nil
}
