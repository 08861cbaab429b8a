package loyalty

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// OpeningBody says where a balance came from.
type OpeningBody struct {
	Source string `json:"source"`
	Points Points `json:"points"` // of the points; the movements say what came beside them
}

// OpeningLot is points brought along that end together; below zero for what the member owes.
type OpeningLot struct {
	Points  Points   // of the wallet's unit, or stamps
	Earned  string   // day; empty: the day of the entry
	Expires string   // last valid day; empty: never
	Wallet  WalletID // empty: the points
	Stamp   string   // a stamp card instead of a wallet
}

// OpeningInput is one member's balance in an older system.
type OpeningInput struct {
	Member MemberID
	Lots   []OpeningLot
	Source string // an id for the whole import

	Number CardNumber // in a file that names members by their numbers: whose it is must be looked up
	Line   int        // of the file, on which the member is first named
}

// MaxOpeningLots bounds the lots that one member brings along.
const MaxOpeningLots = 200

// Opening makes the entry that brings a balance along, as lots. Its transaction is OpeningTxn, so that an import that is run
// again adds nothing.
func Opening(in OpeningInput, head EntryHead) (Entry, error) {
	if err := head.check(in.Member); err != nil {
		return Entry{}, err
	}
	if !idForm.MatchString(in.Source) {
		return Entry{}, &SaleError{"source", MemberReason}
	}
	if len(in.Lots) == 0 {
		return Entry{}, &SaleError{"lots", MemberNothing}
	}
	if len(in.Lots) > MaxOpeningLots {
		return Entry{}, &SaleError{"lots", MemberLots}
	}
	e := head.Entry(KindOpening)
	e.Member, e.Opening = in.Member, &OpeningBody{Source: in.Source}
	for i, l := range in.Lots {
		if field, code := l.check(); code != "" {
			return Entry{}, &SaleError{fmt.Sprintf("lots[%d].%s", i, field), code}
		}
		if l.Earned == "" {
			l.Earned = head.Day
		}
		if l.Wallet == MainWallet && l.Stamp == "" {
			e.Opening.Points += l.Points
		}
		e.Moves = append(e.Moves, l.movement(in.Member, head.lot(i+1)))
	}
	return e, nil
}

// movement brings the lot to its member, or takes what is owed.
func (l *OpeningLot) movement(m MemberID, id LotID) Movement {
	move := Movement{From: ofProgramme(l.Wallet, openingPart), To: inWallet(m, l.Wallet, mainPart), Points: l.Points, Lot: id, Earned: l.Earned, Expires: l.Expires}
	if l.Stamp != "" {
		move = Movement{From: stampAccount(l.Stamp, openingPart), To: AccountStamps(l.Stamp, m), Points: l.Points, Expires: l.Expires}
	}
	if l.Points < 0 {
		move = Movement{From: move.To, To: move.From, Points: -l.Points}
	}
	return move
}

func (l *OpeningLot) check() (field, code string) {
	for _, d := range [...]struct{ field, day string }{{"earned", l.Earned}, {"expires", l.Expires}} {
		if _, ok := parseDay(d.day); d.day != "" && !ok {
			return d.field, SaleTime
		}
	}
	switch {
	case l.Wallet != MainWallet && !idForm.MatchString(string(l.Wallet)) || l.Wallet == pointsWallet:
		return "wallet", SaleWallet
	case l.Stamp != "" && (l.Wallet != MainWallet || !idForm.MatchString(l.Stamp)):
		return "stamp", MemberStamp
	case l.Points == 0:
		return "points", MemberNothing
	case l.Points > maxPoints || l.Points < -maxPoints:
		return "points", SaleRange
	case l.Expires != "" && l.Expires < l.Earned:
		return "expires", SaleTime
	}
	return "", ""
}

// OpeningTxn is the transaction of a member's entry in an import: the same one whenever the import is run.
func OpeningTxn(source string, member MemberID) TxnID {
	label := binary.BigEndian.AppendUint64([]byte("loyaltill opening 1 "), uint64(member))
	sum := sha256.Sum256(append(label, source...))
	id := TxnID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // a UUID of version 8
	return id
}
