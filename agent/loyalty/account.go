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
)

// AccountMain holds what a member earned and has not moved to a card.
func AccountMain(m MemberID) string { return memberAccount(m, "main") }

// AccountCard holds what is in the purse of the member's card.
func AccountCard(m MemberID) string { return memberAccount(m, "card") }

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
