package loyalty

import (
	"slices"
	"strings"
)

// creditCode is the code that says of an amount of money what code says of points; code itself when it names no points.
func creditCode(code string) string {
	credit := "explain.credit_" + strings.TrimPrefix(code, "explain.")
	if slices.Contains(creditCodes(), credit) {
		return credit
	}
	return code
}

func creditCodes() []string {
	return []string{ExplainCreditApplied, ExplainCreditAppliedUnits, ExplainCreditAppliedSale, ExplainCreditMultiplied, ExplainCreditBonus,
		ExplainCreditCapReached, ExplainCreditNoMember, ExplainCreditRedeemed, ExplainCreditRedeemNone, ExplainCreditRedeemNoMember,
		ExplainCreditRedeemAvailable, ExplainCreditRedeemKeep, ExplainCreditRedeemNoPurse, ExplainCreditRedeemBill, ExplainCreditRedeemSet,
		ExplainCreditRedeemTendered, ExplainCreditRedeemShare, ExplainCreditRedeemStep, ExplainCreditRedeemMinimum, ExplainCreditRedeemNotHere,
		ExplainCreditReturnTaken, ExplainCreditReturnBack, ExplainCreditReturnLapsed, ExplainCreditReturnShort}
}

// creditRows are the rows of the points with amounts in place of points, and with the wallet.
func creditRows() []explainRow {
	wallet := textArg("wallet", ArgWallet, func(f *Finding) string { return string(f.Wallet) })
	var rows []explainRow
	for _, r := range slices.Concat(earnRows(), redeemRows(), returnRows()) {
		code := creditCode(r.code)
		if code == r.code {
			continue
		}
		args := append([]explainArg{wallet}, r.args...)
		for i := range args {
			if args[i].Kind == ArgPoints {
				args[i].Kind = ArgMoney
			}
		}
		rows = append(rows, explainRow{code, args})
	}
	return rows
}

// tell is a finding about this wallet: in its unit, and with its name unless it is the main one.
func (w *wallet) tell(f Finding) Finding {
	if f.Wallet = w.id; w.money {
		f.Code = creditCode(f.Code)
	}
	return f
}
