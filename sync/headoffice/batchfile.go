package headoffice

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

	"loyaltill/agent/loyalty"
)

const (
	maxBatch       = 20_000 // cards; more than a month at one reader
	maxBatchFaults = 100
)

// BatchRow is one card that is to be made.
type BatchRow struct {
	Line     int // in the file
	Number   loyalty.CardNumber
	Member   loyalty.MemberID // 0: whoever has the number, else a new member
	Language string           // of a new member
	Tier     string           // of a new member
}

// batchColumns are the columns of a batch; the first must be there.
var batchColumns = [...]string{"number", "member", "language", "tier"}

// batchReader notes every fault with its place and reads on.
type batchReader struct {
	csv    *csv.Reader
	at     map[string]int // column by name
	seen   map[loyalty.CardNumber]int
	faults loyalty.Errors
}

// ReadBatch reads what cards are to be made: comma-separated text whose first line names the columns. Its error is
// loyalty.Errors, with line and column of each fault; no number is in it.
func ReadBatch(file []byte) (rows []BatchRow, err error) {
	if !utf8.Valid(file) {
		return nil, loyalty.Errors{{Problem: "the file is not UTF-8"}}
	}
	r := batchReader{csv: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))),
		at: map[string]int{}, seen: map[loyalty.CardNumber]int{}}
	r.csv.TrimLeadingSpace = true
	if !r.header() {
		return nil, r.faults
	}
	for len(r.faults) < maxBatchFaults {
		record, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if len(rows) == maxBatch {
			r.faults = append(r.faults, loyalty.DocError{Problem: "the file has more rows than one batch takes", Remedy: fmt.Sprintf("split it after %d", maxBatch)})
			break
		}
		if !r.wellFormed(err) {
			break
		}
		rows = append(rows, r.row(record))
	}
	if len(rows) == 0 && len(r.faults) == 0 {
		r.faults = loyalty.Errors{{Problem: "the file has no cards", Remedy: "write a line for each card"}}
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return rows, nil
}

func (r *batchReader) wellFormed(err error) bool {
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		r.faults = append(r.faults, loyalty.DocError{Line: bad.Line, Column: bad.Column, Problem: bad.Err.Error(), Remedy: "write as many fields as the first line has"})
	case err != nil:
		r.faults = append(r.faults, loyalty.DocError{Problem: err.Error()})
	}
	return err == nil
}

func (r *batchReader) header() bool {
	names, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		r.faults = loyalty.Errors{{Problem: "the file is empty", Remedy: "begin with a line: " + strings.Join(batchColumns[:], ",")}}
		return false
	}
	if !r.wellFormed(err) {
		return false
	}
	for i, name := range names {
		if !slices.Contains(batchColumns[:], name) {
			r.fault(i, name, "no column of a batch", "the columns are "+strings.Join(batchColumns[:], ", "))
		}
		r.at[name] = i
	}
	if _, ok := r.at[batchColumns[0]]; !ok {
		r.fault(0, batchColumns[0], "the column is missing", "it holds the number printed on the card")
	}
	return len(r.faults) == 0
}

func (r *batchReader) fault(column int, field, problem, remedy string) {
	line, at := r.csv.FieldPos(column)
	r.faults = append(r.faults, loyalty.DocError{Line: line, Column: at, Field: field, Problem: problem, Remedy: remedy})
}

func (r *batchReader) row(record []string) (row BatchRow) {
	row.Line, _ = r.csv.FieldPos(0)
	field := func(name string) (text string, column int) {
		if i, ok := r.at[name]; ok {
			return strings.TrimSpace(record[i]), i
		}
		return "", 0
	}
	text, column := field("number")
	var err error
	if row.Number, err = loyalty.NewCardNumber(text); err != nil {
		r.fault(column, "number", "no card number", "give the 8 to 19 digits printed on the card")
	} else if before, twice := r.seen[row.Number]; twice {
		r.fault(column, "number", fmt.Sprintf("stands in line %d as well", before), "give each number one card")
	} else {
		r.seen[row.Number] = row.Line
	}
	if text, column = field("member"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			r.fault(column, "member", fmt.Sprintf("%q is no member", text), "give the member's number in the register, or nothing for a new one")
		}
		row.Member = loyalty.MemberID(n)
	}
	if row.Language, column = field("language"); row.Language == "" && row.Member == 0 || row.Language != "" && checkLanguage(row.Language) != nil {
		r.fault(column, "language", fmt.Sprintf("%q is no language", row.Language), "give two letters such as lv")
	}
	if row.Tier, column = field("tier"); len(row.Tier) > maxTier {
		r.fault(column, "tier", fmt.Sprintf("more than %d bytes", maxTier), "give the id of a tier")
	}
	return row
}
