package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// PutProgramme publishes a version of the programme; the same version again changes nothing. added tells which it was.
func (tx *Tx) PutProgramme(digest string, document []byte) (added bool, err error) {
	var known int64
	if err = tx.one(`SELECT COUNT(*) FROM programme WHERE digest = $1`, digest)(&known); err != nil || known > 0 {
		return false, err
	}
	no, err := tx.draw("programme", 1)
	if err == nil {
		err = tx.exec(`INSERT INTO programme (digest, document, published_no, published_at) VALUES ($1, $2, $3, $4)`,
			digest, document, no, tx.now.UnixMilli())
	}
	if err == nil {
		err = tx.touchFeed(TopicProgramme, 0, digest)
	}
	if err != nil {
		return false, fmt.Errorf("publish programme %s: %w", digest, err)
	}
	return true, nil
}

// Programme reads the canonical document of a version; ErrNotFound when head office never published it.
func (tx *Tx) Programme(digest string) (document []byte, err error) {
	err = tx.one(`SELECT document FROM programme WHERE digest = $1`, digest)(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("programme %s: %w", digest, ErrNotFound)
	}
	return document, err
}

// PublishedAt tells when a version was published.
func (tx *Tx) PublishedAt(digest string) (time.Time, error) {
	var ms int64
	if err := tx.one(`SELECT published_at FROM programme WHERE digest = $1`, digest)(&ms); err != nil {
		return time.Time{}, fmt.Errorf("when programme %s was published: %w", digest, err)
	}
	return time.UnixMilli(ms).UTC(), nil
}

// Programmes lists the digests of all versions in the order of publication.
func (tx *Tx) Programmes() ([]string, error) {
	return collect(tx, func(scan func(...any) error) (digest string, err error) {
		err = scan(&digest)
		return digest, err
	}, `SELECT digest FROM programme ORDER BY published_no`)
}
