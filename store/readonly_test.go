package store

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestALookFromOutsideSeesWhatWasCommittedAndChangesNothing(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "notes.db"))
	if err := addNote(db, "a"); err != nil {
		t.Fatal(err)
	}
	look, err := OpenReadOnly(t.Context(), db.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := addNote(db, "b"); err != nil { // the owner goes on meanwhile
		t.Fatal(err)
	}
	var n int
	if err := look.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := look.Read().ExecContext(t.Context(), "DELETE FROM note"); err == nil {
		t.Error("a read-only database took a write")
	}
	if err := look.Write(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := look.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenReadOnly(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Error("a missing file was opened")
	}
}
