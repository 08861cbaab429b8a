package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// MigratePostgres brings the schema of a PostgreSQL database up to date. The caller keeps others from doing it at the same time.
func MigratePostgres(ctx context.Context, pool *sql.DB, files fs.FS) error {
	return migrate(ctx, goose.DialectPostgres, pool, files)
}

// migrate brings the schema up to date, each file in a transaction of its own.
func migrate(ctx context.Context, dialect goose.Dialect, pool *sql.DB, files fs.FS) error {
	provider, err := goose.NewProvider(dialect, pool, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return fmt.Errorf("%w: schema %d, this program knows %d; install the newer version", ErrTooNew, have, want)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate from schema %d: %w", have, err)
	}
	return nil
}
