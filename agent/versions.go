package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// Version is a version of the programme that head office has sent.
type Version struct {
	Digest    string           `json:"digest"`
	Version   int64            `json:"version"`
	Name      string           `json:"name"`
	ValidFrom string           `json:"valid_from" doc:"in the store's own time"`
	InForce   bool             `json:"in_force"`
	Changes   []loyalty.Change `json:"changes" doc:"against the version before; of the oldest one known, none"`
}

// versionsShown bounds how many versions are compared for one answer.
const versionsShown = 12

// Versions are the newest versions of the programme and what each changed, those to come first. What head office did not sign is left out.
func (a *Agent) Versions(ctx context.Context, lang i18n.Lang) ([]Version, error) {
	rows, err := a.db.Programmes(ctx)
	if err != nil {
		return nil, err
	}
	inForce := ""
	if p, err := a.programmeAt(ctx, a.now()); err == nil {
		inForce = p.Digest()
	}
	all := []Version{}
	var newer *loyalty.Programme
	for _, row := range rows {
		p, err := a.compiled(row)
		if errors.Is(err, loyalty.ErrProgrammeSignature) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if newer != nil {
			if all[len(all)-1].Changes, err = loyalty.Diff(p, newer); err != nil {
				return nil, err
			}
		}
		if len(all) == versionsShown {
			break
		}
		all = append(all, Version{Digest: p.Digest(), Version: p.Version(), Name: p.Name(string(lang)), ValidFrom: p.ValidFrom(), InForce: p.Digest() == inForce})
		newer = p
	}
	return all, nil
}
