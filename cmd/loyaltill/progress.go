package main

import (
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress tells whoever waits how far something is: a bar on a terminal, elsewhere a line for every tenth part.
type progress struct {
	s    streams
	what string
	bar  *progressbar.ProgressBar
	told int64 // tenths
}

func newProgress(s streams, what string, all int64) *progress {
	p := &progress{s: s, what: what}
	if f, ok := s.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(all, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	}
	return p
}

// at shows that so many of all are done.
func (p *progress) at(done, all int64) {
	if p.bar != nil {
		p.bar.ChangeMax64(all)
		_ = p.bar.Set64(done) // a terminal that went away is nobody who waits
		return
	}
	if tenths := 10 * done / max(all, 1); tenths > p.told {
		p.told = tenths
		fmt.Fprintf(p.s.err, "%s: %d of %d\n", p.what, done, all)
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
