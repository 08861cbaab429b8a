package agent_test

import (
	"slices"
	"testing"
	"time"

	"loyaltill/agent"
)

func TestAClockBeforeTheFirstProgrammeIsSaidSo(t *testing.T) {
	s := newShop(t)
	s.skipped.Store(int64(-20 * 365 * 24 * time.Hour))
	_, err := s.agent.Quote(t.Context(), 1, basket(100))
	if r := refused(t, err, agent.CodeProgrammeLater); !r.Retryable {
		t.Error("it cannot be tried again")
	}
	if codes := s.agent.NotReady(t.Context()); !slices.Equal(codes, []string{agent.CodeProgrammeLater}) {
		t.Errorf("not ready: %v", codes)
	}
	s.skipped.Store(0)
	if _, err := s.commit(newKey(), s.quoted(basket(100))); err != nil || len(s.agent.NotReady(t.Context())) > 0 {
		t.Errorf("with the clock set right: %v", err)
	}
}
