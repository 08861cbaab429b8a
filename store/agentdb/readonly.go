package agentdb

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/rs/zerolog"

	"loyaltill/store"
)

// OpenReadOnly opens both files for looking at them, also while the agent runs. Nothing can be written.
func OpenReadOnly(ctx context.Context, dir string, id *store.Identity) (*DB, error) {
	db := &DB{identity: id, calendar: id.Calendar(), genesis: id.Genesis(), log: zerolog.Nop(), wake: make(chan struct{}, 1)}
	var err error
	if db.ledger, err = store.OpenReadOnly(ctx, filepath.Join(dir, LedgerFile)); err != nil {
		return nil, err
	}
	if db.members, err = store.OpenReadOnly(ctx, filepath.Join(dir, MembersFile)); err != nil {
		return nil, errors.Join(err, db.ledger.Close())
	}
	return db, nil
}
