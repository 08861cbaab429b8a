package escpos

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"loyaltill/devices/escpos/render"
)

// ErrProfile is the cause of every profile that is refused.
var ErrProfile = errors.New("printer profile")

// ProfileFault is one thing wrong with a profile: where, which setting, and what to
// write instead.
type ProfileFault struct {
	File    string // "" for a shipped profile
	Line    int    // 0: the setting is not in the file
	Field   string // as paper.width_dots; "" when the file is no TOML
	Problem string
}

func (f ProfileFault) Error() string {
	var where []string
	if f.File != "" {
		where = append(where, f.File)
	}
	if f.Line > 0 {
		where = append(where, fmt.Sprintf("line %d", f.Line))
	}
	if f.Field != "" {
		where = append(where, f.Field)
	}
	return strings.Join(append(where, f.Problem), ": ")
}

// ProfileFaults is everything wrong with a profile, a line for each.
type ProfileFaults []ProfileFault

func (f ProfileFaults) Error() string {
	texts := make([]string, len(f))
	for i, fault := range f {
		texts[i] = fault.Error()
	}
	return ErrProfile.Error() + ": " + strings.Join(texts, "\n")
}

// Is makes every list of faults an ErrProfile.
func (ProfileFaults) Is(target error) bool { return target == ErrProfile }

// undecoded is what the TOML decoder has to say.
func undecoded(err error) ProfileFaults {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var faults ProfileFaults
		for i := range strict.Errors {
			row, _ := strict.Errors[i].Position()
			field := strings.Join(strict.Errors[i].Key(), ".")
			faults = append(faults, ProfileFault{Line: row, Field: field, Problem: "unknown key; take it out, or correct it after docs/printer-profile.schema.json"})
		}
		return faults
	}
	fault := ProfileFault{Problem: err.Error()}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		fault.Line, _ = at.Position()
		fault.Field = strings.Join(at.Key(), ".")
		fault.Problem = strings.TrimPrefix(at.Error(), "toml: ")
	}
	return ProfileFaults{fault}
}

// faults names everything that decodes but cannot work.
func (p *Profile) faults() ProfileFaults {
	out := tagFaults(reflect.ValueOf(p).Elem(), "")
	bad := func(field, format string, args ...any) {
		out = append(out, ProfileFault{Field: field, Problem: fmt.Sprintf(format, args...)})
	}
	if cell := [2]int{render.CellWidth, render.CellHeight}; p.Paper.CellA != cell {
		bad("paper.cell_a", "%v, want [%d, %d]", p.Paper.CellA, cell[0], cell[1])
	}
	if p.Paper.WidthDots%8 != 0 {
		bad("paper.width_dots", "%d, want a multiple of 8", p.Paper.WidthDots)
	}
	if p.IO.Window > p.IO.RxBuffer {
		bad("io.window", "%d, want at most io.rx_buffer, %d", p.IO.Window, p.IO.RxBuffer)
	}
	for _, name := range p.Pages.Verified {
		if _, ok := p.Pages.page(name); !ok {
			bad("pages.verified", "names %q, which has no slot; add a line %s = SLOT or take it out", name, name)
		}
	}
	return out
}

// tagFaults checks every field against its tags.
func tagFaults(v reflect.Value, path string) ProfileFaults {
	var out ProfileFaults
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		field := path + tomlName(f)
		if f.Type.Kind() == reflect.Struct {
			out = append(out, tagFaults(v.Field(i), field+".")...)
			continue
		}
		if problem := tagProblem(v.Field(i), f.Tag); problem != "" {
			out = append(out, ProfileFault{Field: field, Problem: problem})
		}
	}
	return out
}

// tagProblem says what a value is and what it may be; "" when it is that.
func tagProblem(v reflect.Value, tag reflect.StructTag) string {
	words := strings.Split(tag.Get("oneof"), ",")
	switch {
	case v.Kind() == reflect.Slice && tag.Get("oneof") != "":
		for i := range v.Len() {
			if word := fmt.Sprint(v.Index(i)); !slices.Contains(words, word) {
				return fmt.Sprintf("%q, want of %s", word, strings.Join(words, ", "))
			}
		}
	case v.Kind() == reflect.Int:
		least, most := tagNumber(tag, "min"), tagNumber(tag, "max")
		if n := int(v.Int()); n < least || n > most {
			return fmt.Sprintf("%d, want %d to %d", n, least, most)
		}
	case tag.Get("oneof") != "":
		if !slices.Contains(words, v.String()) {
			return fmt.Sprintf("%q, want one of %s", v.String(), strings.Join(words, ", "))
		}
	case tag.Get("form") != "":
		if !regexp.MustCompile(tag.Get("form")).MatchString(v.String()) {
			return fmt.Sprintf("%q, want small letters, digits, dots, dashes, at most %d", v.String(), maxProfileID)
		}
	}
	return ""
}

// tagNumber reads a bound. One that is no number is a mistake in this package.
func tagNumber(tag reflect.StructTag, name string) int {
	n, err := strconv.Atoi(tag.Get(name))
	if err != nil {
		panic(fmt.Sprintf("tag %s of a profile field: %v", name, err))
	}
	return n
}

func tomlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return name
}

// lineOf finds the line of a setting, or of its table; 0 when neither is there.
func lineOf(data []byte, field string) int {
	table, key := "", field
	if at := strings.LastIndexByte(field, '.'); at >= 0 {
		table, key = field[:at], field[at+1:]
	}
	within, tableLine, n := "", 0, 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if header, ok := strings.CutPrefix(line, "["); ok {
			within, _, _ = strings.Cut(header, "]")
			if within == table {
				tableLine = n
			}
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		if within == table && strings.Trim(strings.TrimSpace(name), `"`) == key {
			return n
		}
	}
	return tableLine
}
