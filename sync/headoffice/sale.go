package headoffice

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// verdict is what head office finds about an entry.
type verdict struct {
	moves  []loyalty.Movement // of members and of what is head office's own; the programme's are taken from the entry
	payer  *hodb.Leg          // whose card was debited; nil when none is proved
	step   loyalty.PastStep   // what the entry adds to the member's past
	reason hodb.CaseKind      // why anything of it lands in suspense
}

// before is what a member had when an entry was made, as far as it has arrived.
type before struct {
	member *hodb.Member // nil: not in the register
	past   *loyalty.Past
	held   loyalty.Points
}

// sale judges a sale again from its lines, tenders and question, with the programme that it names, the member's tier and past
// as head office has them, and what the card proves was available. What is verified goes to the member; what the store said
// beside it goes to the store's suspense account, so every point said is somewhere.
func (j *judge) sale(m *matter, b before) (v verdict, err error) {
	e := m.entry
	v.reason = hodb.CaseDifference
	available := e.Sale.Available
	if e.Card != nil || drawnFromCard(e) && e.Sale.Medium == loyalty.MediumPurse {
		payer, proved, err := j.payer(m, &v)
		if err != nil {
			return v, err
		}
		if v.payer = payer; payer != nil {
			available = proved
		}
	}
	tier := e.Sale.Tier // of a member who is not known the store's word is taken to judge the rest
	if e.Member != 0 && b.member == nil {
		v.reason = hodb.CaseMemberUnknown
		if err := j.open(hodb.CaseMemberUnknown, m.key, fmt.Sprintf("member %d is not in the register", e.Member)); err != nil {
			return v, err
		}
	} else if b.member != nil {
		if tier, err = j.tier(b.member, e); err != nil {
			return v, err
		}
	}
	ours, err := j.requote(m, &v, b, tier, available)
	if err != nil || ours == nil {
		return v, err
	}
	v.step = loyalty.StepOf(ours)
	moves := ours.Moves
	if c := e.Sale.Confirms; c != nil {
		if moves, err = j.unlessSettled(m, hodb.EntryKey(c.EntryRef), moves); err != nil {
			return v, err
		}
		if err := j.setAside(m, c); err != nil {
			return v, err
		}
	}
	for _, move := range moves {
		if _, card := cardOf(move.From); !card && (e.Member == 0 || b.member != nil) { // a purse pays what the card proves
			v.moves = append(v.moves, move)
		}
	}
	return v, nil
}

// setAside holds what a sale says was reserved, for which no card has to prove anything, to the entry that reserved it.
func (j *judge) setAside(m *matter, c *loyalty.Reservation) error {
	ref := hodb.EntryKey(c.EntryRef)
	e, err := j.read(ref)
	if errors.Is(err, hodb.ErrNotFound) {
		return j.open(hodb.CaseSaleMissing, m.key, fmt.Sprintf("%v, which reserved the points, has not arrived", ref))
	}
	if err != nil {
		return err
	}
	if held, ok := loyalty.ReservationOf(e); !ok || held.Points != c.Points || held.Until != c.Until {
		return j.open(hodb.CaseDifference, m.key, fmt.Sprintf("the sale says that %v reserved %d points until %s; it reserved %d", ref, c.Points, c.Until, held.Points))
	}
	return nil
}

// tierLag is how many days a store may need to hear that a tier has moved.
const tierLag = 7

// tier is the member's on the day of the sale; the store's word, when that was his lately: the store may not have heard.
func (j *judge) tier(member *hodb.Member, e *loyalty.Entry) (string, error) {
	day, err := time.Parse(time.DateOnly, e.Day)
	if err != nil {
		return "", err
	}
	lately := day.AddDate(0, 0, -tierLag).Format(time.DateOnly)
	if had, err := j.tx.HadTier(member, e.Sale.Tier, lately, e.Day); had || err != nil {
		return e.Sale.Tier, err
	}
	return j.tx.TierOn(member, e.Day)
}

// cardOf says whether an account is a purse.
func cardOf(account string) (loyalty.MemberID, bool) {
	id, ok := loyalty.AccountMember(account)
	return id, ok && account == loyalty.AccountCard(id)
}

// drawnFromCard says whether the store says that a card paid.
func drawnFromCard(e *loyalty.Entry) bool {
	if a := e.Sale.AdvancePoints(); a > 0 && e.Sale.Redeemed+e.Sale.RewardPoints == a {
		return false
	}
	drawn := e.Sale.Redeemed + e.Sale.RewardPoints
	if c := e.Sale.Confirms; c != nil && drawn > 0 && drawn <= c.Points { // set aside before: no purse pays it
		return false
	}
	return e.Sale.Redeemed != 0 || e.Sale.RewardPoints != 0
}

// provedAdvance is the sale with no more in advance than what its batch gave the member before it, as head office found: until the
// whole batch is judged no voucher is made of it. What a store spent beyond that is its own affair.
func (j *judge) provedAdvance(m *matter, s *loyalty.SaleBody) (*loyalty.SaleBody, error) {
	if s.Advance == nil {
		return s, nil
	}
	given, err := j.tx.GivenInBatch(m.entry.Member, m.key, s.Advance.Since)
	if err != nil {
		return nil, err
	}
	sale, advance := *s, *s.Advance
	advance.Available = max(min(advance.Available, given), 0)
	sale.Advance = &advance
	return &sale, nil
}

// payer is the card's account when the card proves what it paid, with what was on it before.
func (j *judge) payer(m *matter, v *verdict) (*hodb.Leg, loyalty.Points, error) {
	c, ok, err := j.prove(m, card.TypeDebit)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		v.reason = hodb.CaseCardRecord
		return nil, 0, nil
	}
	r := m.entry.Card
	if c.Member != m.entry.Member {
		err = j.open(hodb.CaseCardRecord, m.key, fmt.Sprintf("card %v is of member %d, the sale of member %d", r.Card, c.Member, m.entry.Member))
	}
	leg := &hodb.Leg{Owner: hodb.MemberOwner(c.Member), Kind: hodb.OnCard, Amount: -loyalty.Points(r.Amount), Reason: "redeem"}
	return leg, loyalty.Points(r.NewBalance) + loyalty.Points(r.Amount), err
}

// requote works the sale out anew and keeps every difference; nil when it cannot be judged.
func (j *judge) requote(m *matter, v *verdict, b before, tier string, available loyalty.Points) (*loyalty.Entry, error) {
	p, err := j.office.programme(j.tx, m.entry.Sale.Programme)
	if errors.Is(err, hodb.ErrNotFound) {
		v.reason = hodb.CaseProgramme
		return nil, j.open(hodb.CaseProgramme, m.key, fmt.Sprintf("programme %.64q was never published", m.entry.Sale.Programme))
	}
	if err != nil {
		return nil, err
	}
	asked := *m.entry
	if b.member != nil {
		if asked.Sale, err = remembered(p, &asked, b); err != nil {
			return nil, err
		}
	}
	if asked.Sale, err = j.provedAdvance(m, asked.Sale); err != nil {
		return nil, err
	}
	ours, found, err := m.quoted(p, &asked, tier, available)
	if err != nil {
		v.reason = hodb.CaseNotInterpreted
		return nil, j.open(hodb.CaseNotInterpreted, m.key, err.Error())
	}
	seed, err := j.otherSeed(m)
	if err != nil {
		return nil, err
	}
	return &ours, j.differences(m, append(found, seed...))
}

// otherSeed says that a sale's surprises were drawn with something else than what its place in the log gives: by a till that could
// choose what comes of a draw.
func (j *judge) otherSeed(m *matter) ([]loyalty.Difference, error) {
	s := m.entry.Sale
	if len(s.Surprises) == 0 {
		return nil, nil
	}
	at, err := j.firstTold(m)
	if err != nil {
		return nil, err
	}
	own := store.DrawSeed(j.office.home.Keys.number[:], uint32(at.Store), uint32(at.Epoch), int64(at.Seq))
	if s.Seed == own {
		return nil, nil
	}
	return []loyalty.Difference{{Field: "seed", StoreText: s.Seed, HeadOfficeText: own}}, nil
}

// remembered is the sale as it would have been told with all that head office knows of the member's past.
func remembered(p *loyalty.Programme, e *loyalty.Entry, b before) (*loyalty.SaleBody, error) {
	sale := *e.Sale
	var err error
	sale.History, sale.Standing, err = recall(p, sale.History, b, e.Day)
	return &sale, err
}

// requote keeps a fault of the rules on one odd sale from stopping all sales behind it.
func requote(p *loyalty.Programme, e *loyalty.Entry, tier string, available loyalty.Points) (ours loyalty.Entry, found []loyalty.Difference, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the rules fail on this sale: %v", fault)
		}
	}()
	return p.Requote(e, tier, available)
}

// maxDifferences bounds the rows of one entry.
const maxDifferences = 64

func (j *judge) differences(m *matter, found []loyalty.Difference) error {
	if len(found) == 0 || m.erased { // what the store had from a person who was erased, nobody can work out again
		return nil
	}
	seen := map[string]bool{}
	for _, d := range found[:min(len(found), maxDifferences)] {
		row := hodb.Difference{EntryKey: m.key, Field: d.Field, Claimed: d.StoreText, Verified: d.HeadOfficeText}
		if d.StoreText == d.HeadOfficeText {
			row.Claimed, row.Verified = strconv.FormatInt(d.Store, 10), strconv.FormatInt(d.HeadOffice, 10)
		}
		if seen[row.Field] {
			continue
		}
		seen[row.Field] = true
		if err := j.tx.AddDifference(row); err != nil {
			return err
		}
	}
	return j.open(hodb.CaseDifference, m.key, found[0].String())
}

// post writes what an entry did: the programme's accounts move by what the store said, the member's by what was verified,
// and the store's suspense account by what lies between.
func (j *judge) post(m *matter, v verdict) error {
	reason := string(m.entry.Kind)
	claims, err := j.claimsOf(m.entry.Moves, m.key.Store, reason)
	if err != nil {
		if err := j.notInterpreted(m.key, err); err != nil {
			return err
		}
		if claims, err = j.claimsOf(v.moves, m.key.Store, reason); err != nil {
			return err
		}
	}
	var legs []hodb.Leg
	if v.payer != nil { // redeemed before earned: the sale's own points cannot pay for it
		legs = append(legs, *v.payer)
	}
	legs = append(append(legs, j.legsOf(v.moves, m.key.Store, reason)...), claims...)
	legs, suspended := balanced(legs, m.key.Store, v.reason)
	posting := hodb.Posting{Key: m.key, Day: m.entry.Day, At: m.at, Member: m.entry.Member, Legs: legs}
	if m.again {
		legs, err = j.poster.Settle(posting, j.owners(m)...)
	} else {
		err = j.poster.Post(posting)
	}
	for _, leg := range suspended {
		if err == nil {
			err = j.tx.Suspend(hodb.Suspended{EntryKey: m.key, Points: leg.Amount, Unit: leg.Unit, Reason: leg.Reason})
		}
	}
	for _, leg := range legs { // what is new
		if id := loyalty.MemberID(leg.Owner); err == nil && id > 0 && id != m.entry.Member && (m.entry.Merge == nil || id != m.entry.Merge.Gone) {
			err = j.followed(id)
		}
	}
	return err
}
