package headoffice

import (
	"errors"
	"fmt"
	"strconv"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// maxClaim bounds what a store can say it gave or took in one sale; beyond, the figure is nonsense and is only noted.
const maxClaim loyalty.Points = 1 << 40

// verdict is what head office finds about a sale.
type verdict struct {
	lots     []loyalty.Movement // earned, one for each lot; nobody's when the member is not known
	earned   loyalty.Points
	redeemed loyalty.Points
	payer    *hodb.Leg     // whose points were redeemed; nil when nobody's are proved
	reason   hodb.CaseKind // why anything of it lands in suspense
}

// sale judges a sale again from its lines, tenders and question, with the programme that it names, the member's tier as
// head office has it, and what the card proves was available. What is verified goes to the member; what the store said
// beside it goes to the store's suspense account, so every point said is somewhere.
func (j *judge) sale(m *matter) error {
	e := m.entry
	if e.Sale == nil {
		return j.notInterpreted(m.key, errors.New("sale without its body"))
	}
	v := verdict{reason: hodb.CaseDifference}
	available := e.Sale.Available
	if e.Card != nil || e.Sale.Redeemed != 0 && e.Sale.Medium == loyalty.MediumPurse {
		payer, proved, err := j.payer(m, &v)
		if err != nil {
			return err
		}
		if v.payer = payer; payer != nil {
			available = proved
		}
	}
	tier, known, err := j.tier(m, &v)
	if err != nil {
		return err
	}
	if err := j.requote(m, &v, tier, available); err != nil {
		return err
	}
	switch {
	case !known:
		v.lots = nil
	case v.payer == nil && e.Sale.Medium == loyalty.MediumNumber:
		v.payer = &hodb.Leg{Owner: hodb.MemberOwner(e.Member), Kind: hodb.Main, Amount: -v.redeemed}
	}
	return j.postSale(m, v)
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
	leg := &hodb.Leg{Owner: hodb.MemberOwner(c.Member), Kind: hodb.OnCard, Amount: -loyalty.Points(r.Amount)}
	return leg, loyalty.Points(r.NewBalance) + loyalty.Points(r.Amount), err
}

// tier is the member's, as head office has it. For a member who is not known the store's word is taken to judge the rest.
func (j *judge) tier(m *matter, v *verdict) (tier string, known bool, err error) {
	if m.entry.Member == 0 {
		return "", false, nil
	}
	member, err := j.poster.Member(m.entry.Member)
	if err != nil {
		return "", false, err
	}
	if member == nil {
		v.reason = hodb.CaseMemberUnknown
		note := fmt.Sprintf("member %d is not in the register", m.entry.Member)
		return m.entry.Sale.Tier, false, j.open(hodb.CaseMemberUnknown, m.key, note)
	}
	return member.Tier, true, nil
}

// requote fills in what the rules give, and keeps every difference.
func (j *judge) requote(m *matter, v *verdict, tier string, available loyalty.Points) error {
	p, err := j.office.programme(j.tx, m.entry.Sale.Programme)
	if errors.Is(err, hodb.ErrNotFound) {
		v.reason = hodb.CaseProgramme
		return j.open(hodb.CaseProgramme, m.key, fmt.Sprintf("programme %.64q was never published", m.entry.Sale.Programme))
	}
	if err != nil {
		return err
	}
	ours, found, err := requote(p, m.entry, tier, available)
	if err != nil {
		v.reason = hodb.CaseNotInterpreted
		return j.open(hodb.CaseNotInterpreted, m.key, err.Error())
	}
	v.earned, v.redeemed = ours.Sale.Earned, ours.Sale.Redeemed
	for _, move := range ours.Moves {
		if move.From == loyalty.AccountIssued {
			v.lots = append(v.lots, move)
		}
	}
	return j.differences(m, found)
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
	if len(found) == 0 {
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

// postSale writes what a sale did: the programme's accounts move by what the store said, the member's by what was
// verified, and the store's suspense account by what lies between.
func (j *judge) postSale(m *matter, v verdict) error {
	said, err := j.claims(m, v)
	if err != nil {
		return err
	}
	store := hodb.StoreOwner(m.key.Store)
	legs := make([]hodb.Leg, 0, 4+len(v.lots))
	suspended := said.earned - said.redeemed
	if v.payer != nil && v.payer.Amount != 0 { // redeemed before earned: the sale's own points cannot pay for it
		v.payer.Reason = "redeem"
		legs = append(legs, *v.payer)
		suspended -= v.payer.Amount
	}
	for _, lot := range v.lots {
		legs = append(legs, hodb.Leg{Owner: hodb.MemberOwner(m.entry.Member), Kind: hodb.Main, Amount: lot.Points, Reason: "earn",
			Lot: lot.Lot, Earned: lot.Earned, Expires: lot.Expires})
		suspended -= lot.Points
	}
	legs = append(legs,
		hodb.Leg{Owner: store, Kind: hodb.Redeemed, Amount: said.redeemed, Reason: "redeem"},
		hodb.Leg{Owner: store, Kind: hodb.Issued, Amount: -said.earned, Reason: "earn"},
		hodb.Leg{Owner: store, Kind: hodb.Suspense, Amount: suspended, Reason: string(v.reason)})
	if err := j.poster.Post(hodb.Posting{Key: m.key, Day: m.entry.Day, At: m.at, Legs: legs}); err != nil {
		return err
	}
	if suspended == 0 {
		return nil
	}
	return j.tx.Suspend(hodb.Suspended{EntryKey: m.key, Points: suspended, Reason: string(v.reason)})
}

// claim is what a store said it gave and took.
type claim struct{ earned, redeemed loyalty.Points }

// claims reads the store's own figures. Impossible ones are replaced by ours and noted: they must not reach an account.
func (j *judge) claims(m *matter, v verdict) (claim, error) {
	c := claim{redeemed: m.entry.Sale.Redeemed}
	sane := c.redeemed >= 0 && c.redeemed <= maxClaim
	for _, move := range m.entry.Moves {
		if move.From == loyalty.AccountIssued {
			c.earned += move.Points
			sane = sane && move.Points > 0 && move.Points <= maxClaim && c.earned <= maxClaim
		}
	}
	if sane {
		return c, nil
	}
	c = claim{}
	for _, lot := range v.lots {
		c.earned += lot.Points
	}
	if v.payer != nil {
		c.redeemed = -v.payer.Amount
	}
	return c, j.notInterpreted(m.key, errors.New("the figures said cannot be; head office's own are posted"))
}
