package loyalty

import (
	"strconv"
	"strings"
)

// Accounts of the programme. What a member holds is under the member's own accounts.
const (
	AccountIssued   = "programme/issued"
	AccountRedeemed = "programme/redeemed"
	AccountExpired  = "programme/expired"

	AccountTransferred = "programme/transferred" // passed through from one member to another: empty after every entry
	AccountOpening     = "programme/opening"     // balances brought along from an older system
	AccountAdjusted    = "programme/adjusted"    // a manager's corrections
)

// AccountMain holds what a member earned and has not moved to a card.
func AccountMain(m MemberID) string { return memberAccount(m, "main") }

// AccountCard holds what is in the purse of the member's card.
func AccountCard(m MemberID) string { return memberAccount(m, "card") }

// AccountReserved holds what is set aside for a purpose, until it is confirmed, cancelled or released.
func AccountReserved(m MemberID) string { return memberAccount(m, reservedPart) }

const reservedPart = "reserved"

func memberAccount(m MemberID, part string) string {
	return "member/" + strconv.FormatInt(int64(m), 10) + "/points/" + part
}

// AccountMember says whose account it is; false for an account of the programme.
func AccountMember(account string) (MemberID, bool) {
	rest, ok := strings.CutPrefix(account, "member/")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return 0, false
	}
	return MemberID(id), true
}
