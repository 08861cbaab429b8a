package staff

import "slices"

// Role is what somebody is in the store.
type Role string

const (
	Cashier    Role = "cashier"
	Supervisor Role = "supervisor"
	Manager    Role = "manager"
	Technician Role = "technician"
)

// Right is one thing that a role may do.
type Right string

const (
	Sell       Right = "sell"       // work at the till
	Look       Right = "look"       // at how devices, head office and the programme do
	Jobs       Right = "jobs"       // answer, copy, cancel and move what is printed
	Try        Right = "try"        // print test slips and commissioning tickets
	Fit        Right = "fit"        // give devices to tills, and answer commissioning tickets
	Figures    Right = "figures"    // of the day
	CloseDay   Right = "close_day"  // with the Z report
	Issue      Right = "issue"      // coupons and gift cards, and take them out of use
	Adjust     Right = "adjust"     // points and credit by hand, and agree when somebody else does
	Trail      Right = "trail"      // read what was done by hand
	Override   Right = "override"   // answer for one action of a cashier beyond the programme's limits
	Administer Right = "administer" // staff and their PINs
	Train      Right = "train"      // put a till into training, and end it
	Diagnose   Right = "diagnose"   // have what support needs put into a file
)

// Rights is what a role may do; nothing for a role that there is not. A cashier works at the till alone, and a technician does not sell.
func (r Role) Rights() []Right {
	switch r {
	case Cashier:
		return []Right{Sell}
	case Technician:
		return []Right{Look, Jobs, Try, Fit, Diagnose}
	case Supervisor:
		return []Right{Sell, Look, Jobs, Figures, CloseDay, Issue, Adjust, Override, Train}
	case Manager:
		return []Right{Sell, Look, Jobs, Try, Fit, Figures, CloseDay, Issue, Adjust, Override, Train, Trail, Administer, Diagnose}
	}
	return nil
}

// May says whether a role has a right.
func (r Role) May(right Right) bool { return slices.Contains(r.Rights(), right) }

// Known says whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Roles are all of them.
func Roles() []Role { return []Role{Cashier, Supervisor, Manager, Technician} }
