//go:build !linux

package pgserver

import (
	"context"
	"fmt"
	"runtime"
)

// Server is a running PostgreSQL.
type Server struct{ url string }

// Start tells that no server is started on this system.
func Start(context.Context) (*Server, error) {
	return nil, fmt.Errorf("start PostgreSQL: not on %s", runtime.GOOS)
}

func psql(context.Context, string, string) (string, error) {
	return "", fmt.Errorf("PostgreSQL: not on %s", runtime.GOOS)
}

// Stop has nothing to end.
func (s *Server) Stop() {}
