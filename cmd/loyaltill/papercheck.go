package main

import (
	"errors"
	"fmt"

	"loyaltill/agent"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/escpos/template"
)

// loadPapers finds faults of templates before the agent prints around them.
func loadPapers(cfg agent.Config) (*agent.PaperFolder, error) {
	renderer, err := render.New()
	if err != nil {
		return nil, err
	}
	shop, err := agent.PaperShop(cfg, renderer)
	if err != nil {
		return nil, err
	}
	return agent.LoadPaperFolder(cfg.Paper.Templates, shop)
}

// checkPapers looks at the store's own templates as they lie in their folder; what the running agent makes of them is in its status.
func checkPapers(cfg agent.Config, file string) []finding {
	if cfg.Paper.Templates == "" {
		return nil
	}
	folder, err := loadPapers(cfg)
	var faults template.Faults
	switch {
	case errors.As(err, &faults):
		seen := faults[0].Error()
		if more := len(faults) - 1; more > 0 {
			seen += fmt.Sprintf(" (and %d more)", more)
		}
		return []finding{{"paper", seen, fmt.Sprintf("mend it, then `loyaltill paper check %s -c %s`; the last good templates print meanwhile", cfg.Paper.Templates, file)}}
	case err != nil:
		return []finding{{"paper", err.Error(), "correct printer.profile of the lane"}}
	}
	if folder.Version() == "" {
		return []finding{{what: "paper", seen: "built-in templates; " + cfg.Paper.Templates + " has none"}}
	}
	return []finding{{what: "paper", seen: "templates " + folder.Version() + " of " + cfg.Paper.Templates}}
}

// printPaper says whose templates print, and what is wrong with the store's files.
func printPaper(s streams, p agent.PaperState) {
	prints := "the built-in templates"
	if p.Version != "" {
		prints = "templates " + p.Version + " of " + p.Folder
	}
	if p.State == agent.PaperRefused {
		prints += " print on; what lies in " + p.Folder + " now is wrong:"
	}
	fmt.Fprintf(s.out, "paper: %s\n", prints)
	for _, f := range p.Faults {
		fmt.Fprintf(s.out, "  %s\n", f)
	}
}
