package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
	"loyaltill/store/agentdb"
)

// TrainingConfig is how long cashiers may practise at a till (docs/manager.md).
type TrainingConfig struct {
	Minutes int `toml:"minutes"` // a training ends by itself after so long; 0: there is none
}

const (
	trainingFolder = "training" // in the data folder, with one folder a lane
	trainingNote   = "training.json"
	maxTraining    = 8 * 60 // minutes: a shift

	// TrainingPrefix tells a token of a lane in training from the store's own.
	TrainingPrefix = "training_"
)

// How a training ends, as the trail has it.
const (
	endedByHand = "by hand"
	endedByTime = "time over"
	endedByStop = "agent stopped"
	endedTorn   = "agent ended"
)

// Training is a till at which somebody practises: nothing of it counts.
type Training struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until" doc:"it ends by itself then"`
	By    string    `json:"by" doc:"who began it"`
	Print bool      `json:"print" doc:"papers come out of the lane's printer, each marked; else they are shown on the screen"`

	Token string `json:"token,omitempty" doc:"what the till calls with until it ends; told to tills alone"`
}

// TrainingRequest begins a training.
type TrainingRequest struct {
	Print bool `json:"print,omitempty" doc:"let papers come out of the lane's printer, each marked; left out: they are shown on the screen"`
}

// training is one lane's: an agent of its own, on a folder of its own that goes with it.
type training struct {
	Training
	till  *lane // the real one
	agent *Agent
	db    *agentdb.DB
	dir   string
	by    Doer
	leave chan string // takes one: why it ends
	ended chan struct{}
}

// note is what a training leaves in its folder, for the start after an end without a goodbye.
type note struct {
	By    string              `json:"by"`
	Staff agentdb.StaffNumber `json:"staff"`
	Print bool                `json:"print"`
}

func (a *Agent) trainingDir(n loyalty.LaneID) string {
	return filepath.Join(a.cfg.Data, trainingFolder, fmt.Sprint(n))
}

// inTraining is the lane's training without its token, nil for none.
func (l *lane) inTraining() *Training {
	if l.a.practice != nil {
		view := l.a.practice.training
		return &view
	}
	t := l.training.Load()
	if t == nil {
		return nil
	}
	view := t.Training
	view.Token = ""
	return &view
}

// occupied says that a real member or card is at the till, or awaited there.
func (l *lane) occupied() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.who != nil || l.waiting != nil || l.card.State != CardNone || l.asking.Load()
}

// Trainer is who begins a training: whoever is signed in, or who gives number and PIN for it. While nobody works here anybody may.
func (a *Agent) Trainer(ctx context.Context, n loyalty.LaneID, proof *SecondPerson) (Doer, error) {
	if proof != nil {
		who, err := a.ProvePIN(ctx, proof.Number, proof.PIN)
		if err != nil {
			return Doer{}, err
		}
		if !who.Role.May(staff.Train) {
			return Doer{}, refuse(CodeApproverRole, nil)
		}
		return Doer{Number: who.Number, Name: who.Name, Role: who.Role}, nil
	}
	if who, known := doerOf(ctx); known && who.May(staff.Train) {
		return who, nil
	}
	need, err := a.SignIn(ctx)
	if err != nil {
		return Doer{}, err
	}
	if need != SignInNone {
		return Doer{}, refuse(CodeTrainingStaff, nil)
	}
	return Doer{Name: printerName(n)}, nil
}

// Train puts a lane into training; one that is in it already stays as it is.
func (a *Agent) Train(ctx context.Context, n loyalty.LaneID, by Doer, r TrainingRequest) (Training, error) {
	l := a.laneOrNil(n)
	switch {
	case l == nil:
		return Training{}, refuse(CodeLaneUnknown, nil)
	case a.cfg.Training.Minutes == 0 || a.cfg.Data == "":
		return Training{}, refuse(CodeTrainingOff, nil)
	case r.Print && l.queue == nil:
		return Training{}, &Refusal{Code: CodePrinterMissing, Field: "print"}
	}
	a.teaching.Lock()
	defer a.teaching.Unlock()
	if t := l.training.Load(); t != nil {
		return t.Training, nil
	}
	if l.occupied() {
		return Training{}, refuse(CodeTrainingBusy, nil)
	}
	var begun *training
	paper := "screen"
	if r.Print {
		paper = "printer"
	}
	deed := Deed{What: "training_start", About: fmt.Sprintf("lane %d", n), After: fmt.Sprintf("%d min, %s", a.cfg.Training.Minutes, paper)}
	err := a.Witness(ctx, by, deed, func() (err error) {
		begun, err = a.beginTraining(ctx, l, by, r)
		return err
	})
	if err != nil {
		return Training{}, err
	}
	return begun.Training, nil
}

// beginTraining builds the agent of a training, takes the lane out of service, and has both run.
func (a *Agent) beginTraining(ctx context.Context, l *lane, by Doer, r TrainingRequest) (*training, error) {
	now := a.now()
	t := &training{
		Training: Training{Since: now, Until: now.Add(time.Duration(a.cfg.Training.Minutes) * time.Minute), By: by.Name, Print: r.Print,
			Token: TrainingPrefix + rand.Text()},
		till: l, dir: a.trainingDir(l.cfg.Number), by: by, leave: make(chan string, 1), ended: make(chan struct{}),
	}
	if err := t.build(ctx); err != nil {
		return nil, errors.Join(err, t.wipe())
	}
	err := l.call(ctx, func(context.Context) error {
		if l.occupied() {
			return refuse(CodeTrainingBusy, nil)
		}
		l.training.Store(t)
		l.mu.Lock()
		l.told = told{turn: l.told.turn + 1} // a bill of before must not stand on the customer's display
		l.mu.Unlock()
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, t.wipe())
	}
	select {
	case a.trainings <- t:
		l.publish()
		return t, nil
	case <-a.stopping:
		l.training.Store(nil)
		return nil, errors.Join(errStopping, t.wipe())
	}
}

// build lays the folder out and puts the agent of the training together.
func (t *training) build(ctx context.Context) error {
	a := t.till.a
	if err := os.RemoveAll(t.dir); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	text, err := json.Marshal(note{By: t.by.Name, Staff: t.by.Number, Print: t.Print})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.dir, trainingNote), text, 0o600); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	identity, err := a.identity.ForPractice()
	if err != nil {
		return err
	}
	log := a.log.With().Uint8("training", uint8(t.till.cfg.Number)).Logger()
	if t.db, err = agentdb.Open(ctx, t.dir, identity, log, a.now); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	p := newPractice(t)
	if err := p.seed(ctx, a.db, t.db, identity); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	cfg := a.cfg
	cfg.Data, cfg.Lanes = t.dir, []LaneConfig{{Number: t.till.cfg.Number, Name: t.till.cfg.Name, PIN: PINAtTill, Printer: t.till.cfg.Printer}}
	t.agent, err = New(Parts{Config: cfg, Identity: identity, DB: t.db, Log: log, Now: a.now, Version: a.version, practice: p,
		Sync: func(context.Context) (SyncState, error) {
			return SyncState{State: "in_sync", Feed: "in_sync", FeedComplete: true, Since: t.Since, FeedAt: t.Since}, nil
		}})
	return err
}

// wipe closes the books of a training and takes its folder away.
func (t *training) wipe() error {
	var err error
	if t.db != nil {
		err = t.db.Close()
	}
	return errors.Join(err, os.RemoveAll(t.dir))
}

// teach runs trainings until ctx ends and all of them have.
func (a *Agent) teach(ctx context.Context) {
	ended := make(chan struct{}, MaxLanes)
	running := 0
	for {
		select {
		case t := <-a.trainings:
			running++
			go func() {
				t.run(ctx)
				ended <- struct{}{}
			}()
		case <-ended:
			running--
		case <-ctx.Done():
			for ; running > 0; running-- {
				<-ended
			}
			return
		}
	}
}

// run is a training from its beginning to its end, of which nothing is left but two lines of the trail.
func (t *training) run(ctx context.Context) {
	a := t.till.a
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- t.agent.Run(inner) }()
	why, err := t.wait(ctx, done)
	cancel()
	if err == nil {
		err = <-done
	}
	err = errors.Join(err, t.wipe())
	act := t.by.act("training_end")
	act.About, act.After = fmt.Sprintf("lane %d", t.till.cfg.Number), why
	_, told := a.db.WriteAct(context.WithoutCancel(ctx), act)
	if err = errors.Join(err, told); err != nil {
		a.log.Error().Err(err).Uint8("lane", uint8(t.till.cfg.Number)).Msg("training ended badly")
	}
	t.till.backToWork(ctx)
	close(t.ended)
}

// wait says why the training ends. An agent that ended by itself has its error told.
func (t *training) wait(ctx context.Context, done <-chan error) (string, error) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return endedByStop, nil
		case why := <-t.leave:
			return why, nil
		case err := <-done:
			return endedByStop, fmt.Errorf("agent of the training: %w", err)
		case <-tick.C:
			if !t.till.a.now().Before(t.Until) {
				return endedByTime, nil
			}
		}
	}
}

// backToWork puts a lane into service again. A card that lies in the reader is read as if it had just come.
func (l *lane) backToWork(ctx context.Context) {
	err := l.call(ctx, func(ctx context.Context) error {
		l.training.Store(nil)
		l.setCard(CardNone, "")
		if l.present {
			l.tap(ctx)
		}
		return nil
	})
	if err != nil { // the agent stops
		l.training.Store(nil)
	}
	l.publish()
}

// EndTraining ends a lane's training and waits until nothing is left of it; a lane that is in none stays as it is.
func (a *Agent) EndTraining(ctx context.Context, n loyalty.LaneID) (LaneState, error) {
	l := a.laneOrNil(n)
	if l == nil {
		return LaneState{}, refuse(CodeLaneUnknown, nil)
	}
	t := l.training.Load()
	if t == nil {
		return l.state(), nil
	}
	select {
	case t.leave <- endedByHand:
	default: // somebody else has ended it
	}
	select {
	case <-t.ended:
		return l.state(), nil
	case <-ctx.Done():
		return LaneState{}, ctx.Err()
	}
}

// TrainingOf is a lane's training with its token.
func (a *Agent) TrainingOf(n loyalty.LaneID) (Training, error) {
	l := a.laneOrNil(n)
	if l == nil {
		return Training{}, refuse(CodeLaneUnknown, nil)
	}
	t := l.training.Load()
	if t == nil {
		return Training{}, refuse(CodeTrainingNone, nil)
	}
	return t.Training, nil
}

// InTraining is the agent that a token of a lane in training is for; false once the training is over.
func (a *Agent) InTraining(token string, same func(a, b string) bool) (*Agent, bool) {
	for _, l := range a.lanes {
		if t := l.training.Load(); t != nil && same(t.Token, token) {
			return t.agent, true
		}
	}
	return nil, false
}

// tornTraining reads what a training of an earlier life of this agent left; false for nothing.
func (a *Agent) tornTraining(n loyalty.LaneID) (note, bool) {
	text, err := os.ReadFile(filepath.Join(a.trainingDir(n), trainingNote))
	if err != nil || a.cfg.Data == "" {
		return note{}, false
	}
	var left note
	if err := json.Unmarshal(text, &left); err != nil {
		left = note{Print: true} // written half: who it was is not known
	}
	return left, true
}

// endTornTrainings clears away what trainings of an earlier life left.
func (a *Agent) endTornTrainings(ctx context.Context) error {
	if a.cfg.Data == "" || a.practice != nil {
		return nil
	}
	for _, l := range a.lanes {
		left, torn := a.tornTraining(l.cfg.Number)
		if !torn {
			continue
		}
		act := agentdb.Act{Staff: left.Staff, Name: left.By, What: "training_end", About: fmt.Sprintf("lane %d", l.cfg.Number), After: endedTorn}
		if _, err := a.db.WriteAct(ctx, act); err != nil {
			return err
		}
	}
	err := os.RemoveAll(filepath.Join(a.cfg.Data, trainingFolder))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// check names what cannot be.
func (c TrainingConfig) check() (problems []string) {
	if c.Minutes < 0 || c.Minutes > maxTraining {
		problems = append(problems, fmt.Sprintf("training.minutes: %d is not one of 0 to %d; 0 switches training off", c.Minutes, maxTraining))
	}
	return problems
}

// Trains says whether a training's agent is at work still.
func (a *Agent) Trains(of *Agent) bool {
	for _, l := range a.lanes {
		if t := l.training.Load(); t != nil && t.agent == of {
			return true
		}
	}
	return false
}
