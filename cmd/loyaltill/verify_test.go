package main

import (
	"slices"
	"testing"

	"loyaltill/store/agentdb"
)

func TestTheExitStatusNamesTheBrokenInvariant(t *testing.T) {
	for name, tc := range map[string]struct {
		found  []agentdb.FindingCode
		exit   int
		broken []string
	}{
		"nothing":                        {exit: 0},
		"a gap":                          {[]agentdb.FindingCode{agentdb.FindGap}, 11, []string{"I1"}},
		"a body":                         {[]agentdb.FindingCode{agentdb.FindBody}, 12, []string{"I2"}},
		"a day":                          {[]agentdb.FindingCode{agentdb.FindDay}, 25, []string{"I15"}},
		"the lowest of several":          {[]agentdb.FindingCode{agentdb.FindClose, agentdb.FindTally, agentdb.FindChain, agentdb.FindChain}, 12, []string{"I2", "I14"}},
		"the file before all":            {[]agentdb.FindingCode{agentdb.FindGap, agentdb.FindIntegrity}, 10, []string{"I1"}},
		"an index":                       {[]agentdb.FindingCode{agentdb.FindTally, agentdb.FindIndex}, 28, nil},
		"an index of a broken log":       {[]agentdb.FindingCode{agentdb.FindIndex, agentdb.FindClose}, 24, []string{"I14"}},
		"what follows from the log":      {[]agentdb.FindingCode{agentdb.FindTally, agentdb.FindCard}, 3, nil},
		"head office has more than this": {[]agentdb.FindingCode{agentdb.FindWatermark}, 22, []string{"I12"}},
	} {
		t.Run(name, func(t *testing.T) {
			var r agentdb.Report
			for _, code := range tc.found {
				r.Findings = append(r.Findings, agentdb.Finding{Code: code})
			}
			if v := judge(r); v.Exit != tc.exit || !slices.Equal(v.Broken, tc.broken) {
				t.Errorf("exit %d for %v, want %d for %v", v.Exit, v.Broken, tc.exit, tc.broken)
			}
		})
	}
}
