package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/receipt"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
	"loyaltill/internal/i18n"
)

// brandFile is the one file of a folder of templates that is no template.
const brandFile = "brand.yaml"

// maxPaperFiles bounds a folder of templates.
const maxPaperFiles = 40

// PaperFolder is a checked folder of templates, or the built-in ones alone.
type PaperFolder struct {
	templates map[string]*template.Template
	own       map[string]string // file by kind, of those that the folder has
	brand     *template.Brand
	branded   bool
	logo      *render.Bitmap
	sum       hash.Hash // over every file that was read
}

// Version tells two states of the folder's files apart; empty for the built-in templates alone.
func (f *PaperFolder) Version() string {
	if len(f.own) == 0 && !f.branded {
		return ""
	}
	return hex.EncodeToString(f.sum.Sum(nil)[:paperVersionBytes])
}

const paperVersionBytes = 6

// read takes a file into the folder's version.
func (f *PaperFolder) read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	fmt.Fprintf(f.sum, "%s %d\n%s", filepath.Base(path), len(data), data)
	return data, err
}

// PaperShop is what a folder is checked for: the languages of the store's paper and the narrowest of its printers.
func PaperShop(cfg Config, r *render.Renderer) (template.Shop, error) {
	shop := template.Shop{Languages: cfg.Paper.languages(), Columns: usualColumns, Renderer: r}
	for i, l := range cfg.Lanes {
		if l.Printer.Device == "" {
			continue
		}
		p, err := escpos.FindProfile(l.Printer.Profile, cfg.Printers.Profiles)
		if err != nil {
			return shop, fmt.Errorf("lane %d: %w", i+1, err)
		}
		shop.Columns = min(shop.Columns, p.Paper.Columns())
	}
	return shop, nil
}

// usualColumns is the paper of a shop without printers: 80 mm.
const usualColumns = 48

// LoadPaperFolder reads a folder of templates, brand and logo. The error is template.Faults: everything that is wrong in any
// of its files. An empty name gives the built-in templates.
func LoadPaperFolder(dir string, shop template.Shop) (*PaperFolder, error) {
	builtin, err := receipt.Builtin(shop.Renderer)
	if err != nil {
		return nil, err
	}
	f := &PaperFolder{templates: builtin, own: map[string]string{}, brand: &template.Brand{}, sum: sha256.New()}
	if dir == "" {
		return f, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, template.Faults{{File: dir, Problem: "cannot be read: " + reason(err), Remedy: "give the agent's user the right to, or set paper.templates"}}
	}
	var faults template.Faults
	read := 0
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		if read++; read > maxPaperFiles {
			return nil, append(faults, template.Fault{File: dir, Problem: fmt.Sprintf("has more than %d files", maxPaperFiles), Remedy: "keep what is used"})
		}
		err := f.load(dir, e.Name(), shop)
		var more template.Faults
		if err != nil && !errors.As(err, &more) {
			more = template.Faults{{File: filepath.Join(dir, e.Name()), Problem: "cannot be read: " + reason(err), Remedy: "give the agent's user the right to"}}
		}
		faults = append(faults, more...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return f, nil
}

// load takes one file of the folder.
func (f *PaperFolder) load(dir, name string, shop template.Shop) error {
	path := filepath.Join(dir, name)
	data, err := f.read(path)
	if err != nil {
		return err
	}
	if name == brandFile {
		return f.loadBrand(path, data, shop)
	}
	t, err := template.Parse(path, data, receipt.Papers(), shop)
	if err != nil {
		return err
	}
	if other, twice := f.own[t.Kind()]; twice {
		return template.Faults{{File: path, Line: 1, Column: 1, Field: "paper", Problem: "is that of " + other + " too", Remedy: "keep one of the two files"}}
	}
	f.templates[t.Kind()], f.own[t.Kind()] = t, name
	return nil
}

func (f *PaperFolder) loadBrand(path string, data []byte, shop template.Shop) error {
	brand, err := template.ParseBrand(path, data, shop)
	if err != nil {
		return err
	}
	f.brand, f.branded = brand, true
	if brand.LogoFile == "" {
		return nil
	}
	logo, err := f.read(filepath.Join(filepath.Dir(path), brand.LogoFile))
	if err != nil {
		return template.Faults{brand.LogoFault(path, brand.LogoFile+" cannot be read: "+reason(err), "put the picture beside this file")}
	}
	f.logo, err = template.Logo(logo, shop.Columns*render.CellWidth, brand.Dither)
	var wrong *template.LogoError
	if errors.As(err, &wrong) {
		return template.Faults{brand.LogoFault(path, brand.LogoFile+" "+wrong.Problem, wrong.Remedy)}
	}
	return err
}

// reason leaves out the path, which the fault names.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// Brand is the store in a language; name is what head office calls it, for a shop that says nothing.
func (f *PaperFolder) Brand(l i18n.Lang, name string) receipt.Brand {
	b := receipt.Brand{Logo: f.logo}
	b.Store, b.Lines, b.Registration, b.Footer = f.brand.In(l)
	if b.Store == "" {
		b.Store = name
	}
	return b
}

// Lay lays a paper out as the folder says.
func (f *PaperFolder) Lay(p receipt.Paper, storeName string) *template.Printed {
	head := p.Head()
	head.Brand = f.Brand(head.Lang, storeName)
	return receipt.Lay(p, f.templates[p.Kind()])
}

// papers keeps the last good state of the store's folder.
type papers struct {
	dir, name string
	shop      template.Shop
	log       zerolog.Logger

	mu     sync.Mutex
	good   *PaperFolder
	seen   string // what the folder looked like when it was read last
	faults template.Faults
}

// newPapers reads the folder. What is wrong with it keeps nobody from selling: the built-in templates print meanwhile.
func newPapers(cfg Config, storeName string, r *render.Renderer, log zerolog.Logger) (*papers, error) {
	shop, err := PaperShop(cfg, r)
	if err != nil {
		return nil, err
	}
	p := &papers{dir: cfg.Paper.Templates, name: storeName, shop: shop, log: log}
	if p.good, err = LoadPaperFolder("", shop); err != nil {
		return nil, err
	}
	p.refresh()
	return p, nil
}

// refresh reads the folder anew when it has changed; a folder with a fault changes nothing but what is said about it. It says
// whether that is something else than before.
func (p *papers) refresh() (changed bool) {
	if p.dir == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := fingerprint(p.dir)
	if now == p.seen {
		return false
	}
	p.seen = now
	folder, err := LoadPaperFolder(p.dir, p.shop)
	p.faults = nil
	if errors.As(err, &p.faults) {
		p.log.Error().Int("faults", len(p.faults)).Str("first", p.faults[0].Error()).Msg("templates refused; the last good ones print on")
		return true
	}
	if err != nil {
		p.faults = template.Faults{{File: p.dir, Problem: err.Error()}}
		return true
	}
	p.good = folder
	p.log.Info().Int("own", len(folder.own)).Msg("templates in force")
	return true
}

// fingerprint is names, sizes and times of a folder's files.
func fingerprint(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it went away: the next look sees the folder without it
		}
		fmt.Fprintln(&all, e.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return all.String()
}

func (p *papers) lay(content receipt.Paper) *template.Printed { return p.folder().Lay(content, p.name) }

func (p *papers) folder() *PaperFolder {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.good
}

// state is how the templates fare.
func (p *papers) state() PaperState {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := PaperState{Folder: p.dir, State: PaperGood, Version: p.good.Version()}
	for _, f := range p.faults {
		s.State, s.Faults = PaperRefused, append(s.Faults, f.Error())
	}
	return s
}

// paperEvery is how often the folder is looked at.
const paperEvery = 2 * time.Second

// watchPapers takes changes of the folder.
func (a *Agent) watchPapers(ctx context.Context) {
	tick := time.NewTicker(paperEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.papers.refresh()
		}
	}
}
