package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
)

// Code names what went wrong, for programs. Codes are stable; titles and details are for people.
type Code string

const (
	CodeDamaged         Code = "damaged"
	CodeBadRequest      Code = "bad_request"
	CodeUnauthorised    Code = "unauthorised"
	CodeForbidden       Code = "forbidden"
	CodeFenced          Code = "fenced"
	CodeRevoked         Code = "revoked"
	CodeCodeRefused     Code = "code_refused"
	CodeNotFound        Code = "not_found"
	CodeGap             Code = "gap"
	CodeFork            Code = "fork"
	CodeEpochClosed     Code = "epoch_closed"
	CodeFeedReset       Code = "feed_reset"
	CodeFeedCompacted   Code = "feed_compacted"
	CodePointsShort     Code = "points_short"
	CodeTooLarge        Code = "too_large"
	CodeUnsupported     Code = "unsupported"
	CodeChainBroken     Code = "chain_broken"
	CodeUpgradeRequired Code = "upgrade_required"
	CodeOverloaded      Code = "overloaded"
	CodeInternal        Code = "internal"
	CodeUnavailable     Code = "unavailable"
)

// Class is what a store does about a problem. No class deletes anything.
type Class int

const (
	AgainLater   Class = iota // wait, then the same again, for ever
	AgainNow                  // the same bytes once more; the second time AgainLater
	Rewind                    // continue from Problem.Expected
	Rehandshake               // open a session again and obey its verdict
	Shrink                    // halve the batch
	RestartFeed               // pull the feed from 0 in its new epoch
	TakeSnapshot              // take the newest snapshot of the feed, then pull on from it
	RefuseSale                // this one sale does not get the points; nothing else changes
	StopAndTell               // keep everything, stop uploading, tell the manager
)

// codeRow is one row of the table of errors (docs/wire.md, 8).
type codeRow struct {
	code   Code
	status int
	class  Class
	title  string
}

// codes is the whole table; the first row of a status stands for answers of that status that carry no code of ours.
func codes() []codeRow {
	return []codeRow{
		{CodeBadRequest, http.StatusBadRequest, StopAndTell, "The request is not what the protocol says"},
		{CodeDamaged, http.StatusBadRequest, AgainNow, "The content was damaged on its way"},
		{CodeUnauthorised, http.StatusUnauthorized, StopAndTell, "The certificate is missing or not accepted"},
		{CodeForbidden, http.StatusForbidden, StopAndTell, "The certificate belongs to another store or epoch"},
		{CodeFenced, http.StatusForbidden, Rehandshake, "A newer session holds this store"},
		{CodeRevoked, http.StatusForbidden, StopAndTell, "Head office has revoked this box's certificate"},
		{CodeCodeRefused, http.StatusForbidden, StopAndTell, "The code is wrong, was used, or is over"},
		{CodeNotFound, http.StatusNotFound, StopAndTell, "There is nothing at this address"},
		{CodeGap, http.StatusConflict, Rewind, "Entries before this batch are missing"},
		{CodeFork, http.StatusConflict, Rehandshake, "Another entry is known under the same number"},
		{CodeEpochClosed, http.StatusConflict, Rehandshake, "This life of the store's log is closed"},
		{CodePointsShort, http.StatusConflict, RefuseSale, "The member has fewer points left"},
		{CodeFeedReset, http.StatusGone, RestartFeed, "The cursor is of another feed epoch or too old"},
		{CodeFeedCompacted, http.StatusGone, TakeSnapshot, "What came after the cursor is not kept whole any more"},
		{CodeTooLarge, http.StatusRequestEntityTooLarge, Shrink, "The batch is larger than the limit"},
		{CodeUnsupported, http.StatusUnsupportedMediaType, StopAndTell, "The content type or coding is not known"},
		{CodeChainBroken, http.StatusUnprocessableEntity, StopAndTell, "The chain inside the batch does not add up"},
		{CodeUpgradeRequired, http.StatusUpgradeRequired, StopAndTell, "The protocol version is no longer spoken"},
		{CodeOverloaded, http.StatusTooManyRequests, AgainLater, "Head office is busy"},
		{CodeInternal, http.StatusInternalServerError, AgainLater, "Head office has a fault"},
		{CodeUnavailable, http.StatusServiceUnavailable, AgainLater, "Head office is not available"},
	}
}

// Codes are all that there are, in the order of the table.
func Codes() []Code {
	var all []Code
	for _, row := range codes() {
		all = append(all, row.code)
	}
	return all
}

// typePrefix makes a code a problem type (RFC 9457, 3.1.1).
const typePrefix = "urn:loyaltill:problem:"

// Problem is an RFC 9457 document and an error.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   Code   `json:"code"`

	Expected    loyalty.Seq `json:"expected,omitempty"`     // gap: the first sequence number that is missing
	Max         int         `json:"max,omitempty"`          // too_large: entries, or bytes when above MaxBatchEntries
	Available   int64       `json:"available,omitempty"`    // points_short: what could be had
	MinProtocol int         `json:"min_protocol,omitempty"` // upgrade_required
	FeedEpoch   uint32      `json:"feed_epoch,omitempty"`   // feed_reset: the epoch to pull from 0

	RetryAfter time.Duration `json:"-"` // from or to the Retry-After header, whole seconds
}

// NewProblem fills in status, type and title of a code.
func NewProblem(code Code, format string, args ...any) *Problem {
	p := &Problem{Type: typePrefix + string(code), Code: code, Detail: fmt.Sprintf(format, args...)}
	for _, row := range codes() {
		if row.code == code {
			p.Status, p.Title = row.status, row.title
			return p
		}
	}
	panic("wire: problem code " + string(code) + " is not in the table")
}

func (p *Problem) Error() string {
	s := fmt.Sprintf("head office answered %d %s", p.Status, p.Code)
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}

// Known says whether the code is one of this protocol's.
func (p *Problem) Known() bool {
	return slices.ContainsFunc(codes(), func(row codeRow) bool { return row.code == p.Code })
}

// Class says what to do about the problem.
func (p *Problem) Class() Class {
	for _, row := range codes() {
		if row.code == p.Code {
			return row.class
		}
	}
	return classOfStatus(p.Status)
}

// classOfStatus serves answers without a code of ours, such as a proxy's.
func classOfStatus(status int) Class {
	for _, row := range codes() {
		if row.status == status {
			return row.class
		}
	}
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout {
		return StopAndTell
	}
	return AgainLater
}

// ClassOf says what to do about any error of a HeadOffice: what is no Problem is the network's and passes.
func ClassOf(err error) Class {
	var p *Problem
	if errors.As(err, &p) {
		return p.Class()
	}
	return AgainLater
}

// WriteProblem answers a request with the problem.
func WriteProblem(w http.ResponseWriter, p *Problem) error {
	h := w.Header()
	h.Set("Content-Type", TypeProblem)
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		seconds := (p.RetryAfter + time.Second - 1) / time.Second
		h.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	w.WriteHeader(p.Status)
	return json.NewEncoder(w).Encode(p)
}

// ReadProblem makes a Problem of an answer outside 2xx, whoever wrote it. It reads the body and leaves closing it to
// the caller. now is only used for a Retry-After that is a date.
func ReadProblem(resp *http.Response, now time.Time) *Problem {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxProblemBytes))
	isProblem := strings.HasPrefix(resp.Header.Get("Content-Type"), TypeProblem)
	if err != nil || !isProblem || json.Unmarshal(body, p) != nil {
		p = &Problem{Title: http.StatusText(resp.StatusCode)}
	}
	p.Status = resp.StatusCode
	p.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	return p
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3); nonsense counts as absent.
func retryAfter(v string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), MaxRetryAfter)
}
