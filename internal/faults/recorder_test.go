//go:build linux

package faults

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// change is one thing that a program asked of its disk, in the order in which it asked.
type change int

const (
	written change = iota
	truncated
	created
	unlinked
	synced       // one file, and with it the name it was made under, as journaling file systems do
	folderSynced // the names
	answered     // not the disk's: an answer went out
)

type event struct {
	change
	file int // number of the file; names may be used again
	name string
	off  int64 // also the new size of a truncated file
	data []byte
}

// recorder is a disk in memory, one folder, that remembers all that was asked of it.
type recorder struct {
	mu     sync.Mutex
	events []event
	files  int
}

func (r *recorder) note(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) newFile() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files++
	return r.files
}

// mount shows the disk at a folder until the test has ended.
func (r *recorder) mount(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); errors.Is(err, os.ErrNotExist) {
		t.Skip("the kernel has no FUSE")
	}
	dir := filepath.Join(t.TempDir(), "recorded")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := fs.Mount(dir, &folder{recorder: r}, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "faults"}})
	if err != nil {
		t.Skipf("FUSE cannot be used here: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// folder is the disk's only folder.
type folder struct {
	fs.Inode
	recorder *recorder
}

var (
	_ fs.NodeCreater  = (*folder)(nil)
	_ fs.NodeUnlinker = (*folder)(nil)
	_ fs.NodeFsyncer  = (*folder)(nil)
)

func (f *folder) Create(ctx context.Context, name string, _ uint32, mode uint32, _ *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	file := &file{recorder: f.recorder, number: f.recorder.newFile(), name: name}
	file.Attr.Mode = mode
	f.recorder.note(event{change: created, file: file.number, name: name})
	node := f.NewInode(ctx, file, fs.StableAttr{Mode: fuse.S_IFREG})
	f.AddChild(name, node, true)
	return node, nil, fuse.FOPEN_KEEP_CACHE, fs.OK
}

func (f *folder) Unlink(_ context.Context, name string) syscall.Errno {
	child := f.GetChild(name)
	if child == nil {
		return syscall.ENOENT
	}
	f.recorder.note(event{change: unlinked, file: child.Operations().(*file).number, name: name})
	return fs.OK
}

func (f *folder) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	f.recorder.note(event{change: folderSynced})
	return fs.OK
}

// file keeps its content as MemRegularFile does, and tells the recorder first.
type file struct {
	fs.MemRegularFile
	recorder *recorder
	number   int
	name     string
}

var (
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeSetattrer = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
)

func (f *file) Write(ctx context.Context, h fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	switch {
	case f.name == answeredFile:
		f.recorder.note(event{change: answered, data: bytes.Clone(data)})
	case !f.forgotten():
		f.recorder.note(event{change: written, file: f.number, off: off, data: bytes.Clone(data)})
	}
	return f.MemRegularFile.Write(ctx, h, data, off)
}

// forgotten says that nobody reads the file after a power cut: SQLite makes its shared memory anew, and a lock is a process's.
func (f *file) forgotten() bool {
	return strings.HasSuffix(f.name, "-shm") || strings.HasSuffix(f.name, ".lock")
}

func (f *file) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok && !f.forgotten() {
		f.recorder.note(event{change: truncated, file: f.number, off: int64(size)})
	}
	return f.MemRegularFile.Setattr(ctx, h, in, out)
}

func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	f.recorder.note(event{change: synced, file: f.number})
	return fs.OK
}
