package hodb

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Queries are prepared between transactions, never by one that holds a connection: more readers than connections all get through.
func TestMoreReadersThanConnectionsGetThrough(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "books.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var readers sync.WaitGroup
	for range 16 {
		readers.Go(func() {
			for range 20 {
				err := db.View(ctx, func(tx *Tx) error {
					_, _, err := tx.FeedHead()
					_, other := tx.Members()
					return errors.Join(err, other)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Wait()
}
