package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// Problem is every answer that is not a success (RFC 9457).
type Problem struct {
	Type       string         `json:"type" doc:"urn:loyaltill:problem: and the code"`
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Code       string         `json:"code" doc:"stable; decide by this"`
	Retryable  bool           `json:"retryable" doc:"the same call with the same key may succeed later"`
	Message    string         `json:"message" doc:"a sentence for the cashier, in the language asked for"`
	Errors     []FieldProblem `json:"errors,omitempty"`
	TriesLeft  *int           `json:"tries_left,omitempty" doc:"with pin_wrong and puk_wrong"`
	Approvable bool           `json:"approvable,omitempty" doc:"with approval_needed, and some of too_much and second_needed: POST /v1/approvals under the same key lets a supervisor answer for it"`
	Wait       int            `json:"wait_seconds,omitempty" doc:"with staff_pin_wrong and staff_wait: before the next try"`
	Quote      *agent.Quote   `json:"quote,omitempty" doc:"with quote_changed: what holds now"`
}

// FieldProblem is one place of the request and what is wrong with it. It never repeats the value.
type FieldProblem struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
}

func (p *Problem) Error() string             { return p.Code }
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Codes that only this edge gives.
const (
	codeBadRequest   = "bad_request"
	codeKeyMissing   = "key_missing"
	codeKeyInvalid   = "key_invalid"
	codeTokenMissing = "token_missing"
	codeTokenWrong   = "token_wrong"
	codeSessionOver  = "session_over"
	codeRoleRefused  = "role_refused"
	codeSignInNeeded = "sign_in_needed"
	codeOrigin       = "origin_refused"
	codePairingBusy  = "pairing_busy"
	codePairingOver  = "pairing_over"
	codeNotFound     = "not_found"
	codeTooLarge     = "body_too_large"
	codeContentType  = "content_type"
	codeTrainingOver = "training_over"
	codeInternal     = "internal"
)

// Codes of what the rules refuse and a cashier can mend. They are the engine's, written as codes of this edge.
const (
	codeReturnNothing = "return_nothing"
	codeReturnMore    = "return_more_than_sold"
	codeReturnToken   = "return_token_used"

	codeCouponUnreadable = "coupon_unreadable"
	codeCouponIssuer     = "coupon_unknown_issuer"
	codeCouponForged     = "coupon_forged"
	codeCouponCurrency   = "coupon_currency"
	codeCouponNotHere    = "coupon_not_here"
	codeCouponNotYet     = "coupon_not_yet"
	codeCouponExpired    = "coupon_expired"
	codeCouponUsed       = "coupon_used"
	codeCouponNotYours   = "coupon_not_yours"
	codeCouponGone       = "coupon_gone"
)

// statuses is the one table from codes to HTTP.
func statuses() map[string]int {
	all := map[string]int{
		codeBadRequest: 400, codeKeyMissing: 400, codeKeyInvalid: 400,
		codeTokenMissing: 401, codeTokenWrong: 401, codeSessionOver: 401, codeSignInNeeded: 401, codeTrainingOver: 401, codeOrigin: 403, codeRoleRefused: 403, codePairingBusy: 429, codePairingOver: 404, agent.CodeOriginUnknown: 404,
		codeNotFound: 404, codeTooLarge: 413, codeContentType: 415, codeInternal: 500,

		agent.CodeLaneUnknown: 404, agent.CodeSaleUnknown: 404, agent.CodeJobUnknown: 404, agent.CodeMemberUnknown: 404, agent.CodeCouponUnknown: 404, agent.CodeEntryPruned: 410,
		agent.CodeCouponVoid: 422, agent.CodeCouponUnnumbered: 422, agent.CodeNothingToVoid: 409,
		agent.CodeKeyReused: 409, agent.CodeMemberKnown: 409, agent.CodeMemberNoCard: 422, agent.CodeCardHere: 409, agent.CodeConsentChanged: 409, agent.CodeEnrolOff: 422, agent.CodeMemberNumbers: 503, agent.CodeQuoteChanged: 409, agent.CodeCardTapAgain: 409, agent.CodeCardSessionStale: 409, agent.CodeCardUnproved: 409, agent.CodeCardNeeded: 409, agent.CodePINNeeded: 409,
		agent.CodeNothingToClose: 409, agent.CodeProgrammeLater: 409, agent.CodeSaleSettled: 409, agent.CodeAdvanceGone: 409, agent.CodePointsElsewhere: 409, agent.CodeJobBusy: 409, agent.CodeJobState: 409, agent.CodePrinterMissing: 422,
		agent.CodePINWrong: 422, agent.CodePINBlocked: 422, agent.CodePINFormat: 422, agent.CodePINNotSet: 422, agent.CodePINSet: 422, agent.CodePINsDiffer: 422, agent.CodePUKWrong: 422, agent.CodePUKBlocked: 422, agent.CodePUKNotSet: 422,
		agent.CodePINWrongUntold: 422, agent.CodePaymentCard: 422, agent.CodeCardRandom: 422, agent.CodeCardUnknown: 422, agent.CodeCardUnreadable: 422, agent.CodeCardMute: 422, agent.CodeCardAnswerCut: 422, agent.CodeCardAnswerLong: 422, agent.CodePINLastTry: 422,
		agent.CodePINOnReader: 409, agent.CodePINCancelled: 409, agent.CodePINTimeout: 409, agent.CodePinpadMissing: 422, agent.CodePinpadFailed: 422,
		agent.CodeCardFunds: 422, agent.CodeRedeemRefused: 422, agent.CodeTendersWrong: 422, agent.CodeFieldInvalid: 422,
		agent.CodeCardBlocked: 422, agent.CodeMemberErased: 422, agent.CodeBillUnreadable: 422, agent.CodeSaleElsewhere: 422, agent.CodeReservationUnknown: 404, agent.CodeReserveSettled: 409, agent.CodeTooMuch: 422, agent.CodeTooOften: 422,
		codeReturnNothing: 422, codeReturnMore: 422, codeReturnToken: 422, ownCode(loyalty.ReturnNoBill): 422, agent.CodeGoodsUnknown: 422, agent.CodeVoidLate: 409,
		agent.CodeBasketUnknown: 404, agent.CodeBasketTaken: 409, agent.CodeBasketsFull: 409,
		codeCouponUnreadable: 422, codeCouponIssuer: 422, codeCouponForged: 422, codeCouponCurrency: 422, codeCouponNotHere: 422, codeCouponNotYet: 422,
		codeCouponExpired: 422, codeCouponUsed: 422, codeCouponNotYours: 422, codeCouponGone: 422,
		agent.CodeTemplateRefused: 422,
		agent.CodeStaffPINWrong:   401, agent.CodeStaffPINEasy: 422, agent.CodeStaffWait: 429, agent.CodeStaffUnknown: 404, agent.CodeStaffName: 409, agent.CodeStaffLast: 409, agent.CodeSecondNeeded: 409, agent.CodeApprovalNeeded: 422, agent.CodeOfficeAway: 503, agent.CodeReceiverUnknown: 404, agent.CodeTransferUnknown: 404, agent.CodeApprovalUnknown: 404, agent.CodeApproverRole: 422, agent.CodeSecondSame: 422, agent.CodeSupportUnset: 422, agent.CodeAlertUnknown: 404, agent.CodeAlertOwn: 409,
		agent.CodePairForm: 422, agent.CodePairRefused: 422, agent.CodePairAddress: 422, agent.CodePairStranger: 422, agent.CodePairSilent: 502, agent.CodePairDone: 409, agent.CodePairLedger: 409,
		agent.CodeDeviceUnknown: 422, agent.CodeLanesWrong: 422, agent.CodeLanePapers: 409, agent.CodePrinterTaken: 409, agent.CodeConfigByHand: 409, agent.CodeConfigLocked: 409, agent.CodeTicketUnprinted: 409,
		agent.CodeRestarting:     503,
		agent.CodeLaneInTraining: 409, agent.CodeTrainingBusy: 409, agent.CodeTrainingStaff: 403, agent.CodeTrainingOff: 422, agent.CodeTrainingNone: 409,
		agent.CodeNoProgramme: 503, agent.CodeLedgerUnavailable: 503,
	}
	for _, code := range [...]string{loyalty.ActivityUnknown, loyalty.ActivityDone, loyalty.ActivityProof, loyalty.ActivityUsed, loyalty.ActivityNotDue, loyalty.ActivityAnswer,
		loyalty.ReferralUnknown, loyalty.ReferralSelf, loyalty.ReferralBought,
		loyalty.MemberShort, loyalty.MemberLots, loyalty.MemberSame, loyalty.MemberLimit, loyalty.MemberNotAllowed, loyalty.MemberReason, loyalty.MemberReserved, loyalty.ReserveOver, loyalty.ReserveRuns} {
		all[ownCode(code)] = 422
	}
	for _, code := range loyalty.GiftCardCodes() {
		all[ownCode(code)] = 422
	}
	return all
}

// ownCode is the API's spelling of a code of the engine.
func ownCode(code string) string { return strings.ReplaceAll(code, ".", "_") }

// newProblem fills a problem in for a code.
func newProblem(ctx context.Context, code string) *Problem {
	refusedWith(ctx, code)
	status, known := statuses()[code]
	if !known {
		status = http.StatusInternalServerError
	}
	return &Problem{
		Type: "urn:loyaltill:problem:" + code, Title: http.StatusText(status), Status: status, Code: code,
		Message: i18n.Text(language(ctx), "cashier."+code, nil),
	}
}

// problem turns an error of the agent into the answer. What is not a refusal is logged here, once, and shown as internal.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	r := agent.RefusalOf(err)
	var bad *loyalty.SaleError
	switch {
	case r != nil:
		p := newProblem(ctx, r.Code)
		p.Retryable, p.Quote, p.Approvable = r.Retryable, r.Quote, r.Approvable
		p.Wait = int((r.Wait + time.Second - 1) / time.Second)
		if r.Field != "" {
			p.Errors = []FieldProblem{{Field: r.Field, Problem: p.Message}}
		}
		for _, f := range r.Faults {
			p.Errors = append(p.Errors, FieldProblem{Field: "template", Problem: f})
		}
		if r.Code == agent.CodePINWrong || r.Code == agent.CodePUKWrong {
			p.TriesLeft = &r.TriesLeft
			p.Message = i18n.Text(language(ctx), "cashier."+r.Code, i18n.Args{"count": r.TriesLeft})
		}
		return p
	case errors.As(err, &bad):
		code := ownCode(bad.Code)
		if _, own := statuses()[code]; !own {
			code = agent.CodeFieldInvalid
		}
		p := newProblem(ctx, code)
		p.Errors = []FieldProblem{{Field: bad.Field, Problem: bad.Code}}
		return p
	}
	s.log.Error().Err(err).Msg("call failed")
	p := newProblem(ctx, codeInternal)
	p.Retryable = true
	return p
}

// transform puts huma's own refusals (routing, decoding, validation) into the same shape. Values stay out: one may be a
// PIN or a card number.
func (s *Server) transform(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := codeInternal
	switch m.Status {
	case http.StatusBadRequest:
		code = codeBadRequest
	case http.StatusNotFound:
		code = codeNotFound
	case http.StatusRequestEntityTooLarge:
		code = codeTooLarge
	case http.StatusUnsupportedMediaType:
		code = codeContentType
	case http.StatusUnprocessableEntity:
		code = agent.CodeFieldInvalid
	default:
		s.log.Error().Int("status", m.Status).Str("detail", m.Detail).Msg("call refused")
	}
	p := newProblem(ctx.Context(), code)
	p.Status, p.Title = m.Status, http.StatusText(m.Status)
	for _, d := range m.Errors {
		p.Errors = append(p.Errors, FieldProblem{Field: d.Location, Problem: d.Message})
	}
	return p, nil
}

// write answers outside huma, where the guard refuses.
func (p *Problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and integers only
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the caller has gone when this fails
}

// Codes is every code that the API can answer, for whoever keeps their texts.
func Codes() []string { return slices.Sorted(maps.Keys(statuses())) }
