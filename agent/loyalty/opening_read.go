package loyalty

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a file of opening balances.
const (
	MaxOpeningRows   = 5_000_000
	maxOpeningFaults = 100
)

// openingReader reads rows of balances; every fault is noted with its place, and reading goes on.
type openingReader struct {
	csv     *csv.Reader
	source  string
	columns map[string]int // by name
	members []OpeningInput
	at      map[openingName]int
	faults  Errors
}

// openingName is what names a member in a file.
type openingName struct {
	id     MemberID
	number CardNumber
}

// ReadOpening reads opening balances: comma-separated text whose first line names the columns, member (or number, of a card) and
// points, and if need be earned and expires (days), and wallet or stamp for what is not points. Each row is a lot; a member may have
// several. The members come in the order of their first rows.
// Its error is Errors, with line and column of each fault.
func ReadOpening(file []byte, source string) ([]OpeningInput, error) {
	if !utf8.Valid(file) {
		return nil, Errors{{Problem: "the file is not UTF-8"}}
	}
	r := &openingReader{csv: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))), source: source, at: map[openingName]int{}}
	r.csv.ReuseRecord, r.csv.TrimLeadingSpace = true, true
	if !idForm.MatchString(source) {
		return nil, Errors{{Field: "source", Problem: fmt.Sprintf("%q is not an id", source), Remedy: "name the import, such as old-system-2026"}}
	}
	if !r.header() {
		return nil, r.faults
	}
	for n := 0; len(r.faults) < maxOpeningFaults; n++ {
		row, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if n == MaxOpeningRows {
			r.fault(0, "", "the file has more rows than one import takes", fmt.Sprintf("split it after %d", MaxOpeningRows))
			break
		}
		if !r.wellFormed(err) {
			break
		}
		r.row(row)
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return r.members, nil
}

// wellFormed notes what is no row at all; nothing after it could be trusted.
func (r *openingReader) wellFormed(err error) bool {
	var bad *csv.ParseError
	switch {
	case err == nil:
		return true
	case errors.As(err, &bad):
		r.faults = append(r.faults, DocError{Line: bad.Line, Column: bad.Column, Problem: bad.Err.Error(), Remedy: "write as many fields as the first line has"})
	default:
		r.faults = append(r.faults, DocError{Problem: err.Error()})
	}
	return false
}

func (r *openingReader) header() bool {
	names, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		r.fault(0, "", "the file is empty", "begin with a line: member,points,earned,expires")
		return false
	}
	if !r.wellFormed(err) {
		return false
	}
	known := []string{"member", "number", "points", "earned", "expires", "wallet", "stamp"}
	r.columns = map[string]int{}
	for i, name := range names {
		name = strings.TrimSpace(name)
		if _, twice := r.columns[name]; twice || !slices.Contains(known, name) {
			r.fault(i, name, "is not a column, or stands there twice", didYouMean(name, known))
		}
		r.columns[name] = i
	}
	_, byID := r.columns["member"]
	at, byNumber := r.columns["number"]
	if byID && byNumber {
		r.fault(at, "number", "stands beside member", "keep one of both columns")
	}
	if _, there := r.columns["points"]; !there || !byID && !byNumber {
		r.fault(0, "", "member, or number, or points is missing", "name the column in the first line")
	}
	return len(r.faults) == 0
}

// fault notes what is wrong with a field of the row read last.
func (r *openingReader) fault(column int, field, problem, remedy string) {
	line, at := 1, 1
	if r.csv.InputOffset() > 0 {
		line, at = r.csv.FieldPos(column)
	}
	r.faults = append(r.faults, DocError{Line: line, Column: at, Field: field, Problem: problem, Remedy: remedy})
}

func (r *openingReader) row(row []string) {
	text := func(name string) (string, int) {
		i, there := r.columns[name]
		if !there {
			return "", 0
		}
		return strings.TrimSpace(row[i]), i
	}
	member, known := r.name(text)
	if !known {
		return
	}
	points, at := text("points")
	n, err := strconv.ParseInt(points, 10, 64)
	if err != nil {
		r.fault(at, "points", fmt.Sprintf("%q is not a whole number", points), "write it without a point or spaces, such as 350")
		return
	}
	lot := OpeningLot{Points: Points(n)}
	lot.Earned, _ = text("earned")
	lot.Expires, _ = text("expires")
	wallet, _ := text("wallet")
	lot.Wallet = WalletID(wallet)
	lot.Stamp, _ = text("stamp")
	if field, code := lot.check(); code != "" {
		r.fault(r.columns[field], field, openingProblem(code), openingRemedy(code))
		return
	}
	r.add(member, lot)
}

// name reads whose row it is.
func (r *openingReader) name(text func(column string) (string, int)) (n openingName, ok bool) {
	if _, there := r.columns["number"]; there {
		digits, at := text("number")
		number, err := NewCardNumber(digits)
		if err != nil { // what is no number of ours may be another's: it is not repeated
			r.fault(at, "number", "is not the number of a card", "write the 8 to 19 digits printed on it")
		}
		return openingName{number: number}, err == nil
	}
	id, at := text("member")
	member, err := strconv.ParseInt(id, 10, 64)
	if err != nil || member < 1 {
		r.fault(at, "member", fmt.Sprintf("%q is not a member's number", id), "write digits, such as 1042")
		return n, false
	}
	return openingName{id: MemberID(member)}, true
}

func openingProblem(code string) string {
	switch code {
	case MemberNothing:
		return "is nothing"
	case SaleRange:
		return "is out of range"
	case SaleWallet:
		return "is not the id of a wallet beside the points"
	case MemberStamp:
		return "is not the id of a stamp card, or stands beside a wallet"
	}
	return "is not a day, or before the points were earned"
}

func openingRemedy(code string) string {
	if code == SaleWallet || code == MemberStamp {
		return "write one of both as the programme calls it, or leave both empty for points"
	}
	return "write a whole number other than 0, and days as 2026-12-31, expires not before earned"
}

func (r *openingReader) add(name openingName, lot OpeningLot) {
	i, there := r.at[name]
	if !there {
		line, _ := r.csv.FieldPos(0)
		i, r.at[name] = len(r.members), len(r.members)
		r.members = append(r.members, OpeningInput{Member: name.id, Number: name.number, Source: r.source, Line: line})
	}
	m := &r.members[i]
	if len(m.Lots) == MaxOpeningLots {
		r.fault(0, "", "one lot too many for a member", fmt.Sprintf("sum them up to %d or fewer", MaxOpeningLots))
		return
	}
	m.Lots = append(m.Lots, lot)
}
