package agent

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices"
)

// LaneState is a lane as POS software and the till page see it.
type LaneState struct {
	Lane    loyalty.LaneID `json:"lane"`
	Name    string         `json:"name"`
	Reader  devices.Health `json:"reader"`
	Printer PrinterState   `json:"printer"`
	Card    CardState      `json:"card"`
	Member  *Member        `json:"member,omitempty"`
	Waiting *Waiting       `json:"waiting,omitempty"`
	Jobs    int            `json:"jobs" doc:"print jobs that are not on paper yet"`

	Training *Training `json:"training,omitempty" doc:"somebody practises here; absent: sales count"`
}

// PrinterState is a lane's printer: how it does, and what it can promise.
type PrinterState struct {
	devices.Health
	Level      string `json:"level,omitempty" doc:"what it can say of a paper: printed, processed, status (paper and cover only), one_way (nothing)"`
	Model      string `json:"model,omitempty" doc:"as it names itself"`
	Serial     string `json:"serial,omitempty" doc:"the same"`
	Device     string `json:"device,omitempty" doc:"the port it was found at"`
	Baud       int    `json:"baud,omitempty" doc:"of a serial line"`
	Percent    int    `json:"percent,omitempty" doc:"with printer_progress: how much of the paper is printed"`
	DrawerOpen bool   `json:"drawer_open,omitempty" doc:"the drawer's switch is closed or open, as it is wired"`
}

// CardPhase is how far the tap has come.
type CardPhase string

const (
	CardNone     CardPhase = "none"
	CardReading  CardPhase = "reading"
	CardReady    CardPhase = "ready"
	CardRefused  CardPhase = "refused"
	CardTapAgain CardPhase = "tap_again"
	CardPINFirst CardPhase = "pin"       // a card of another maker tells whose it is after its PIN
	CardPINEntry CardPhase = "pin_entry" // the customer types on the reader
)

// CardState is the card in the reader.
type CardState struct {
	State CardPhase `json:"state"`
	Code  string    `json:"code,omitempty" doc:"why the card was refused, or what is waited for"`

	Entry    PINEntry `json:"entry,omitempty" doc:"with pin: where it is typed, till (POST …/pin) or pinpad (POST …/pinpad)"`
	Enrols   bool     `json:"enrols,omitempty" doc:"with member_unknown: POST /v1/members takes the card in the reader"`
	Programs string   `json:"programs,omitempty" doc:"with reader_busy: the programs that may have the reader, as far as the agent may see"`
}

// Member is who tapped, or whose number was typed.
type Member struct {
	ID        loyalty.MemberID `json:"id"`
	Number    string           `json:"number" doc:"masked"`
	Tier      string           `json:"tier,omitempty"`
	Language  string           `json:"language,omitempty"`
	Balance   loyalty.Points   `json:"balance"`
	Available loyalty.Points   `json:"available" doc:"what this medium lets them redeem now"`
	Medium    loyalty.Medium   `json:"medium"`
	By        string           `json:"by" enum:"card,number" doc:"how this lane knows them: by a card, or by a number that was typed, scanned or swiped"`
	PIN       *PINState        `json:"pin,omitempty"`
	AsOf      time.Time        `json:"as_of,omitzero" doc:"when head office last told this store about its members"`
}

// PINState is what the card says about its PIN.
type PINState struct {
	Verified  bool `json:"verified"`
	TriesLeft int  `json:"tries_left"`
	Blocked   bool `json:"blocked" doc:"POST …/unblock takes the PUK"`
	NotSet    bool `json:"not_set,omitempty" doc:"the member chooses the first one: PUT …/pin"`

	Entry PINEntry `json:"entry,omitempty" doc:"where the PIN is typed: till (POST …/pin) or pinpad (POST …/pinpad); absent when the card is gone"`
}

// Waiting is a sale that hangs on a card which did not answer.
type Waiting struct {
	Sale loyalty.TxnID `json:"sale"`
	Code string        `json:"code"`
}

// Status is the store at a glance.
type Status struct {
	Store     loyalty.StoreID `json:"store"`
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	Day       string          `json:"day" doc:"business day"`
	Programme string          `json:"programme,omitempty" doc:"digest of the version in force"`
	Currency  string          `json:"currency"`
	TimeZone  string          `json:"time_zone" doc:"of the store, such as Europe/Riga; the times on its paper and its pages are in it"`
	Sync      SyncState       `json:"sync"`
	Lanes     []LaneState     `json:"lanes"`
	Debits    []OpenDebit     `json:"debits,omitempty" doc:"sales that wait for what a card did"`
	Paper     PaperState      `json:"paper"`
	SignIn    SignIn          `json:"sign_in" enum:"none,may,must" doc:"at a till, with number and PIN; none: nobody works here yet"`

	Alerts map[AlertKind]int64 `json:"alerts,omitempty" doc:"that nobody has looked at, by kind"`
}

// Words for how the templates of paper fare.
const (
	PaperGood    = "good"
	PaperRefused = "refused"
)

// PaperState is how the templates of paper fare.
type PaperState struct {
	State   string   `json:"state" enum:"good,refused" doc:"refused: the folder has faults; the last good templates, or the built-in ones, print on"`
	Folder  string   `json:"folder,omitempty" doc:"of the store's own templates; absent when none is configured"`
	Version string   `json:"version,omitempty" doc:"of the store's own files that are in force, a hash; absent when the built-in templates print"`
	Faults  []string `json:"faults,omitempty" doc:"file, line, field and remedy of each"`
}

// OpenDebit is a sale for which a card was asked to pay, and whose outcome this store does not know.
type OpenDebit struct {
	Sale      loyalty.TxnID  `json:"sale"`
	Card      loyalty.CardID `json:"card"`
	Lane      loyalty.LaneID `json:"lane"`
	Points    loyalty.Points `json:"points"`
	Since     time.Time      `json:"since"`
	Dropped   bool           `json:"dropped" doc:"the sale is no longer wanted; the points go back"`
	Forgotten bool           `json:"forgotten" doc:"the card no longer remembers it: head office decides"`
	Paid      bool           `json:"paid" doc:"the card proved elsewhere that it paid; drop the sale if the goods were not handed out"`
}

// SyncState is how far head office and the store agree.
type SyncState struct {
	State        string      `json:"state"`
	Code         string      `json:"code,omitempty"`
	Since        time.Time   `json:"since"`
	Head         loyalty.Seq `json:"head" doc:"last entry of the store's log"`
	Through      loyalty.Seq `json:"through" doc:"last entry that head office has signed for"`
	Feed         string      `json:"feed" doc:"how members and programmes come from head office: starting, in_sync, fetching, offline, refused"`
	FeedThrough  loyalty.Seq `json:"feed_through" doc:"last entry that the balances from head office include"`
	FeedComplete bool        `json:"feed_complete" doc:"members and programmes were pulled to the end at least once"`
	Refused      string      `json:"refused,omitempty" doc:"digest of a programme that came without head office's signature; the version before stays in force"`
	FeedAt       time.Time   `json:"feed_at,omitzero" doc:"when head office last told this store about its members"`
}

// astray says that head office has posted what this store's log does not hold: a backup was restored. What members have is then not to
// be known here, for what stood in its place may have been spent, and own sales under the same numbers are not in what head office tells.
func (s SyncState) astray() bool {
	posted := s.FeedThrough > s.Through && s.State != "sending" // head office may tell of a batch before its answer is here
	return posted || s.State == "forked" || s.State == "decided"
}

// inReach says that head office answers: it takes what is sold here, and what it tells of members is of now.
func (s SyncState) inReach() bool {
	return (s.State == "in_sync" || s.State == "sending") && s.Feed == "in_sync"
}
