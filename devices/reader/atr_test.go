package reader

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Answers to reset as cards and readers give them, and what becomes of them on the way.
func TestAnswerToResetIsReadAsTheStandardLaysItOut(t *testing.T) {
	for name, tt := range map[string]struct {
		atr  string
		good bool
	}{
		"shortest":                          {"3B 00", true},
		"T=0, historical bytes":             {"3B 64 00 FF 80 64 54 30", true},
		"inverse convention":                {"3F 65 00 00 80 64 49 4E 56", true},
		"T=1 with its check byte":           {"3B 81 01 41 C1", true},
		"made up for a contactless card":    {"3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 01 00 00 00 00 6A", true},
		"T=0 with a check byte that is not": {"3B 60 00 FF 00", true},
		"nothing":                           {"", false},
		"one byte":                          {"3B", false},
		"no TS that there is":               {"00 FF 55", false},
		"interface byte missing":            {"3B 10", false},
		"historical bytes missing":          {"3B 64 00 FF 80", false},
		"check byte missing":                {"3B 81 01 41", false},
		"check byte wrong":                  {"3B 81 01 41 C2", false},
		"a TD that leads nowhere":           {"3B 80 80 80 80", false},
	} {
		atr, err := hex.DecodeString(strings.ReplaceAll(tt.atr, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if err := checkATR(atr); (err == nil) != tt.good {
			t.Errorf("%s, %s: %v", name, tt.atr, err)
		}
	}
}
