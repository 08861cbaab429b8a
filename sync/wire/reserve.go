package wire

import "loyaltill/agent/loyalty"

// ReserveRequest asks for points of a member for one sale of a connected store. Asked again for the same sale, the last figure counts.
type ReserveRequest struct {
	Epoch  loyalty.Epoch    `json:"epoch"`
	Txn    loyalty.TxnID    `json:"txn"` // the sale's
	Member loyalty.MemberID `json:"member"`
	Points loyalty.Points   `json:"points"`
	// Unsent is what the store's entries above Through gave the member: nobody else can spend it while head office has posted no more.
	Through loyalty.Seq    `json:"through"`
	Unsent  loyalty.Points `json:"unsent,omitempty"`
	// Attempt grows with each time that this sale is tried; what comes late of an earlier one changes nothing. 0: not said.
	Attempt int64 `json:"attempt,omitempty"`
}

// ReserveAnswer says that the points are the sale's until it comes, is given up, or the time is over.
type ReserveAnswer struct {
	Txn    loyalty.TxnID  `json:"txn"`
	Points loyalty.Points `json:"points"`
	Until  string         `json:"until"` // UTC
}
