package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// once answers a key that was used before from its entry, and books what is new. A booking may be refused because the same key
// was on its way twice and the other call came first: then that one is the answer.
func (a *Agent) once(ctx context.Context, id loyalty.TxnID, hash [32]byte, kind loyalty.Kind, book func() (agentdb.Committed, error)) (agentdb.Committed, error) {
	if c, known, err := a.knownEntry(ctx, id, hash, kind); known || err != nil {
		return c, err
	}
	c, refused := book()
	if refused == nil {
		return c, nil
	}
	if first, known, err := a.knownEntry(ctx, id, hash, kind); known || err != nil {
		return first, err
	}
	return c, refused
}

func (a *Agent) knownEntry(ctx context.Context, id loyalty.TxnID, hash [32]byte, kind loyalty.Kind) (agentdb.Committed, bool, error) {
	c, err := a.db.EntryByTxn(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		return c, false, nil
	}
	if err == nil && (c.RequestHash != hash || c.Entry.Kind != kind) {
		err = refuse(CodeKeyReused, nil)
	}
	c.Replayed = true
	return c, err == nil, err
}
