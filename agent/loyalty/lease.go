package loyalty

import (
	"crypto/sha256"
	"encoding/binary"
)

// LeaseNo names an allowance: points of a member that head office has moved to one store, which may spend them without asking.
type LeaseNo int64

// LeaseUse is what a sale, or the end of an allowance, has to do with one.
type LeaseUse struct {
	Lease   LeaseNo  `json:"lease"`
	Member  MemberID `json:"member"`
	Granted Points   `json:"granted"`
	Points  Points   `json:"points"` // of it that the sale spent; at the end: that all sales of this log did
}

// LeaseEndTxn is the one transaction that ends an allowance in the log of its store.
func LeaseEndTxn(no LeaseNo) TxnID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("loyaltill lease 1 "), uint64(no)))
	id := TxnID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // a UUID of version 8
	return id
}

// Drawn is what a sale without a purse took of the member's points that no entry had reserved before.
func (s *SaleBody) Drawn() Points {
	if s.Medium == MediumPurse {
		return 0
	}
	drawn := s.Redeemed + s.RewardPoints
	if s.Confirms != nil {
		drawn = max(drawn-s.Confirms.Points, 0)
	}
	return drawn
}

// LeasePoints is what of it came out of an allowance.
func (s *SaleBody) LeasePoints() Points {
	if s.Lease == nil {
		return 0
	}
	return s.Lease.Points
}
