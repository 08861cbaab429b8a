package agent

import (
	"context"
	"errors"
	"time"

	"loyaltill/agent/changes"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// Version is a version of the programme that head office has sent.
type Version struct {
	Digest    string           `json:"digest"`
	Version   int64            `json:"version"`
	Name      string           `json:"name"`
	ValidFrom string           `json:"valid_from" doc:"in the store's own time"`
	Published time.Time        `json:"published,omitzero" doc:"by head office; absent when it came from one that does not say"`
	Arrived   time.Time        `json:"arrived,omitzero" doc:"first came to this store; absent when that was before the store noted it"`
	Effective string           `json:"effective" doc:"from when it holds here, in the store's own time: valid_from, or when it came if that was later"`
	InForce   bool             `json:"in_force"`
	Changes   []loyalty.Change `json:"changes" doc:"against the version before; of the oldest one known, none"`
	Told      []string         `json:"told" doc:"all of the changes as sentences, in the language asked for"`
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
			if err := all[len(all)-1].tell(p, newer, lang); err != nil {
				return nil, err
			}
		}
		if len(all) == versionsShown {
			break
		}
		all = append(all, Version{
			Digest: p.Digest(), Version: p.Version(), Name: p.Name(string(lang)), ValidFrom: p.ValidFrom(), InForce: p.Digest() == inForce,
			Published: row.PublishedAt, Arrived: row.ArrivedAt, Effective: a.effective(row), Told: []string{},
		})
		newer = p
	}
	return all, nil
}

// tell says what this version changes against the one before.
func (v *Version) tell(before, this *loyalty.Programme, lang i18n.Lang) error {
	all, err := changes.Tell(before, this)
	if err != nil {
		return err
	}
	for _, t := range all {
		v.Changes = append(v.Changes, t.Changes...)
		v.Told = append(v.Told, t.Text(lang))
	}
	return nil
}

// effective is from when a version holds here. Local times in this form compare as text.
func (a *Agent) effective(row agentdb.Programme) string {
	if row.ArrivedAt.IsZero() {
		return row.ValidFrom
	}
	came := a.identity.Calendar().Local(row.ArrivedAt)
	return max(row.ValidFrom, came[:len("2006-01-02T15:04")])
}
