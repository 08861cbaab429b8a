package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/render"
	"loyaltill/devices/printer"
	"loyaltill/devices/reader"
	"loyaltill/internal/i18n"
	"loyaltill/internal/metrics"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// Agent runs one store.
type Agent struct {
	cfg      Config
	identity *store.Identity
	db       *agentdb.DB
	sync     func(context.Context) (SyncState, error)

	headOffice HeadOffice
	asking     asking

	trust   *card.Trust
	foreign *ForeignCards
	readers *reader.Service
	encoder *escpos.Encoder
	papers  *papers
	log     zerolog.Logger
	now     func() time.Time
	version string
	metrics *metrics.Agent

	people    *agentdb.DB    // who works here
	practice  *practice      // nil: this is no training
	trainings chan *training // that have begun

	lanes    []*lane
	events   hub
	stopping chan struct{} // closed when Run is ending

	changing sync.RWMutex // held for reading by calls that change something, for good by a restart

	telling sync.Mutex // held from changing the baskets that wait until it is told

	suspects  suspects
	lifts     lifts
	enrolling sync.Mutex // one member is made at a time
	teaching  sync.Mutex // one training begins at a time
	proving   sync.Mutex // one PIN of staff is hashed at a time

	undoing sync.Mutex // held from noting that an undo is sent until its outcome is on disk

	mu         sync.Mutex
	programmes map[string]*loyalty.Programme // compiled, by digest; nil when it was refused
}

// maxProgrammes bounds the compiled programmes kept: the one in force, the next, and what open intents name.
const maxProgrammes = 8

// Parts are what an agent is put together from.
type Parts struct {
	Config   Config
	Identity *store.Identity
	DB       *agentdb.DB
	Sync     func(context.Context) (SyncState, error) // how the upload fares
	Foreign  *ForeignCards                            // nil: none are read

	HeadOffice HeadOffice // asked before points are spent while it is in reach

	Log     zerolog.Logger
	Now     func() time.Time
	Version string
	Metrics *metrics.Agent // nil: counted for nobody

	practice *practice // of a lane in training; nil: sales count
}

// New puts an agent together; nothing moves before Run.
func New(p Parts) (*Agent, error) {
	a := &Agent{
		cfg: p.Config, identity: p.Identity, db: p.DB, sync: p.Sync, log: p.Log, now: p.Now, version: p.Version, headOffice: p.HeadOffice,
		readers: reader.NewService(p.Log, p.Now), stopping: make(chan struct{}), programmes: map[string]*loyalty.Programme{},
		people: p.DB, practice: p.practice, trainings: make(chan *training),
	}
	if a.practice != nil {
		a.people = a.practice.people
	}
	if a.metrics = p.Metrics; a.metrics == nil {
		a.metrics = metrics.NewAgent(p.Version)
	}
	if a.foreign = p.Foreign; a.foreign == nil {
		a.foreign = &ForeignCards{}
	}
	var err error
	if a.trust, err = newTrust(p.Identity, p.DB); err != nil {
		return nil, fmt.Errorf("card trust: %w", err)
	}
	renderer, err := render.New()
	if err != nil {
		return nil, err
	}
	a.encoder = escpos.NewEncoder(renderer)
	if a.papers, err = newPapers(p.Config, p.Identity.Name, renderer, p.Log); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for _, cfg := range p.Config.Lanes {
		l, err := a.newLane(cfg)
		if err != nil {
			return nil, fmt.Errorf("lane %d: %w", cfg.Number, err)
		}
		a.lanes = append(a.lanes, l)
	}
	return a, nil
}

func (a *Agent) newLane(cfg LaneConfig) (*lane, error) {
	l := &lane{a: a, cfg: cfg, calls: make(chan func(context.Context)), card: CardState{State: CardNone}}
	var err error
	if cfg.Reader != (reader.Selector{}) {
		if l.reader, err = a.readers.Reader(cfg.Reader); err != nil {
			return nil, err
		}
	}
	if a.practice != nil {
		return l, a.practice.equip(l)
	}
	if cfg.Printer.Device == "" {
		return l, nil
	}
	profile, err := escpos.FindProfile(cfg.Printer.Profile, a.cfg.Printers.Profiles)
	if err != nil {
		return nil, err
	}
	name := printerName(cfg.Number)
	q := &queue{a: a, name: name, profile: profile, woken: make(chan struct{}, 1)}
	torn, err := a.torn(name)
	if err != nil {
		return nil, err
	}
	if left, broken := a.tornTraining(cfg.Number); broken && left.Print {
		torn = true // part of a practice paper may be in there
	}
	q.printer = printer.New(printer.Config{Name: name, Device: cfg.Printer.Device, Baud: cfg.Printer.Baud, Serial: cfg.Printer.Serial,
		Profile: profile, Torn: torn}, a.log, a.now)
	l.queue = q
	return l, nil
}

// torn says whether the newest job that a printer began was not confirmed by it: then part of it may still be in there.
func (a *Agent) torn(name string) (bool, error) {
	j, err := a.db.LastBegun(context.Background(), name)
	if errors.Is(err, agentdb.ErrNotFound) {
		return false, nil
	}
	return j.State != agentdb.JobConfirmed || j.OutcomeBy != byPrinter, err
}

// newTrust pins the chain's root and asks what head office sent of cards at every tap.
func newTrust(id *store.Identity, db *agentdb.DB) (*card.Trust, error) {
	scheme, err := id.SchemeID()
	if err != nil {
		return nil, err
	}
	root, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), id.CardRoot)
	if err != nil {
		return nil, err
	}
	return card.NewTrust(card.Scheme(binary.BigEndian.AppendUint32(nil, scheme)), root, card.Lists{
		Hot: func(c card.ID) bool {
			// A list that cannot be read blocks the card: earning by number still works, spending must not be a guess.
			_, hot, err := db.Hot(context.Background(), loyalty.CardID(c))
			return err != nil || hot
		},
		IssuingKey: func(k card.KeyID) []byte {
			statement, err := db.IssuerStatement(context.Background(), k)
			if err != nil {
				return nil // as above: a card whose key cannot be looked up is not taken
			}
			return statement
		},
	})
}

// Run serves all lanes until ctx ends, then returns when every goroutine has.
func (a *Agent) Run(ctx context.Context) error {
	if err := a.endTornTrainings(ctx); err != nil {
		return fmt.Errorf("end trainings of before: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	failed := make(chan error, 2*len(a.lanes)+1)
	start := func(what string, run func(context.Context) error) {
		work.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				failed <- fmt.Errorf("%s: %w", what, err)
				cancel()
			}
		})
	}
	start("readers", a.readers.Run)
	for _, l := range a.lanes {
		work.Go(func() { l.run(ctx) })
		if l.queue != nil {
			start("printer", l.queue.printer.Run)
			work.Go(func() { l.queue.run(ctx) })
		}
	}
	work.Go(func() { a.watchSync(ctx) })
	work.Go(func() { a.teach(ctx) })
	work.Go(func() { a.watchDebits(ctx) })
	work.Go(func() { a.watchReservations(ctx) })
	work.Go(func() { a.watchPapers(ctx) })
	if a.headOffice.Unreserve != nil {
		work.Go(func() { a.watchGivenUp(ctx) })
	}
	<-ctx.Done()
	close(a.stopping)
	work.Wait()
	a.events.end()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Store is the number of the store.
func (a *Agent) Store() loyalty.StoreID { return loyalty.StoreID(a.identity.Store) }

// Listen gives a stream of changes and the function that ends it.
func (a *Agent) Listen() (<-chan Event, func()) { return a.events.listen() }

// lane is one that works: at one in training nothing real is done.
func (a *Agent) lane(n loyalty.LaneID) (*lane, error) {
	l := a.laneOrNil(n)
	switch {
	case l == nil:
		return nil, refuse(CodeLaneUnknown, nil)
	case l.training.Load() != nil:
		return nil, refuse(CodeLaneInTraining, nil)
	}
	return l, nil
}

func (a *Agent) laneOrNil(n loyalty.LaneID) *lane {
	for _, l := range a.lanes {
		if l.cfg.Number == n {
			return l
		}
	}
	return nil
}

// Lanes are all lanes as they are now.
func (a *Agent) Lanes() []LaneState {
	states := make([]LaneState, len(a.lanes))
	for i, l := range a.lanes {
		states[i] = l.state()
	}
	return states
}

// Lane is one lane as it is now.
func (a *Agent) Lane(n loyalty.LaneID) (LaneState, error) {
	l := a.laneOrNil(n)
	if l == nil {
		return LaneState{}, refuse(CodeLaneUnknown, nil)
	}
	return l.state(), nil
}

// Forget sends away whoever tapped last.
func (a *Agent) Forget(n loyalty.LaneID) (LaneState, error) {
	l, err := a.lane(n)
	if err != nil {
		return LaneState{}, err
	}
	l.setWho(nil)
	return l.state(), nil
}

// memberView adds what the ledger knows to who stands at the till.
func (a *Agent) memberView(ctx context.Context, who identified) (*Member, error) {
	m := &Member{ID: who.member, Number: who.number, Tier: who.tier, Language: who.language, Medium: who.trust.medium, By: byCard, PIN: who.pin}
	if who.byNumber {
		m.By = byNumber
	}
	var err error
	if m.Balance, err = a.db.Balance(ctx, who.member); err != nil {
		return nil, fmt.Errorf("balance of member %d: %w", who.member, err)
	}
	if m.Medium == loyalty.MediumPurse {
		m.Available = who.purse
	}
	sync, err := a.sync(ctx)
	m.AsOf = sync.FeedAt
	return m, err
}

// programmeAt is the version in force at an instant, in the store's own time. Versions that head office did not sign are
// passed over: the one before stays in force.
func (a *Agent) programmeAt(ctx context.Context, at time.Time) (*loyalty.Programme, error) {
	for before := 0; ; before++ {
		row, err := a.db.ProgrammeAt(ctx, a.identity.Calendar().Local(at), before)
		if errors.Is(err, agentdb.ErrNotFound) {
			return nil, a.withoutProgramme(ctx, before, err)
		}
		if err != nil {
			return nil, fmt.Errorf("read programme: %w", err)
		}
		p, err := a.compiled(row)
		if !errors.Is(err, loyalty.ErrProgrammeSignature) {
			return p, err
		}
	}
}

// withoutProgramme says why none is in force: there is none at all, or, most likely, the clock stands before the first day of the first one.
func (a *Agent) withoutProgramme(ctx context.Context, passedOver int, cause error) error {
	all, err := a.db.Programmes(ctx)
	if err != nil {
		return err
	}
	if len(all) == passedOver {
		return refuseForNow(CodeNoProgramme, cause)
	}
	return refuseForNow(CodeProgrammeLater, fmt.Errorf("%w: the first one begins %s", cause, all[len(all)-1].ValidFrom))
}

func (a *Agent) programmeByDigest(ctx context.Context, digest string) (*loyalty.Programme, error) {
	var id store.Hash
	if err := id.UnmarshalText([]byte(digest)); err != nil {
		return nil, fmt.Errorf("programme %q: %w", digest, err)
	}
	row, err := a.db.ProgrammeByID(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read programme %s: %w", digest, err)
	}
	return a.compiled(row)
}

// compiled checks and compiles a version once.
func (a *Agent) compiled(row agentdb.Programme) (*loyalty.Programme, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p, known := a.programmes[row.ID.String()]; known && p == nil {
		return nil, loyalty.ErrProgrammeSignature // said before
	} else if known {
		return p, nil
	}
	p, err := a.compile(row)
	if errors.Is(err, loyalty.ErrProgrammeSignature) {
		a.log.Error().Err(err).Msg("programme refused; the version before stays in force")
	} else if err != nil {
		return nil, err
	}
	if len(a.programmes) >= maxProgrammes {
		clear(a.programmes) // compiling again is cheap
	}
	a.programmes[row.ID.String()] = p
	return p, err
}

func (a *Agent) compile(row agentdb.Programme) (*loyalty.Programme, error) {
	if err := row.Verify(ed25519.PublicKey(a.identity.PositionKey)); err != nil {
		return nil, err
	}
	p, err := loyalty.Compile(row.Document)
	if err != nil {
		return nil, fmt.Errorf("compile programme %s: %w", row.ID, err)
	}
	if p.ValidFrom() != row.ValidFrom {
		return nil, fmt.Errorf("programme %s does not begin at %s: %w", row.ID, row.ValidFrom, loyalty.ErrProgrammeSignature)
	}
	return p, nil
}

func (a *Agent) place(ctx context.Context, n loyalty.LaneID, at time.Time) (loyalty.Place, error) {
	day, err := a.db.BusinessDay(ctx, at)
	return loyalty.Place{Store: loyalty.StoreID(a.identity.Store), Lane: n, At: a.identity.Calendar().Local(at), Day: day}, err
}

// storeLanguage is what paper and screens speak when nobody asks for another language.
func (a *Agent) storeLanguage() i18n.Lang {
	if l, ok := i18n.Parse(a.identity.Language); ok {
		return l
	}
	return i18n.English
}
