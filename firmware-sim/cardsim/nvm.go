package cardsim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// ErrPowerLost says that the supply went while the memory was being written. Nothing works until the next power on.
var ErrPowerLost = errors.New("power lost")

// The commit log stands before the data. The marker makes a log valid; it is the one word that decides between
// "before" and "after".
const (
	markerAt   = 0
	sumAt      = 1
	logAt      = 2
	logEntries = 128 // the largest transaction is the personalisation with about 100 words
	dataAt     = logAt + 2*logEntries

	markerMagic = 0xA55A
)

// NVM is the card's non-volatile memory: words that are written one at a time, any of which may be the last one
// before the power goes, and may then be half written.
//
// A transaction goes to the log first (address and new value of each word, a checksum, the marker), then to its
// place, then the marker is cleared. A power on that finds a valid log repeats the second step: that is harmless any
// number of times. An invalid marker means that the data was never touched, or was finished.
type NVM struct {
	words    []uint32
	writes   uint64
	commits  int
	failIn   int
	failMask uint32
	lost     bool
	unsaved  bool
	save     func(image []byte) error
	saveErr  error
}

func newNVM() *NVM { return &NVM{words: make([]uint32, nvmWords)} }

// nvmFromImage takes over an image as Image gave it, also one taken in the middle of a commit.
func nvmFromImage(image []byte) (*NVM, error) {
	n := newNVM()
	if len(image) != 4*len(n.words) {
		return nil, fmt.Errorf("memory image of %d bytes, want %d", len(image), 4*len(n.words))
	}
	for i := range n.words {
		n.words[i] = binary.BigEndian.Uint32(image[4*i:])
	}
	if n.words[infoLenAt] > infoMax {
		return nil, fmt.Errorf("memory image with EF.INFO of %d bytes, want at most %d", n.words[infoLenAt], infoMax)
	}
	return n, nil
}

// Image is a copy of the whole memory with its commit log.
func (n *NVM) Image() []byte {
	image := make([]byte, 0, 4*len(n.words))
	for _, w := range n.words {
		image = binary.BigEndian.AppendUint32(image, w)
	}
	return image
}

// Lasting is what a memory image means to the next power on: a commit log that no marker makes valid is as good as empty,
// and of its checksum only counts whether it is right.
func Lasting(image []byte) []byte {
	lasting := bytes.Clone(image)
	n, err := nvmFromImage(image)
	if err != nil {
		return lasting
	}
	clear(lasting[4*sumAt : 4*logAt])
	if _, valid := n.committed(); valid {
		lasting[4*sumAt] = 1
	} else {
		clear(lasting[4*logAt : 4*dataAt])
	}
	return lasting
}

// Writes counts the word writes of this memory since it was opened.
func (n *NVM) Writes() uint64 { return n.writes }

// FailAfter takes the power away at the k-th word write from now, 1 being the next; 0 disarms. Of the word that is
// being written only the bits of written arrive: 0 none, FFFFFFFF all, anything between a torn word.
func (n *NVM) FailAfter(k int, written uint32) { n.failIn, n.failMask = k, written }

func (n *NVM) write(at int, w uint32) error {
	if n.lost {
		return ErrPowerLost
	}
	n.writes++
	n.unsaved = true
	if n.failIn > 0 {
		n.failIn--
		if n.failIn == 0 {
			n.words[at] = n.words[at]&^n.failMask | w&n.failMask
			n.lost = true
			// The torn image is kept, so that a restarted simulator recovers as the card would.
			return errors.Join(ErrPowerLost, n.flush())
		}
	}
	n.words[at] = w
	return nil
}

// powerOn finishes or forgets what the last loss of power interrupted.
func (n *NVM) powerOn() error {
	n.lost = false
	if n.words[markerAt] != 0 {
		if entries, ok := n.committed(); ok {
			if err := n.apply(entries); err != nil {
				return err
			}
		}
		if err := n.write(markerAt, 0); err != nil {
			return err
		}
	}
	return n.flush()
}

func (n *NVM) committed() ([]logEntry, bool) {
	marker := n.words[markerAt]
	count := int(marker & 0xFFFF)
	if marker>>16 != markerMagic || count > logEntries {
		return nil, false
	}
	entries := make([]logEntry, count)
	for i := range entries {
		e := logEntry{at: n.words[logAt+2*i], word: n.words[logAt+2*i+1]}
		if e.at < dataAt || e.at >= nvmWords {
			return nil, false
		}
		entries[i] = e
	}
	return entries, checksum(entries) == n.words[sumAt]
}

func (n *NVM) apply(entries []logEntry) error {
	for _, e := range entries {
		if err := n.write(int(e.at), e.word); err != nil {
			return err
		}
	}
	return nil
}

// flush hands the image to the file, if there is one. A memory that cannot be kept counts as one without power: the
// card must not answer for a change that a restart would take back.
func (n *NVM) flush() error {
	if n.save == nil || !n.unsaved {
		return nil
	}
	if err := n.save(n.Image()); err != nil {
		n.lost = true
		n.saveErr = fmt.Errorf("keep memory image: %w", err)
		return n.saveErr
	}
	n.unsaved, n.saveErr = false, nil
	return nil
}

func (n *NVM) word(at int) uint32 { return n.words[at] }

func (n *NVM) bytes(at, size int) []byte {
	b := make([]byte, 0, size+3)
	for i := at; len(b) < size; i++ {
		b = binary.BigEndian.AppendUint32(b, n.words[i])
	}
	return b[:size]
}

type logEntry struct{ at, word uint32 }

func checksum(entries []logEntry) uint32 {
	b := make([]byte, 0, 8*len(entries))
	for _, e := range entries {
		b = binary.BigEndian.AppendUint32(b, e.at)
		b = binary.BigEndian.AppendUint32(b, e.word)
	}
	return crc32.ChecksumIEEE(b)
}

// tx collects the words of one atomic change. Reads do not see it before its commit.
type tx struct {
	nvm     *NVM
	entries []logEntry
}

func (n *NVM) begin() *tx { return &tx{nvm: n} }

// set puts one word in, each word once per transaction; a word that already has the value costs no write.
func (t *tx) set(at int, w uint32) {
	if t.nvm.words[at] != w {
		t.entries = append(t.entries, logEntry{at: uint32(at), word: w})
	}
}

// setBytes fills whole words; the last one is padded with zeros.
func (t *tx) setBytes(at int, b []byte) {
	for ; len(b) > 0; at++ {
		var w [4]byte
		b = b[copy(w[:], b):]
		t.set(at, binary.BigEndian.Uint32(w[:]))
	}
}

func (t *tx) commit() error {
	n := t.nvm
	if len(t.entries) == 0 {
		return nil
	}
	if len(t.entries) > logEntries {
		return fmt.Errorf("transaction of %d words, the log holds %d", len(t.entries), logEntries)
	}
	for i, e := range t.entries {
		if err := n.write(logAt+2*i, e.at); err != nil {
			return err
		}
		if err := n.write(logAt+2*i+1, e.word); err != nil {
			return err
		}
	}
	if err := n.write(sumAt, checksum(t.entries)); err != nil {
		return err
	}
	if err := n.write(markerAt, markerMagic<<16|uint32(len(t.entries))); err != nil {
		return err
	}
	if err := n.apply(t.entries); err != nil {
		return err
	}
	if err := n.write(markerAt, 0); err != nil {
		return err
	}
	n.commits++
	return n.flush()
}
