package agent

import (
	"errors"
	"fmt"
	"time"

	"loyaltill/store/agentdb"
)

// Refusal is a call that was understood and cannot be done, or not now. Code is stable and public
// (docs/pos-integration.md); the sentence for the cashier is chosen from it at the edge.
type Refusal struct {
	Code       string
	Retryable  bool          // the same call with the same key may succeed later
	Field      string        // of the request, when one is to blame
	TriesLeft  int           // with CodePINWrong and CodePUKWrong
	Approvable bool          // with CodeTooMuch: somebody who may do what a manager may can answer for it (Approve)
	Quote      *Quote        // with CodeQuoteChanged: what holds now
	Faults     []string      // with CodeTemplateRefused and CodeLanesWrong: what is wrong, and the remedy, of each
	Wait       time.Duration // with CodeStaffPINWrong and CodeStaffWait: before the next try
	cause      error
}

func (r *Refusal) Error() string {
	s := r.Code
	if r.Field != "" {
		s += " at " + r.Field
	}
	if r.cause != nil {
		s = fmt.Sprintf("%s: %v", s, r.cause)
	}
	return s
}

func (r *Refusal) Unwrap() error { return r.cause }

// Codes of refusals.
const (
	CodeLaneUnknown        = "lane_unknown"
	CodeSaleUnknown        = "sale_unknown"
	CodeSaleElsewhere      = "sale_elsewhere"
	CodeJobUnknown         = "job_unknown"
	CodeMemberUnknown      = "member_unknown"
	CodeMemberNoCard       = "member_no_card"         // of the chain, that could be blocked
	CodeMemberKnown        = "member_known"           // the card to be enrolled is a member's
	CodeEnrolOff           = "enrol_off"              // the programme has no text to agree to
	CodeConsentChanged     = "consent_changed"        // another version of the text is in force
	CodeMemberNumbers      = "member_numbers_used_up" // until head office gives the store more
	CodeCouponUnknown      = "coupon_unknown"
	CodeCouponVoid         = "coupon_void"       // taken out of use
	CodeCouponUnnumbered   = "coupon_unnumbered" // every paper of its kind is the same
	CodeNothingToVoid      = "nothing_to_void"
	CodeBillUnreadable     = "bill_unreadable"
	CodeKeyReused          = "key_reused"
	CodeQuoteChanged       = "quote_changed"
	CodeCardTapAgain       = "card_tap_again"
	CodeCardSessionStale   = "card_session_stale" // as card_tap_again: the card has forgotten the session
	CodeCardUnproved       = "card_unproved"      // as card_tap_again: the answer has not the card's MAC
	CodeCardNeeded         = "card_needed"
	CodeCardHere           = "card_here" // in the reader: it is not lost
	CodePINNeeded          = "pin_needed"
	CodePINWrong           = "pin_wrong"
	CodePINBlocked         = "pin_blocked"
	CodePINFormat          = "pin_format"
	CodePINNotSet          = "pin_not_set"
	CodePINSet             = "pin_set"
	CodePINsDiffer         = "pins_differ"
	CodePUKWrong           = "puk_wrong"
	CodePUKBlocked         = "puk_blocked"
	CodePUKNotSet          = "puk_not_set"
	CodePINWrongUntold     = "pin_wrong_untold" // the card does not tell how many tries are left
	CodePINLastTry         = "pin_last_try"
	CodePINOnReader        = "pin_on_reader"
	CodePINCancelled       = "pin_cancelled"
	CodePINTimeout         = "pin_timeout"
	CodePinpadMissing      = "pinpad_missing"
	CodePinpadFailed       = "pinpad_failed"
	CodeCardFunds          = "card_funds"
	CodeRedeemRefused      = "redeem_refused"
	CodeTendersWrong       = "tenders_wrong"
	CodeFieldInvalid       = "field_invalid"
	CodeNoProgramme        = "no_programme"
	CodeProgrammeLater     = "programme_not_begun" // by the store's clock, which may be wrong
	CodeNothingToClose     = "nothing_to_close"
	CodeSaleSettled        = "sale_settled"
	CodePointsElsewhere    = "points_elsewhere" // another store has them, or is about to
	CodeAdvanceGone        = "advance_gone"     // the card has its points back
	CodeJobBusy            = "job_busy"         // it is being printed
	CodeJobState           = "job_state"        // it cannot do that, or not any more
	CodePrinterMissing     = "printer_missing"  // the lane has none, or none with a drawer
	CodeTemplateRefused    = "template_refused" // to preview: its faults are named
	CodeLedgerUnavailable  = "ledger_unavailable"
	CodeEntryPruned        = "entry_pruned" // known, and older than what the store keeps
	CodeReferralUnknown    = "referral_unknown"
	CodeReservationUnknown = "reservation_unknown"
	CodeReserveSettled     = "reserve_settled"
	CodeVoidLate           = "void_late"     // not of today, not of here, or not whole any more
	CodeGoodsUnknown       = "goods_unknown" // this store has not sold them lately
	CodeBasketUnknown      = "basket_unknown"
	CodeBasketTaken        = "basket_taken" // another till has it
	CodeBasketsFull        = "baskets_full"
	CodeTooMuch            = "too_much"  // at once, by the programme's limits
	CodeTooOften           = "too_often" // for this member in this store

	CodePairForm      = "pair_form"      // what was typed is no pairing code
	CodePairRefused   = "pair_refused"   // wrong, used, or over
	CodePairAddress   = "pair_address"   // head office's address is missing, or none
	CodePairStranger  = "pair_stranger"  // another head office than the one that made the code
	CodePairSilent    = "pair_silent"    // head office does not answer
	CodePairDone      = "pair_done"      // the store is paired, or set up
	CodePairLedger    = "pair_ledger"    // of an earlier life, which lies in the data folder
	CodeDeviceUnknown = "device_unknown" // neither plugged in nor configured
	CodeLanesWrong    = "lanes_wrong"    // its faults are named

	CodeLanePapers      = "lane_papers"      // a till that is to go has papers that are not settled
	CodePrinterTaken    = "printer_taken"    // by a till that runs
	CodeConfigByHand    = "config_by_hand"   // the file is laid out as no page can change it
	CodeConfigLocked    = "config_locked"    // the agent may not write it
	CodeTicketUnprinted = "ticket_unprinted" // or none, or answered already
	CodeRestarting      = "agent_restarting"
	CodeBusySale        = "busy_sale" // what a restart waits for
	CodeBusyPrint       = "busy_print"

	CodeStaffPINWrong   = "staff_pin_wrong"
	CodeStaffPINEasy    = "staff_pin_easy"
	CodeStaffWait       = "staff_wait" // too many wrong PINs
	CodeStaffUnknown    = "staff_unknown"
	CodeStaffName       = "staff_name"       // somebody who works here has it
	CodeStaffLast       = "staff_last"       // nobody would be left who may change anything
	CodeSecondNeeded    = "second_needed"    // beyond what one person may do
	CodeSecondSame      = "second_same"      // the second person is the first, or neither is a manager
	CodeApprovalNeeded  = "approval_needed"  // the store wants somebody to answer for it (staff.approve)
	CodeOfficeAway      = "office_away"      // nobody but head office can say whether it may be done
	CodeReceiverUnknown = "receiver_unknown" // no member has the number that is to get the points
	CodeTransferUnknown = "transfer_unknown" // no transfer was booked under that key
	CodeApprovalUnknown = "approval_unknown" // nothing was refused under this key, or too long ago
	CodeApproverRole    = "approver_role"

	CodeLaneInTraining = "lane_in_training" // nothing real is done at it
	CodeTrainingBusy   = "training_busy"    // a real member or card is at the till
	CodeTrainingStaff  = "training_staff"   // somebody with the right begins it
	CodeTrainingOff    = "training_off"     // by the configuration
	CodeTrainingNone   = "training_none"    // the lane is not in training

	CodeAlertUnknown  = "alert_unknown"  // or not there any more
	CodeAlertOwn      = "alert_own"      // it is about whoever wants to see to it
	CodeSupportUnset  = "support_unset"  // nobody can be told: the configuration has no key of support
	CodeOriginUnknown = "origin_unknown" // of a web page that was not let in
)

// Codes of cards that were refused at the tap.
const (
	CodeCardUnknown     = "card_unknown"
	CodeCardRandom      = "card_random" // a phone, or a card without a number of its own
	CodePaymentCard     = "payment_card"
	CodeCardBlocked     = "card_blocked"
	CodeMemberErased    = "member_erased" // the card's member was erased at head office
	CodeCardExpired     = "card_expired"
	CodeCardWrongIssuer = "card_wrong_issuer"
	CodeCardCounterfeit = "card_counterfeit"
	CodeCardCopied      = "card_copied" // genuine, but this store or head office knows what came after what it holds
	CodeCardUnreadable  = "card_unreadable"
	CodeCardMute        = "card_mute"        // no answer to reset, or a damaged one
	CodeCardAnswerCut   = "card_answer_cut"  // an answer broke off
	CodeCardAnswerLong  = "card_answer_long" // an answer went on beyond its end
	CodeCardTerminated  = "card_terminated"
	CodeReaderBusy      = "reader_busy"
	CodeIssuerRevoked   = "card_issuer_revoked"
	CodeCardInTraining  = "card_in_training" // a real card at a till where somebody practises
)

func refuse(code string, cause error) *Refusal { return &Refusal{Code: code, cause: cause} }

func refuseForNow(code string, cause error) *Refusal {
	return &Refusal{Code: code, Retryable: true, cause: cause}
}

// RefusalOf is what an error tells the caller; nil for a fault of ours.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	switch {
	case errors.Is(err, agentdb.ErrPruned):
		return refuse(CodeEntryPruned, err)
	case errors.As(err, &r):
		return r
	}
	return nil
}
