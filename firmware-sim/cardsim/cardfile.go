package cardsim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	imageFormat      = "LYL1 card memory 2"
	maxImageFileSize = 64 << 10
)

// cardFile is a card at rest.
type cardFile struct {
	Format string `json:"format"`
	NVM    string `json:"nvm"`
}

// Open takes a card out of its file and keeps every further commit there. Entropy gives the card's random bytes.
func Open(path string, entropy io.Reader) (*Card, error) {
	text, err := readCardFile(path)
	if err != nil {
		return nil, fmt.Errorf("open card %s: %w", path, err)
	}
	foreign, err := openForeign(text, entropy, func(text []byte) error { return writeCardFile(path, text) })
	if err != nil {
		return nil, fmt.Errorf("open card %s: %w", path, err)
	}
	if foreign != nil {
		return foreign, nil
	}
	nvm, err := readImage(text)
	if err != nil {
		return nil, fmt.Errorf("open card %s: %w", path, err)
	}
	core, err := newCore(nvm, entropy)
	if err != nil {
		return nil, fmt.Errorf("open card %s: %w", path, err)
	}
	nvm.save = func(image []byte) error { return writeImage(path, image) }
	return &Card{core: core}, nil
}

// Save writes the card into a file that keeps every further commit.
func (c *Card) Save(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.core.nvm
	if err := writeImage(path, n.Image()); err != nil {
		return fmt.Errorf("save card %s: %w", path, err)
	}
	n.unsaved = false
	n.save = func(image []byte) error { return writeImage(path, image) }
	return nil
}

func readCardFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxImageFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxImageFileSize {
		return nil, fmt.Errorf("more than %d bytes", maxImageFileSize)
	}
	return text, nil
}

func readImage(text []byte) (*NVM, error) {
	var file cardFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("not a card: %w", err)
	}
	if file.Format != imageFormat {
		return nil, fmt.Errorf("not a card: want format %q", imageFormat)
	}
	image, err := hex.DecodeString(file.NVM)
	if err != nil {
		return nil, errors.New("not a card: memory is not hexadecimal")
	}
	return nvmFromImage(image)
}

func writeImage(path string, image []byte) error {
	text, err := json.MarshalIndent(cardFile{Format: imageFormat, NVM: hex.EncodeToString(image)}, "", " ")
	if err != nil {
		return err
	}
	return writeCardFile(path, append(text, '\n'))
}

// writeCardFile replaces the file as a whole: whoever reads it, also after a crash, finds the old or the new memory.
func writeCardFile(path string, text []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".card-*") // mode 0600: the memory holds keys
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
