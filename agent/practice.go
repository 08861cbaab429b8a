package agent

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/devices/card"
	"loyaltill/devices/escpos"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// practicePIN is that of every practice card; the page shows it to whoever practises.
const practicePIN = "1234"

// Kinds of practice cards: what can be practised with each.
const (
	practicePoints  = "points"  // of a member who has plenty
	practiceFew     = "few"     // of a member who has next to nothing
	practiceBlocked = "blocked" // of a member who is blocked
	practiceNew     = "new"     // nobody's yet: enrol it
	practiceDamaged = "damaged" // cannot be read
)

// practiceCard is a card that is none: a number, a PIN and its tries.
type practiceCard struct {
	kind   string
	number string
	points loyalty.Points
	tries  int
}

// practice is what makes an agent one of a training: its cards, and where its papers go.
type practice struct {
	training Training // without the token
	cards    []*practiceCard
	paper    press
	people   *agentdb.DB // who works here: the store's own books, so that a wrong PIN counts wherever it is typed
}

func newPractice(t *training) *practice {
	p := &practice{training: t.Training, people: t.till.a.db, paper: screen{since: t.Since}}
	p.training.Token = ""
	if t.Print {
		p.paper = lent{press: t.till.queue.printer, screen: screen{since: t.Since}}
	}
	for i, c := range []practiceCard{
		{kind: practicePoints, points: 2500}, {kind: practiceFew, points: 40}, {kind: practiceBlocked}, {kind: practiceNew}, {kind: practiceDamaged},
	} {
		c.number, c.tries = fmt.Sprintf("99990000%04d", i+1), maxPINTries
		p.cards = append(p.cards, &c)
	}
	return p
}

// The numbers of members of a training: those of the cards, and those that can be enrolled.
const (
	practiceMembers loyalty.MemberID = 1
	practiceFirst   loyalty.MemberID = 101
	practiceLast    loyalty.MemberID = 999
	practiceYears                    = 1 // until points end
)

// seed gives a training's books the store's programmes and members of its own. Nothing of a real member comes along.
func (p *practice) seed(ctx context.Context, from, to *agentdb.DB, id *store.Identity) error {
	programmes, err := from.Programmes(ctx)
	if err != nil {
		return err
	}
	var changes []agentdb.Change
	for i := range programmes {
		changes = append(changes, agentdb.Change{Programme: &programmes[i]})
	}
	for i, c := range p.cards {
		if c.kind != practiceNew && c.kind != practiceDamaged {
			changes = append(changes, agentdb.Change{Member: c.member(practiceMembers+loyalty.MemberID(i), id, p.training.Since)})
		}
	}
	changes = append(changes, agentdb.Change{Range: &agentdb.MemberRange{
		Store: to.Store(), Epoch: to.Epoch(), MemberRange: loyalty.MemberRange{First: practiceFirst, Last: practiceLast},
	}})
	page := agentdb.FeedPage{Epoch: 1, UpToDate: true, Next: int64(len(changes)), Changes: changes, Asked: p.training.Since}
	for i := range changes {
		changes[i].Seq = int64(i + 1)
	}
	_, err = to.ApplyFeed(ctx, page)
	return err
}

func (c *practiceCard) member(n loyalty.MemberID, id *store.Identity, now time.Time) *agentdb.Member {
	m := &agentdb.Member{ID: n, Status: agentdb.MemberActive, Balance: c.points,
		Numbers: []agentdb.Number{{HMAC: id.NumberHMAC(c.number), Masked: c.masked()}}}
	if c.kind == practiceBlocked {
		m.Status = agentdb.MemberBlocked
	}
	if c.points > 0 {
		m.Lots = []loyalty.Lot{{ID: loyalty.LotID(fmt.Sprintf("%d-1-%d.1", id.Store, n)), Remaining: c.points, Earned: now.Format(time.DateOnly),
			Expires: now.AddDate(practiceYears, 0, 0).Format(time.DateOnly)}}
	}
	return m
}

func (c *practiceCard) masked() string {
	n, err := loyalty.NewCardNumber(c.number)
	if err != nil {
		panic(err) // the numbers are ours
	}
	return n.Masked()
}

// verify is one try at the card's PIN, as a real card has it.
func (c *practiceCard) verify(pin *card.PIN, lastTry bool) error {
	switch {
	case c.tries == 0:
		return card.ErrPINBlocked
	case c.tries == 1 && !lastTry:
		return card.ErrLastTry
	}
	digits, err := pin.AppendDigits(nil)
	defer clear(digits)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(digits, []byte(practicePIN)) == 1 {
		c.tries = maxPINTries
		return nil
	}
	if c.tries--; c.tries == 0 {
		return card.ErrPINBlocked
	}
	return &card.PINError{TriesLeft: c.tries}
}

// equip gives a lane of a training its printer: the screen, or the real lane's own lent to it.
func (p *practice) equip(l *lane) error {
	name := l.cfg.Printer.Profile
	if l.cfg.Printer.Device == "" {
		name = usualProfile
	}
	profile, err := escpos.FindProfile(name, l.a.cfg.Printers.Profiles)
	if err != nil {
		return err
	}
	l.queue = &queue{a: l.a, name: printerName(l.cfg.Number), profile: profile, printer: p.paper, woken: make(chan struct{}, 1)}
	return nil
}

// health is that of the reader that there is not.
func (p *practice) health() devices.Health {
	return devices.Health{State: devices.OK, Since: p.training.Since}
}

// PracticeCard is one that can be put into the reader of a lane in training.
type PracticeCard struct {
	Card      int            `json:"card" doc:"1 is the first; PUT …/practice-card puts it in"`
	Kind      string         `json:"kind" enum:"points,few,blocked,new,damaged"`
	Number    string         `json:"number" doc:"to be typed or scanned in its place"`
	PIN       string         `json:"pin,omitempty"`
	Points    loyalty.Points `json:"points" doc:"of its member when the training began"`
	TriesLeft int            `json:"tries_left" doc:"of its PIN"`
	Inside    bool           `json:"inside" doc:"it is in the reader"`
}

// PracticeCards are the cards of a training.
func (a *Agent) PracticeCards(ctx context.Context, n loyalty.LaneID) ([]PracticeCard, error) {
	var all []PracticeCard
	return all, a.practise(ctx, n, func(_ context.Context, l *lane) error {
		all = l.practiceCards()
		return nil
	})
}

func (l *lane) practiceCards() []PracticeCard {
	all := make([]PracticeCard, len(l.a.practice.cards))
	for i, c := range l.a.practice.cards {
		all[i] = PracticeCard{Card: i + 1, Kind: c.kind, Number: c.number, Points: c.points, Inside: c == l.inside}
		if c.kind == practicePoints || c.kind == practiceFew {
			all[i].PIN, all[i].TriesLeft = practicePIN, c.tries
		}
	}
	return all
}

// PutPracticeCard puts a practice card into the reader, 0 takes out what is in it.
func (a *Agent) PutPracticeCard(ctx context.Context, n loyalty.LaneID, number int) (LaneState, error) {
	err := a.practise(ctx, n, func(ctx context.Context, l *lane) error {
		if number < 0 || number > len(a.practice.cards) {
			return &Refusal{Code: CodeFieldInvalid, Field: "card"}
		}
		l.endSession()
		if number == 0 {
			l.inside = nil
			l.setCard(CardNone, "")
			return nil
		}
		l.practiceTap(ctx, a.practice.cards[number-1])
		return nil
	})
	if err != nil {
		return LaneState{}, err
	}
	return a.Lane(n)
}

// practise does something with the reader of a lane in training.
func (a *Agent) practise(ctx context.Context, n loyalty.LaneID, do func(context.Context, *lane) error) error {
	if a.practice == nil {
		return refuse(CodeTrainingNone, nil)
	}
	l, err := a.lane(n)
	if err != nil {
		return err
	}
	return l.call(ctx, func(ctx context.Context) error { return do(ctx, l) })
}

// practiceTap is a tap of a card that is none.
func (l *lane) practiceTap(ctx context.Context, c *practiceCard) {
	l.inside = c
	if c.kind == practiceDamaged {
		l.refusePractice(refuse(CodeCardUnreadable, nil))
		return
	}
	who, err := l.a.memberOf(ctx, c.number, ownCard())
	if err == nil {
		err = l.fill(ctx, who)
	}
	if err != nil {
		l.refusePractice(err)
		return
	}
	who.pin = &PINState{TriesLeft: c.tries, Blocked: c.tries == 0, Entry: PINAtTill}
	l.setWho(who)
	l.setCard(CardReady, "")
}

// fill puts onto a practice card what its member has.
func (l *lane) fill(ctx context.Context, who *identified) error {
	balance, err := l.a.db.Balance(ctx, who.member)
	who.practice, who.purse = true, balance
	return err
}

// payByPractice books a sale whose points go off a practice card.
func (l *lane) payByPractice(ctx context.Context, s *sale) (agentdb.Committed, error) {
	committed, err := l.a.append(ctx, s, nil)
	if err == nil && !committed.Replayed {
		l.purseIs(uint32(s.bill.who.purse - s.bill.quote.Debit()))
	}
	return committed, err
}

// refusePractice shows why a practice card is not taken; it stays in the reader.
func (l *lane) refusePractice(err error) {
	in := l.inside
	l.refuseCard(err)
	l.inside = in
}

// realCard tells a lane in training that a real card has come, or gone. It is not read, and nothing is written to it.
func (t *training) realCard(ctx context.Context, present bool) {
	l := t.agent.lanes[0]
	state := CardState{State: CardNone}
	if present {
		state = CardState{State: CardRefused, Code: CodeCardInTraining}
	}
	t.till.showCard(state)
	err := l.call(ctx, func(context.Context) error {
		l.endSession()
		l.setWho(nil)
		l.showCard(state)
		return nil
	})
	if err != nil {
		t.till.a.log.Debug().Err(err).Uint8("lane", uint8(t.till.cfg.Number)).Msg("training ends while a card comes or goes")
	}
}
