package agentdb

import "loyaltill/agent/loyalty"

// headOf is the place of an entry in the log, as the engine wants it.
func headOf(e *loyalty.Entry) loyalty.EntryHead {
	return loyalty.EntryHead{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq, Txn: e.Txn, Day: e.Day, At: e.At}
}
