//go:build linux

package faults

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// loss is what a power cut does to what was not synced.
type loss int

const (
	losesAll loss = iota
	losesNothing
	losesSome
	tears // some, and of those only some sectors
	losses
)

const sector = 512

// platter is what of a recorded disk would be there after a power cut: what was synced, and what was not in order.
type platter struct {
	names   map[string]int
	files   map[int][]byte
	pending []event
}

func newPlatter() *platter { return &platter{names: map[string]int{}, files: map[int][]byte{}} }

func (p *platter) clone() *platter {
	c := newPlatter()
	for name, n := range p.names {
		c.names[name] = n
	}
	for n, data := range p.files {
		c.files[n] = bytes.Clone(data)
	}
	return c
}

// add takes the next event.
func (p *platter) add(e event) {
	switch e.change {
	case answered:
	case synced:
		p.settle(func(x event) bool { return x.file == e.file && x.change != unlinked })
	case folderSynced:
		p.settle(func(x event) bool { return x.change == created || x.change == unlinked })
	default:
		p.pending = append(p.pending, e)
	}
}

// settle makes what is chosen safe.
func (p *platter) settle(chosen func(event) bool) {
	var rest []event
	for _, e := range p.pending {
		if chosen(e) {
			p.apply(e)
		} else {
			rest = append(rest, e)
		}
	}
	p.pending = rest
}

func (p *platter) apply(e event) {
	switch e.change {
	case created:
		p.names[e.name] = e.file
		if p.files[e.file] == nil {
			p.files[e.file] = []byte{}
		}
	case unlinked:
		if p.names[e.name] == e.file {
			delete(p.names, e.name)
		}
	case truncated:
		p.files[e.file] = resized(p.files[e.file], e.off)
	case written:
		p.files[e.file] = resized(p.files[e.file], max(int64(len(p.files[e.file])), e.off+int64(len(e.data))))
		copy(p.files[e.file][e.off:], e.data)
	}
}

func resized(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size]
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}

// cut gives the disk after a power cut at this moment.
func (p *platter) cut(l loss, dice *rand.Rand) *platter {
	after := p.clone()
	for _, e := range p.pending {
		switch {
		case l == losesNothing, l != losesAll && dice.IntN(2) == 0:
			after.apply(e)
		case l == tears && e.change == written:
			for at := 0; at < len(e.data); at += sector {
				if dice.IntN(2) == 0 {
					part := e
					part.off, part.data = e.off+int64(at), e.data[at:min(at+sector, len(e.data))]
					after.apply(part)
				}
			}
		}
	}
	return after
}

// write puts the files of the disk into a folder.
func (p *platter) write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, n := range p.names {
		if name == answeredFile {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), p.files[n], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// picture is a crash image to be looked at: a disk, and what was answered before.
type picture struct {
	at       int // events before the cut
	loss     loss
	disk     *platter
	answered string
}

// develop makes so many pictures, at moments spread over the whole record, and hands them to look until that says stop.
func develop(events []event, pictures int, dice *rand.Rand, look func(picture) bool) {
	disk := newPlatter()
	var said []byte
	moments := max(1, pictures/int(losses))
	made := 0
	for at, e := range events {
		disk.add(e)
		if e.change == answered {
			said = append(said, e.data...)
		}
		// Evenly spread, and no two on one event.
		if due := (at + 1) * moments / len(events); due == made {
			continue
		}
		made = (at + 1) * moments / len(events)
		for l := range losses {
			if !look(picture{at: at + 1, loss: l, disk: disk.cut(l, dice), answered: string(said)}) {
				return
			}
		}
	}
}
