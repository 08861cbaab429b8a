package headoffice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"loyaltill/store"
	"loyaltill/sync/wire"
)

const cursorFile = "cursor.json"

// folder is a sink of files: a day's own, named store-day-revision, and its manifest.
type folder struct {
	dir  string
	only []string // endings of the files that are wanted; all when empty
}

// PullFiles fetches every closed day that a folder does not have, checks signature, chain, sizes and bytes, and reports each through
// got. Of the files those with one of the given endings are fetched; all when there are none.
func PullFiles(ctx context.Context, from PullFrom, dir string, only []string, got func(Pulled)) error {
	known := []string{"ndjson", "ndjson.zst", "csv", "parquet"}
	for _, ending := range only {
		if !slices.Contains(known, ending) {
			return &FieldError{"only", "give some of " + strings.Join(known, ", "), fmt.Errorf("%q", ending)}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &FieldError{"out", "give a folder that can be written", err}
	}
	return pull(ctx, from, &folder{dir, only}, got)
}

func (s *folder) load(context.Context) (at progress, err error) {
	name := filepath.Join(s.dir, cursorFile)
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = decodeStrict(raw, &at)
	}
	if err == nil && at.After < 0 {
		err = fmt.Errorf("after is %d", at.After)
	}
	if err != nil {
		return at, &FieldError{"out", "remove the file to pull everything again", fmt.Errorf("%s: %w", name, err)}
	}
	return at, nil
}

func (s *folder) note(_ context.Context, at progress) error {
	doc, err := json.Marshal(at)
	if err == nil {
		err = replaceFile(filepath.Join(s.dir, cursorFile), append(doc, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep cursor: %w", err)
	}
	return nil
}

// keep puts a day's files beside its manifest. A file that is there already with the right bytes is kept.
func (s *folder) keep(ctx context.Context, d *closedDay, _, next progress) (place string, err error) {
	name := filepath.Join(s.dir, fmt.Sprintf("%d-%s-%d.", d.Store, d.Day, d.Revision))
	for _, f := range append([]wire.CloseFile{d.File}, d.Files...) {
		ending, known := strings.CutPrefix(path.Base(f.Path), "entries.")
		if !known || strings.ContainsAny(ending, `/\`) {
			return "", wire.NewProblem(wire.CodeDamaged, "the manifest names a file %q", f.Path)
		}
		if len(s.only) > 0 && !slices.Contains(s.only, ending) || hasBytes(name+ending, f) {
			continue
		}
		if err := d.save(ctx, f, name+ending); err != nil {
			return "", err
		}
	}
	if err := replaceFile(name+"manifest.json", append(bytes.Clone(d.line), '\n')); err != nil {
		return "", fmt.Errorf("keep manifest: %w", err)
	}
	return name + "manifest.json", s.note(ctx, next)
}

// hasBytes tells whether a file is already here, to the last byte.
func hasBytes(name string, f wire.CloseFile) bool {
	sum, size, err := sumFile(name)
	return err == nil && size == f.Bytes && sum == f.SHA256
}

func sumFile(name string) (sum store.Hash, size int64, err error) {
	file, err := os.Open(name)
	if err != nil {
		return sum, 0, err
	}
	defer file.Close()
	h := sha256.New()
	size, err = io.Copy(h, file)
	h.Sum(sum[:0])
	return sum, size, err
}

// save fetches a file beside its place and moves it there when it is whole. What a broken pull left is gone on with.
func (d *closedDay) save(ctx context.Context, f wire.CloseFile, name string) error {
	part := name + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep %s: %w", filepath.Base(name), err)
	}
	err = d.fill(ctx, f, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("fetch %s: %w", f.Path, err)
	}
	if !hasBytes(part, f) {
		return errors.Join(wire.NewProblem(wire.CodeDamaged, "%s is not the file of the manifest; run pull again", f.Path), os.Remove(part))
	}
	return os.Rename(part, name)
}

func (d *closedDay) fill(ctx context.Context, f wire.CloseFile, file *os.File) error {
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil || have == f.Bytes {
		return err
	}
	if have > f.Bytes {
		have = 0
	}
	body, resumed, err := d.fetch(ctx, f, have)
	if err != nil {
		return err
	}
	if !resumed {
		have = 0
	}
	if err = file.Truncate(have); err == nil {
		_, err = file.Seek(have, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(file, io.LimitReader(body, f.Bytes-have+1))
	}
	return errors.Join(err, body.Close())
}
