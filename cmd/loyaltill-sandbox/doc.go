package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// line is a step as a line of a shell.
func (s step) line() string {
	switch {
	case s.run != nil:
		return strings.Join(s.run, " ")
	case s.field == "uuid":
		return s.keeps + "=$(uuid)"
	}
	call := s.curl()
	switch {
	case s.until != "":
		path, want, _ := strings.Cut(s.until, "=")
		return fmt.Sprintf("until %s | jq -e '%s | tostring == \"'\"%s\"'\"' >/dev/null; do sleep 0.1; done", call, jqPath(path), want)
	case strings.HasPrefix(s.field, "~"):
		return fmt.Sprintf("%s=$(%s | grep -o '%s')", s.keeps, call, s.field[1:])
	case s.keeps != "":
		return fmt.Sprintf("%s=$(%s | jq -r '%s')", s.keeps, call, jqPath(strings.TrimPrefix(s.field, ".")))
	case s.times > 1:
		return fmt.Sprintf("for i in $(seq %d); do %s; done", s.times, call)
	}
	return call
}

// document is docs/sandbox.md but for what stands before its tables.
func document() string {
	var b strings.Builder
	b.WriteString("| caller | is |\n|---|---|\n")
	for _, c := range callers() {
		fmt.Fprintf(&b, "| `$%s` | %s |\n", c.config(), c.is)
	}
	for _, g := range outcomes() {
		fmt.Fprintf(&b, "\n## %s\n", g.title)
		for _, o := range g.rows {
			fmt.Fprintf(&b, "\n**`%s`** %s: %s%s\n\n```sh\n%s```\n", o.code, o.answer(), o.how, o.again(), o.shell())
		}
	}
	b.WriteString("\n## What cannot be had\n\n| code | why |\n|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(missing())) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", code, missing()[code])
	}
	return b.String()
}

// answer is how the outcome comes.
func (o outcome) answer() string {
	if o.status == 0 {
		return "(state)"
	}
	return strconv.Itoa(o.status)
}

func (o outcome) again() string {
	if o.once {
		return "; once, then start the sandbox again"
	}
	return ""
}

// shell is the steps as lines of a shell. Those after the outcome are set apart.
func (o outcome) shell() string {
	steps, err := o.read()
	if err != nil {
		return err.Error() + "\n" // a test reads all steps
	}
	var b strings.Builder
	after, waits := false, false
	for _, s := range steps {
		if s.after && !after {
			after = true
			b.WriteString("# as it was:\n")
		}
		b.WriteString(s.line())
		if s.waits {
			waits = true
			b.WriteString(" &")
		}
		b.WriteString("\n")
	}
	if waits {
		b.WriteString("wait\n")
	}
	return b.String()
}

// jqPath is a.0.b as jq has it.
func jqPath(path string) string {
	var b strings.Builder
	for i, name := range strings.Split(path, ".") {
		switch {
		case name[0] >= '0' && name[0] <= '9':
			fmt.Fprintf(&b, "[%s]", name)
			continue
		case i == 0 || strings.HasSuffix(b.String(), "]") || b.Len() > 0:
			b.WriteString(".")
		}
		b.WriteString(name)
	}
	if path[0] >= '0' && path[0] <= '9' {
		return "." + b.String()
	}
	return b.String()
}

func (s step) curl() string {
	who := callerNamed(s.who)
	parts := []string{"curl", "-K", "$" + who.config()}
	for _, h := range who.told {
		parts = append(parts, fmt.Sprintf(`-H "%s: %s"`, h.name, strings.ReplaceAll(h.value, "$uuid", "$(uuid)")))
	}
	switch s.key {
	case "":
	case "new":
		parts = append(parts, `-H "Idempotency-Key: $(uuid)"`)
	default:
		parts = append(parts, fmt.Sprintf(`-H "Idempotency-Key: %s"`, s.key))
	}
	if s.method != "GET" && (s.method != "POST" || s.body == "") {
		parts = append(parts, "-X "+s.method)
	}
	address := "$" + who.base + strings.ReplaceAll(s.path, "$uuid", "$(uuid)")
	if strings.ContainsAny(address, "?&(") {
		address = `"` + address + `"`
	}
	parts = append(parts, address)
	if n, ok := strings.CutPrefix(s.body, "blanks:"); ok {
		return "printf '%" + n + "s' | " + strings.Join(parts, " ") + " --data-binary @-"
	}
	if s.body != "" {
		parts = append(parts, "-d '"+variable.ReplaceAllStringFunc(strings.ReplaceAll(s.body, "$uuid", "$(uuid)"), func(name string) string { return `'"` + name + `"'` })+"'")
	}
	return strings.Join(parts, " ")
}
