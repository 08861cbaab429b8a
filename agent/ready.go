package agent

import "context"

// NotReady gives the codes of what keeps this store from making any sale; empty when it can. Devices and head office are not
// among them: a sale needs neither.
func (a *Agent) NotReady(ctx context.Context) []string {
	var codes []string
	if err := a.db.Writable(ctx); err != nil {
		a.log.Error().Err(err).Msg("ledger takes no entries")
		codes = append(codes, CodeLedgerUnavailable)
	}
	if _, err := a.programmeAt(ctx, a.now()); err != nil {
		code := CodeNoProgramme
		if r := RefusalOf(err); r != nil {
			code = r.Code
		}
		codes = append(codes, code)
	}
	return codes
}
