package loyalty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// KindActivity is the entry of something that a member did without buying.
const KindActivity Kind = "activity"

// ActivityBody is what was done, and what head office needs to judge it again.
type ActivityBody struct {
	Programme string    `json:"programme"` // digest of the version in force
	Activity  string    `json:"activity"`
	Key       string    `json:"key,omitempty"`      // used up: survey:2026-11
	Proof     string    `json:"proof,omitempty"`    // keyed hash of it
	Answer    int64     `json:"answer,omitempty"`   // to its question: 1, the worst, to MaxAnswer
	Points    Points    `json:"points,omitempty"`   // given
	Medium    Medium    `json:"medium,omitempty"`   // as in a sale
	Tier      string    `json:"tier,omitempty"`     // likewise
	History   *History  `json:"history,omitempty"`  // what the condition and the caps were told
	Referrer  MemberID  `json:"referrer,omitempty"` // who brought the member; both are paid later
	Paid      *Referred `json:"paid,omitempty"`     // a referrer is paid
	Why       []Finding `json:"why,omitempty"`
}

// Referred is the first purchase of a friend, for which the referrer is paid.
type Referred struct {
	Friend MemberID `json:"friend"`
	Claim  EntryRef `json:"claim"`
	Sale   EntryRef `json:"sale"`
}

// once is how often one member can do something.
type once uint8

const (
	onceEver once = iota
	onceYear
	onceMonth
	onceDay
	onceNever // any number of times
)

type proofKind uint8

const (
	proofNone proofKind = iota
	proofText
	proofPhone
	proofEmail
)

// activity is one compiled kind of activity.
type activity struct {
	id       string
	points   int64
	once     once
	proof    proofKind
	when     *when
	caps     caps
	pending  int
	expiry   expiry
	referral *referral
	asks     bool // a question, which is answered by a figure
}

// referral is an activity by which a member brings a friend.
type referral struct {
	minimum  int64 // of the friend's first purchase
	waitDays int   // that its goods must have been kept
}

// ActivityKind is what a till offers its cashier.
type ActivityKind struct {
	ID       string
	Points   Points
	Proof    string // none, text, phone, email
	Referral bool   // asks who brought the member
	Asks     bool   // a question, after a sale
}

// Activities lists what can be done, in the order of the document.
func (p *Programme) Activities() []ActivityKind {
	kinds := make([]ActivityKind, len(p.activities))
	for i, a := range p.activities {
		kinds[i] = ActivityKind{a.id, Points(a.points), p.doc.Activities[i].Proof, a.referral != nil, a.asks}
	}
	return kinds
}

// Question is what an activity asks, in a language; empty when it asks nothing.
func (p *Programme) Question(activity, language string) string {
	for i := range p.doc.Activities {
		if p.doc.Activities[i].ID == activity {
			return p.doc.Activities[i].Question.in(language)
		}
	}
	return ""
}

// AsksProof says whether an activity asks for something that tells who a member is.
func (p *Programme) AsksProof() bool {
	return slices.ContainsFunc(p.activities, func(a activity) bool { return a.proof != proofNone })
}

func (p *Programme) activity(id string) *activity {
	i := slices.IndexFunc(p.activities, func(a activity) bool { return a.id == id })
	if i < 0 {
		return nil
	}
	return &p.activities[i]
}

// key names one time at which the activity can be done; empty when there is no limit.
func (a *activity) key(day string) string {
	switch a.once {
	case onceYear:
		return a.id + ":" + day[:len("2026")]
	case onceMonth:
		return a.id + ":" + day[:len("2026-11")]
	case onceDay:
		return a.id + ":" + day
	case onceNever:
		return ""
	}
	return a.id
}

// proofForm is what HashProof gives.
var proofForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// MaxAnswer is the best answer to a question; 1 is the worst.
const MaxAnswer = 5

// maxProof bounds a proof as typed.
const maxProof = 200

// HashProof turns a proof into what an entry may hold: a keyed hash, of the digits of a phone number, of an address in small
// letters, or of a text without blanks around it. The key is the chain's own, so that nobody else can try numbers.
func HashProof(key []byte, kind, text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if kind == "phone" {
		text = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		text = strings.TrimPrefix(text, "00")
	}
	at := strings.IndexByte(text, '@')
	switch {
	case text == "" || len(text) > maxProof || !cleanText(text), kind == "phone" && len(text) < 5,
		kind == "email" && (at < 1 || at == len(text)-1 || strings.Contains(text, " ")):
		return "", &SaleError{"proof", ActivityProof}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("loyaltill proof 1 " + kind + " " + text))
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// Codes of a SaleError about an activity.
const (
	ActivityUnknown  = "activity.unknown"     // the programme has no such activity
	ActivityDone     = "activity.done"        // as often as it may be
	ActivityProof    = "activity.proof"       // its proof is missing, or cannot be one
	ActivityUsed     = "activity.proof_used"  // the proof was given before, for whomever
	ActivityAnswer   = "activity.answer"      // its question is not answered, or not by one of the figures
	ActivityNotDue   = "activity.not_due"     // its condition does not hold, or a cap leaves nothing
	ReferralUnknown  = "referral.unknown"     // nobody is named who brought the member
	ReferralSelf     = "referral.self"        // both are one person: the same member, card or phone
	ReferralBought   = "referral.has_bought"  // the friend is no newcomer
	ReferralOther    = "referral.other"       // not the claim, the sale or the referrer of each other
	ReferralSmall    = "referral.no_purchase" // the sale is not the friend's first, or too small
	ReferralSoon     = "referral.too_soon"    // the goods can still come back
	ReferralReturned = "referral.returned"    // they did
)
