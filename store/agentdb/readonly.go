package agentdb

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/rs/zerolog"

	"loyaltill/store"
)

// OpenCopy opens one copy of a ledger, as Backup makes it, for looking at it. It has no members.
func OpenCopy(ctx context.Context, path string, id *store.Identity) (*DB, error) {
	ledger, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	db := &DB{ledger: ledger, identity: id, calendar: id.Calendar(), genesis: id.Genesis(), log: zerolog.Nop(), wake: make(chan struct{}, 1), wrap: id.KeyWrap()}
	if err := db.belongs(ctx); err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	return db, nil
}

// OpenReadOnly opens both files for looking at them, also while the agent runs. Nothing can be written.
func OpenReadOnly(ctx context.Context, dir string, id *store.Identity) (*DB, error) {
	db, err := OpenCopy(ctx, filepath.Join(dir, LedgerFile), id)
	if err != nil {
		return nil, err
	}
	if db.members, err = store.OpenReadOnly(ctx, filepath.Join(dir, MembersFile)); err != nil {
		return nil, errors.Join(err, db.ledger.Close())
	}
	return db, nil
}
