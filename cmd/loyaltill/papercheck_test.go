package main

import (
	"bytes"
	"testing"

	"loyaltill/agent"
)

func TestStatusSaysWhoseTemplatesPrint(t *testing.T) {
	for _, c := range []struct {
		paper agent.PaperState
		want  string
	}{
		{agent.PaperState{State: agent.PaperGood}, "paper: the built-in templates\n"},
		{agent.PaperState{State: agent.PaperGood, Folder: "/etc/paper", Version: "3f2a"}, "paper: templates 3f2a of /etc/paper\n"},
		{agent.PaperState{State: agent.PaperRefused, Folder: "/etc/paper", Version: "3f2a", Faults: []string{"sale.yaml:3:1: wrong"}},
			"paper: templates 3f2a of /etc/paper print on; what lies in /etc/paper now is wrong:\n  sale.yaml:3:1: wrong\n"},
	} {
		var out bytes.Buffer
		printPaper(streams{out: &out}, c.paper)
		if out.String() != c.want {
			t.Errorf("got %q, want %q", &out, c.want)
		}
	}
}
