package loyalty

import (
	"fmt"
	"time"
)

// floorDef is what stores may risk while head office is out of reach: points spent without a purse may be spent elsewhere at
// the same time. Each of the figures is 0 when it is left out, and any that is 0 lets nothing be spent.
type floorDef struct {
	MemberDay int64 `json:"member_day,omitempty"`
	StoreDay  int64 `json:"store_day,omitempty"`
	Hours     int64 `json:"hours,omitempty"`
	Advance   bool  `json:"advance,omitempty"` // also of what a purse has not been given yet

	Bears string `json:"bears,omitempty"` // chain; left out: the member owes what was spent twice
	Block bool   `json:"block,omitempty"` // until a person has looked at it
}

const maxFloorHours = 24 * 366

func (c *compiler) compileFloor(l *limitsDef) {
	if l.Floor == nil {
		return
	}
	f := *l.Floor
	c.checkPoints("limits.floor.member_day", f.MemberDay, 0)
	c.checkPoints("limits.floor.store_day", f.StoreDay, 0)
	if f.Hours < 0 || f.Hours > maxFloorHours {
		c.fault("limits.floor.hours", "is out of range", "write 0 to 8784")
	}
	if f.Bears != "" && f.Bears != BearsMember && f.Bears != BearsChain {
		c.fault("limits.floor.bears", fmt.Sprintf("%q is nobody who can bear it", f.Bears), "write member or chain")
	}
	if f.Bears == BearsMember { // as when it is left out
		f.Bears = ""
	}
	*l.Floor = f
	if c.p.floor = f; f == (floorDef{}) {
		l.Floor = nil
	}
}

// Who bears what was spent twice.
const (
	BearsMember = "member" // owes it: what comes next fills it
	BearsChain  = "chain"  // the store is charged, the member owes nothing
)

// Overdraft is what follows when a sale spent points that were spent elsewhere at the same time: who bears them, and whether the
// member's cards are blocked.
func (p *Programme) Overdraft() (bears string, block bool) {
	bears = p.floor.Bears
	if bears == "" {
		bears = BearsMember
	}
	return bears, p.floor.Block
}

// Risk is what a programme lets one cut-off store spend without asking anybody.
type Risk struct {
	MemberDay Points // of one member on one business day
	StoreDay  Points // of all members
	Days      int64  // business days that its silence may touch
}

// Risk is zero where nothing may be spent.
func (p *Programme) Risk() Risk {
	f := p.floor
	if f.MemberDay == 0 || f.StoreDay == 0 || f.Hours == 0 {
		return Risk{}
	}
	return Risk{MemberDay: Points(f.MemberDay), StoreDay: Points(f.StoreDay), Days: (f.Hours+23)/24 + 1}
}

// Value is what points of the main wallet pay, in minor units, the started one counted.
func (p *Programme) Value(n Points) int64 {
	return int64((p.worth(MainWallet, n) + minorUnit - 1) / minorUnit)
}

// Away is what a store knows, while head office is out of reach, when a member wants to spend points without a purse.
type Away struct {
	ByMember Points        // spent so by the member in this store on this business day
	ByStore  Points        // by all members
	Silence  time.Duration // since head office last told this store about its members, by a clock that may have been set back
}

// FloorLimit is one limit on what a member without a purse may spend while head office is out of reach.
type FloorLimit struct {
	Code string `json:"code"` // the finding that tells of it
	Most Points `json:"most"`
}

// Floor is what the programme lets a member spend, limit by limit.
func (p *Programme) Floor(a Away) []FloorLimit {
	f := p.floor
	if f.MemberDay == 0 || f.StoreDay == 0 || f.Hours == 0 {
		return []FloorLimit{{ExplainFloorOff, 0}}
	}
	limits := []FloorLimit{
		{ExplainFloorMember, max(Points(f.MemberDay)-a.ByMember, 0)},
		{ExplainFloorStore, max(Points(f.StoreDay)-a.ByStore, 0)},
	}
	if a.Silence.Abs() > time.Duration(f.Hours)*time.Hour {
		limits = append(limits, FloorLimit{ExplainFloorSilence, 0})
	}
	return limits
}

// MaxFloorLimits is how many limits may come with a member: the programme's and that of a card of another maker.
const MaxFloorLimits = 4

// lowest is what the limits leave of so many points.
func lowest(limits []FloorLimit, points Points) Points {
	for _, l := range limits {
		points = min(points, l.Most)
	}
	return points
}

func (m *MemberState) checkFloor() error {
	if len(m.Floor) > MaxFloorLimits {
		return &SaleError{"member.floor", SaleTooLarge}
	}
	for _, l := range m.Floor {
		switch l.Code {
		case ExplainFloorAstray, ExplainFloorOff, ExplainFloorCard, ExplainFloorMember, ExplainFloorStore, ExplainFloorSilence:
		default:
			return &SaleError{"member.floor", SaleText}
		}
		if l.Most < 0 || l.Most > maxPoints {
			return &SaleError{"member.floor", SaleRange}
		}
	}
	return nil
}

// floorBytes is at least what JSON takes for the limits.
func (m *MemberState) floorBytes() int {
	n := 0
	for _, l := range m.Floor {
		n += len(`,"floor":[{"code":"","most":},]`) + len(l.Code) + width(int64(l.Most))
	}
	return n
}
