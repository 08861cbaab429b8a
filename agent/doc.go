// Package agent is the sale in a store: lanes, quote, commit, print queue, business day.
//
// It owns every device goroutine: one per lane for its card reader, one per printer. It decides in which order card,
// ledger and paper are touched and nothing else: what a sale is worth is agent/loyalty's business, what is durable is
// store/agentdb's. A sale is answered only after its one transaction is on disk; paper and upload follow by themselves.
package agent
