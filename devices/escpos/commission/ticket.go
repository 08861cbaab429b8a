// Package commission makes the ticket that shows what a receipt printer can really do,
// and turns the answers of who looked at it into a profile. It owns the order of the
// samples and what an answer means for the profile. It must never believe a manual:
// what was not seen on paper, or heard from the printer, is off afterwards.
package commission

import (
	"fmt"
	"slices"
	"strings"

	"loyaltill/devices/escpos"
)

// Heard is what the printer said of itself while it was reached and printed the ticket.
type Heard struct {
	Model     string // as the printer names itself, if it does
	Answers   bool   // to DLE EOT
	ASB       bool   // it told its state by itself
	Cleared   bool   // it answered DLE DC4 fn 8
	Processed bool   // it acknowledged segments by GS r
	Printed   bool   // it acknowledged segments by process id
	PaperLow  bool
	Baud      int // at which it answered; 0: not a serial line
}

// Question is asked about one numbered sample on the paper.
type Question struct {
	Number int
	About  About
	Of     string // the page, what the code reads, or what the sensor said
	Text   string // a yes or no question, in English as the ticket
	Expect string // what the sample reads, when that is not ASCII

	settle func(p *escpos.Profile, yes bool)
}

// About is what a question is about.
type About string

// What tickets ask about.
const (
	AboutPage     About = "page"
	AboutCode     About = "code"
	AboutGraphics About = "graphics"
	AboutGlyphs   About = "glyphs"
	AboutRollLow  About = "roll_low"
	AboutRollFull About = "roll_full"
	AboutCut      About = "cut"
)

// Abouts are all of them.
func Abouts() []About {
	return []About{AboutPage, AboutCode, AboutGraphics, AboutGlyphs, AboutRollLow, AboutRollFull, AboutCut}
}

// Ticket is the document, the profile to print it with, and what to ask.
type Ticket struct {
	Document  *escpos.Document
	Profile   *escpos.Profile // the given one, with everything on that the ticket tries
	Questions []Question
	given     *escpos.Profile
}

// letters of the product's languages, by alphabet; a page is sampled with those it holds.
const sampleLetters = "ĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽž ĄąĘęĖėĮįŲų ÕõÄäÖöÜü ĆćŁłŃńÓóŚśŹźŻż АБЖЮабжю éèçñß €"

// drawn is in letters that no code page has, and joined ones.
const drawn = "سیب ۱۲۳ Սուրճ Ķirbju"

// New makes the ticket for a profile. heard is what the printer has said so far.
func New(p *escpos.Profile, heard Heard) *Ticket {
	t := &Ticket{given: p, Profile: hopeful(p, heard), Document: &escpos.Document{Lang: "en"}}
	d := t.Document
	d.Text(escpos.Center, escpos.Style{Bold: true, Height: 2}, "COMMISSIONING TICKET")
	t.say("profile " + p.ID)
	if heard.Model != "" {
		t.say("printer " + ascii(heard.Model))
	}
	for _, page := range p.Pages.Slots() {
		t.samplePage(page)
	}
	t.sampleSymbols()
	t.sample(topic{AboutGraphics, "", "graphics"}, "do the letters show as on the screen?", drawn, escpos.ViaRaster,
		func(p *escpos.Profile, yes bool) { p.Graphics.GSv0 = yes })
	t.sample(topic{AboutGlyphs, "", "downloaded glyphs"}, "do they look like those of the graphics, to the dot?", drawn, escpos.ViaCells,
		func(p *escpos.Profile, yes bool) { p.Graphics.UserChars = map[bool]int{true: maxUserChars}[yes] })
	t.nearEnd(heard)
	t.ask(topic{AboutCut, "", "cut"}, "was the paper cut behind the last line by itself?", "", func(p *escpos.Profile, yes bool) {
		if !yes {
			p.Cutter = escpos.Cutter{}
		} else if p.Cutter == (escpos.Cutter{}) {
			p.Cutter.Partial = true
		}
	})
	d.Cut()
	return t
}

const maxUserChars = 95

// hopeful is the profile with everything on that the ticket is to try.
func hopeful(p *escpos.Profile, heard Heard) *escpos.Profile {
	out := *p
	out.Graphics.GSv0, out.Graphics.UserChars = true, maxUserChars
	if out.Cutter == (escpos.Cutter{}) {
		out.Cutter.Partial = true
	}
	out.Status.DLEEOT, out.Status.ASB, out.Status.ClearFn8 = heard.Answers, heard.Answers, heard.Answers
	out.Status.ProcessID, out.Status.GSR = heard.Answers, heard.Answers
	return &out
}

func (t *Ticket) say(text string) { t.Document.Text(escpos.Start, escpos.Style{}, text) }

// ask numbers a sample and its question alike, and puts the number on paper.
func (t *Ticket) ask(about topic, question, expect string, settle func(*escpos.Profile, bool)) {
	n := len(t.Questions) + 1
	t.say(fmt.Sprintf("%d. %s", n, about.name))
	t.Questions = append(t.Questions, Question{Number: n, About: about.about, Of: about.of, Text: about.name + ": " + question, Expect: expect, settle: settle})
}

// topic is what a sample shows, with its name on the ticket.
type topic struct {
	about    About
	of, name string
}

func (t *Ticket) sample(about topic, question, text string, via escpos.Via, settle func(*escpos.Profile, bool)) {
	t.ask(about, question, text, settle)
	t.Document.Lines = append(t.Document.Lines, escpos.Line{Kind: escpos.KindText, Text: text, Via: via})
}

func (t *Ticket) samplePage(page string) {
	text := strings.Join(strings.Fields(t.given.Pages.Held(page, sampleLetters)), " ")
	t.sample(topic{AboutPage, page, "page " + page}, "are these letters on the paper?", text, escpos.Via(page), func(p *escpos.Profile, yes bool) {
		p.Pages.Verified = slices.DeleteFunc(p.Pages.Verified, func(v string) bool { return v == page })
		if yes {
			p.Pages.Verified = append(p.Pages.Verified, page)
		}
	})
}

// sampleSymbols prints each symbology by the printer's own command.
func (t *Ticket) sampleSymbols() {
	for _, s := range []struct {
		about  string
		symbol escpos.Symbol
		into   func(*escpos.Profile) *string
	}{
		{"Code 128", escpos.Symbol{Kind: escpos.Code128, Data: "TICKET-128"}, func(p *escpos.Profile) *string { return &p.Symbols.Code128 }},
		{"EAN-13", escpos.Symbol{Kind: escpos.EAN13, Data: "2012345678903"}, func(p *escpos.Profile) *string { return &p.Symbols.EAN13 }},
		{"QR code", escpos.Symbol{Kind: escpos.QR, Data: "TICKET-QR"}, func(p *escpos.Profile) *string { return &p.Symbols.QR }},
	} {
		t.ask(topic{AboutCode, s.symbol.Data, s.about}, "does a scanner read "+s.symbol.Data+"?", "", func(p *escpos.Profile, yes bool) {
			*s.into(p) = map[bool]string{true: escpos.SymbolNative, false: escpos.SymbolRaster}[yes]
		})
		t.Document.Lines = append(t.Document.Lines, escpos.Line{Kind: escpos.KindSymbol, Symbol: &s.symbol, Via: escpos.ViaNative})
	}
}

// nearEnd asks about the sensor of a printer that answers. That the roll is thick and
// the sensor says so proves nothing: a printer without one says the same.
func (t *Ticket) nearEnd(heard Heard) {
	if !heard.Answers {
		return
	}
	says := topic{AboutRollFull, "", "roll sensor: not near its end"}
	if heard.PaperLow {
		says = topic{AboutRollLow, "", "roll sensor: nearly at its end"}
	}
	t.ask(says, "is the roll so?", "", func(p *escpos.Profile, yes bool) {
		if heard.PaperLow || !yes {
			p.Status.NearEnd = heard.PaperLow && yes
		}
	})
}

// Apply is the given profile after the answers, one for each question.
func (t *Ticket) Apply(heard Heard, yes []bool) (*escpos.Profile, error) {
	if len(yes) != len(t.Questions) {
		return nil, fmt.Errorf("commission %s: %d answers to %d questions", t.given.ID, len(yes), len(t.Questions))
	}
	p := *t.given
	p.Pages.Verified = slices.Clone(p.Pages.Verified)
	for i, q := range t.Questions {
		q.settle(&p, yes[i])
	}
	if p.Symbols.Code128 == escpos.SymbolRaster { // the same command
		p.Symbols.GS1128 = escpos.SymbolRaster
	}
	if !heard.Answers {
		p.Status = escpos.Answers{}
	}
	p.Status.DLEEOT, p.Status.ASB, p.Status.ClearFn8 = heard.Answers, heard.ASB, heard.Cleared
	p.Status.ProcessID = heard.Printed
	p.Status.OfflineResponse = p.Status.OfflineResponse && heard.Printed // of one family of commands
	p.Status.GSR = p.Status.GSR && heard.Answers || heard.Processed
	if heard.Baud > 0 {
		p.IO.Baud = heard.Baud
	}
	text, err := p.File()
	if err != nil {
		return nil, fmt.Errorf("commission %s: %w", t.given.ID, err)
	}
	return escpos.ParseProfile(text)
}

// ascii leaves out what a printer says of itself in bytes that may not print.
func ascii(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, text)
}
