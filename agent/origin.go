package agent

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"loyaltill/store/agentdb"
)

// Origin is a web page of another server that a person let call this agent.
type Origin struct {
	Origin string              `json:"origin" doc:"scheme, host and port"`
	Since  time.Time           `json:"since"`
	Staff  agentdb.StaffNumber `json:"staff" doc:"who let it in; 0: at the command line of this machine"`
}

// Origins are the pages of other servers that may call.
func (a *Agent) Origins(ctx context.Context) ([]Origin, error) {
	rows, err := a.db.Origins(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Origin, len(rows))
	for i, r := range rows {
		all[i] = Origin{Origin: r.Origin, Since: r.Since, Staff: r.Staff}
	}
	return all, nil
}

// OriginAllowed says whether pages of that server may call.
func (a *Agent) OriginAllowed(ctx context.Context, name string) (bool, error) {
	_, err := a.db.OriginByName(ctx, name)
	if errors.Is(err, agentdb.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// OriginProved says whether a token was made for pages of that server.
func (a *Agent) OriginProved(ctx context.Context, name, token string) (bool, error) {
	o, err := a.db.OriginByName(ctx, name)
	if errors.Is(err, agentdb.ErrNotFound) {
		return false, nil
	}
	got := sha256.Sum256([]byte(token))
	return err == nil && subtle.ConstantTimeCompare(got[:], o.Token[:]) == 1, err
}

// AllowOrigin lets pages of a server call with a token.
func (a *Agent) AllowOrigin(ctx context.Context, by Doer, name, token string) error {
	return a.db.AllowOrigin(ctx, agentdb.Origin{Origin: name, Token: sha256.Sum256([]byte(token)), Staff: by.Number})
}

// EndOrigin lets pages of a server call no more.
func (a *Agent) EndOrigin(ctx context.Context, name string) error {
	err := a.db.EndOrigin(ctx, name)
	if errors.Is(err, agentdb.ErrNotFound) {
		return &Refusal{Code: CodeOriginUnknown, cause: err}
	}
	return err
}
