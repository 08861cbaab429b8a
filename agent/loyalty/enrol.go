package loyalty

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
)

// FirstStoreMember is where the numbers begin that stores make members with; those below are head office's own to give.
const FirstStoreMember MemberID = 1_000_000_000

// MemberRange is a run of member numbers that one life of a store makes members with.
type MemberRange struct {
	First MemberID `json:"first"`
	Last  MemberID `json:"last"`
}

// NextMember is the lowest number of the ranges above the last one used; 0 when they are used up.
func NextMember(ranges []MemberRange, used MemberID) (next MemberID) {
	for _, r := range ranges {
		if n := max(r.First, used+1); n <= r.Last && (next == 0 || n < next) {
			next = n
		}
	}
	return next
}

// EnrolBody makes a member in a store. A member has no name here: the number that they carry, and what they agreed to.
type EnrolBody struct {
	Number    string `json:"number"` // keyed hash of the card's number, 64 hexadecimal digits
	Masked    string `json:"masked"`
	Language  string `json:"language"`
	Programme string `json:"programme"` // digest of the version in force: it has the text
	Consent   string `json:"consent"`   // version of the text that was agreed to
}

// Codes of a SaleError about an enrolment.
const (
	EnrolOff     = "enrol.off"     // the programme has no text to agree to
	EnrolConsent = "enrol.consent" // another version of the text is in force
	EnrolNumbers = "enrol.numbers" // no number is left
	EnrolBodyBad = "enrol.body"    // number or language is not one
)

// consentDef is what a customer agrees to on becoming a member.
type consentDef struct {
	Version string `json:"version"`
	Text    texts  `json:"text"`
}

// Consent is the text that a customer agrees to, by language.
type Consent struct {
	Version string            `json:"version"`
	Text    map[string]string `json:"text" doc:"by language"`
}

// Consent is what customers agree to; false when stores of this programme make no members.
func (p *Programme) Consent() (Consent, bool) {
	if p.doc.Members == nil || p.doc.Members.Consent == nil {
		return Consent{}, false
	}
	c := p.doc.Members.Consent
	return Consent{c.Version, maps.Clone(c.Text)}, true
}

// Enrolment is what makes a member.
type Enrolment struct {
	Member   MemberID // from NextMember
	Number   [sha256.Size]byte
	Masked   string
	Language string
	Consent  string // version that was shown and agreed to
}

// Enrol makes the entry by which a store makes a member. No points move by it.
func (p *Programme) Enrol(in Enrolment, head EntryHead) (Entry, error) {
	consent, on := p.Consent()
	switch {
	case !on:
		return Entry{}, &SaleError{"consent", EnrolOff}
	case in.Consent != consent.Version:
		return Entry{}, &SaleError{"consent", EnrolConsent}
	case in.Member == 0:
		return Entry{}, &SaleError{"member", EnrolNumbers}
	}
	if err := head.check(in.Member); err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindEnrol)
	e.Member = in.Member
	e.Enrol = &EnrolBody{Number: hex.EncodeToString(in.Number[:]), Masked: in.Masked, Language: in.Language, Programme: p.digest, Consent: in.Consent}
	_, err := e.Enrol.Hash()
	return e, err
}

// maxMasked bounds how a number is shown.
const maxMasked = 40

// Hash is the number's keyed hash, of a body that holds together.
func (b *EnrolBody) Hash() (h [sha256.Size]byte, err error) {
	n, err := hex.Decode(h[:], []byte(b.Number[:min(len(b.Number), 2*sha256.Size)]))
	if err != nil || n != sha256.Size || len(b.Number) != 2*sha256.Size {
		return h, &SaleError{"enrol.number", EnrolBodyBad}
	}
	if !languageForm.MatchString(b.Language) {
		return h, &SaleError{"enrol.language", EnrolBodyBad}
	}
	if b.Masked == "" || len(b.Masked) > maxMasked || !cleanText(b.Masked) {
		return h, &SaleError{"enrol.masked", EnrolBodyBad}
	}
	if !idForm.MatchString(b.Consent) {
		return h, &SaleError{"enrol.consent", EnrolBodyBad}
	}
	return h, nil
}
