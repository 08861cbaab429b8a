package agent_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/store/agentdb"
)

// inForce is the digest of the version that a sale would be judged by.
func (s *shop) inForce() string {
	s.t.Helper()
	return must[agent.Status](s.t)(s.agent.Status(s.t.Context())).Programme
}

func TestAVersionThatWasNotSignedLeavesTheOneBeforeInForce(t *testing.T) {
	s := newShop(t)
	first, next := programme(t), compiled(t, strings.Replace(testProgramme, "2020-", "2021-", 1))
	forged := *next
	forged.Signature = make([]byte, len(next.Signature))
	s.headOffice(agentdb.Change{Programme: &forged})
	if got := s.inForce(); got != first.ID.String() {
		t.Errorf("in force is %s", got)
	}
	if !strings.Contains(s.log.String(), "programme refused; the version before stays in force") {
		t.Error("nobody was told")
	}
	s.headOffice(agentdb.Change{Programme: next})
	if got := s.inForce(); got != next.ID.String() {
		t.Errorf("signed, and not in force: %s", got)
	}
}

func TestAVersionChangedOnDiskIsNotUsed(t *testing.T) {
	s := newShop(t)
	first, next := programme(t), compiled(t, strings.Replace(testProgramme, "2020-", "2021-", 1))
	for _, change := range []string{
		`UPDATE programme SET document = CAST(replace(CAST(document AS TEXT), 'coffee', 'toffee') AS BLOB) WHERE id = ?`,
		`UPDATE programme SET valid_from = '2021-06-01T00:00' WHERE id = ?`, // not what was signed
	} {
		s.headOffice(agentdb.Change{Programme: next})
		s.stop()
		s.onDisk(change, next.ID[:])
		s.start(s.lane)
		if got := s.inForce(); got != first.ID.String() {
			t.Errorf("after %s: in force is %s", change, got)
		}
	}
}

// onDisk changes the members file behind the agent's back.
func (s *shop) onDisk(text string, args ...any) {
	s.t.Helper()
	files := must[[]string](s.t)(filepath.Glob(filepath.Join(s.dir, "*", agentdb.MembersFile)))
	if len(files) != 1 {
		s.t.Fatalf("members files: %v", files)
	}
	pool := must[*sql.DB](s.t)(sql.Open("sqlite", files[0]))
	must[sql.Result](s.t)(pool.ExecContext(context.Background(), text, args...))
	if err := pool.Close(); err != nil {
		s.t.Fatal(err)
	}
}
