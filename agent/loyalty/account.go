package loyalty

import (
	"cmp"
	"strconv"
	"strings"
)

// Accounts of the programme for the main wallet. What a member holds is under the member's own accounts.
const (
	AccountIssued   = "programme/issued"
	AccountRedeemed = "programme/redeemed"
	AccountExpired  = "programme/expired"

	AccountTransferred = "programme/transferred" // passed through from one member to another: empty after every entry
	AccountOpening     = "programme/opening"     // balances brought along from an older system
	AccountAdjusted    = "programme/adjusted"    // a manager's corrections
)

// AccountMain holds what a member earned and has not moved to a card.
func AccountMain(m MemberID) string { return memberAccount(m, pointsWallet, mainPart) }

// AccountCard holds what is in the purse of the member's card.
func AccountCard(m MemberID) string { return memberAccount(m, pointsWallet, "card") }

// AccountReserved holds what is set aside for a purpose, until it is confirmed, cancelled or released.
func AccountReserved(m MemberID) string { return memberAccount(m, pointsWallet, reservedPart) }

const (
	mainPart     = "main"
	reservedPart = "reserved"
)

// The programme's accounts through which entries without a sale move: of the main wallet those above, of another its own.
const (
	transferredPart = "transferred"
	openingPart     = "opening"
	adjustedPart    = "adjusted"
	redeemedPart    = "redeemed"
)

// inWallet is a member's account in a wallet.
func inWallet(m MemberID, w WalletID, part string) string {
	return memberAccount(m, string(cmp.Or(w, pointsWallet)), part)
}

// ofProgramme is the programme's account for a wallet.
func ofProgramme(w WalletID, part string) string {
	if w == MainWallet {
		return "programme/" + part
	}
	return "programme/" + string(w) + "/" + part
}

func memberAccount(m MemberID, wallet, part string) string {
	return "member/" + strconv.FormatInt(int64(m), 10) + "/" + wallet + "/" + part
}

// Accounts are those between which the points of one wallet of a member move.
type Accounts struct{ Main, Issued, Redeemed, Expired string }

// AccountsOf are the accounts of a member's wallet: of the main one those above, of another its own.
func AccountsOf(m MemberID, w WalletID) Accounts {
	if w == MainWallet {
		return Accounts{AccountMain(m), AccountIssued, AccountRedeemed, AccountExpired}
	}
	at := "programme/" + string(w)
	return Accounts{memberAccount(m, string(w), mainPart), at + issuedPart, at + "/redeemed", at + expiredPart}
}

const expiredPart = "/expired" // of every wallet's account for what has expired

// AccountMember says whose account of the main wallet it is; false for an account of the programme, or of another wallet.
func AccountMember(account string) (MemberID, bool) {
	m, w, ok := AccountWallet(account)
	return m, ok && w == MainWallet
}

// AccountWallet says whose account it is, and of which wallet; false for an account that is no member's.
func AccountWallet(account string) (MemberID, WalletID, bool) {
	rest, ok := strings.CutPrefix(account, "member/")
	if !ok {
		return 0, "", false
	}
	digits, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, "", false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return 0, "", false
	}
	name, _, _ := strings.Cut(rest, "/")
	if name == pointsWallet {
		name = string(MainWallet)
	}
	return MemberID(id), WalletID(name), true
}
