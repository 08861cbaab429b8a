package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/card/profile"
	"loyaltill/store"
)

// ForeignCards is how a store reads cards that are not its own: the profiles, and the keys that they name. Nil reads none.
type ForeignCards struct {
	Profiles *profile.Set
	Keys     profile.Keys
}

// LoadForeignCards is ReadForeignCards for a store: every key that a profile names must be there.
func LoadForeignCards(cfg CardsConfig) (*ForeignCards, error) {
	f, err := ReadForeignCards(cfg)
	if err != nil {
		return nil, err
	}
	if missing := f.Keys.Missing(f.Profiles.Profiles()); len(missing) > 0 {
		return nil, fmt.Errorf("cards.secrets: %v is named by a profile and is not there; add it to the file", missing)
	}
	return f, nil
}

// ReadForeignCards reads the folder of profiles and the file of secrets. The error lists every fault of every file.
func ReadForeignCards(cfg CardsConfig) (*ForeignCards, error) {
	f := &ForeignCards{}
	if cfg.Profiles == "" {
		return f, nil
	}
	files, err := profileFiles(cfg.Profiles)
	if err != nil {
		return nil, err
	}
	var all []*profile.Profile
	var errs []error
	for _, file := range files {
		p, err := ReadProfile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, p)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if f.Profiles, err = profile.NewSet(all...); err != nil {
		return nil, fmt.Errorf("cards.profiles %s: %w", cfg.Profiles, err)
	}
	return f, f.loadKeys(cfg.Secrets)
}

// profileFiles lists a folder, which must be there: a store that silently stopped reading its old cards is worse than one
// that does not start.
func profileFiles(dir string) ([]string, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("cards.profiles: %s is no folder; make it or leave the line out", dir)
	}
	return filepath.Glob(filepath.Join(dir, "*.json"))
}

// ReadProfile reads one profile file. Each fault stands on a line of its own, with the file's name.
func ReadProfile(file string) (*profile.Profile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	p, err := profile.Parse(text)
	var faults profile.Faults
	if errors.As(err, &faults) {
		var errs []error
		for _, f := range faults {
			errs = append(errs, fmt.Errorf("%s:%w", file, f))
		}
		return nil, errors.Join(errs...)
	}
	return p, err
}

func (f *ForeignCards) loadKeys(file string) error {
	if file == "" {
		return nil
	}
	if err := store.CheckSecret(file); err != nil {
		return fmt.Errorf("cards.secrets: %w", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cards.secrets: %w", err)
	}
	defer clear(text)
	if f.Keys, err = profile.ParseKeys(text); err != nil {
		return fmt.Errorf("cards.secrets %s: %w", file, err)
	}
	return nil
}

// openForeign lets the profiles read a card that is not ours. Nil without an error: its PIN is waited for.
func (l *lane) openForeign(ctx context.Context, t card.Transmitter) (*identified, error) {
	reading, err := l.a.foreign.Profiles.Tap(ctx, t, l.a.foreign.Keys, nil)
	if err != nil {
		return nil, err
	}
	if reading.NeedsPIN() {
		l.reading, l.pinpad = reading, nil
		if pad, ok := card.FindPinpad(ctx, t); ok && l.cfg.PIN != PINAtTill && reading.FitsPinpad() {
			l.pinpad = &pad
		}
		return nil, nil
	}
	return l.a.memberOf(ctx, string(reading.Number()), trustOf(reading.Profile))
}

// awaitForeignPIN shows that a card of another maker tells whose it is after its PIN, and where that is typed.
func (l *lane) awaitForeignPIN() {
	wanted := CardState{State: CardPINFirst, Code: CodePINNeeded, Entry: PINAtTill}
	if l.pinpad != nil || l.cfg.PIN == PINOnPinpad {
		wanted.Entry = PINOnPinpad
	}
	l.showCard(wanted)
}

// enterForeignPIN has a card of another maker check its PIN, once, and finds its member.
func (l *lane) enterForeignPIN(ctx context.Context, pin *card.PIN, lastTry bool) error {
	if l.pinpad != nil || l.cfg.PIN == PINOnPinpad {
		return refuse(CodePINOnReader, nil)
	}
	return l.foreignChecked(ctx, l.reading.EnterPIN(ctx, pin, lastTry))
}

// askForeignPIN is the same with a PIN that the customer types on the reader.
func (l *lane) askForeignPIN(ctx context.Context, lastTry bool) error {
	if l.pinpad == nil {
		return refuse(CodePinpadMissing, nil)
	}
	l.setCard(CardPINEntry, CodePINOnReader)
	err := l.reading.EnterPINOnPinpad(ctx, *l.pinpad, lastTry)
	if errors.Is(err, card.ErrPinpad) {
		err = l.pinpadFailed(err)
		l.awaitForeignPIN()
		return err
	}
	l.awaitForeignPIN()
	return l.foreignChecked(ctx, err)
}

// foreignChecked makes of what became of one PIN what the caller is told; after a right one the member stands at the till.
func (l *lane) foreignChecked(ctx context.Context, err error) error {
	var wrong *card.PINError
	switch {
	case errors.As(err, &wrong) && wrong.TriesLeft == card.TriesUnknown:
		return refuse(CodePINWrongUntold, err)
	case errors.As(err, &wrong):
		return &Refusal{Code: CodePINWrong, TriesLeft: wrong.TriesLeft, cause: err}
	case errors.Is(err, card.ErrLastTry):
		return refuse(CodePINLastTry, err)
	case errors.Is(err, card.ErrPINFormat):
		return refuse(CodePINFormat, err)
	case errors.Is(err, card.ErrPINCancelled):
		return refuseForNow(CodePINCancelled, err)
	case errors.Is(err, card.ErrPINTimeout):
		return refuseForNow(CodePINTimeout, err)
	case errors.Is(err, card.ErrPINBlocked):
		return refuse(CodePINBlocked, err)
	case errors.Is(err, card.ErrPINNotSet):
		return refuse(CodePINNotSet, err)
	}
	var who *identified
	if err == nil {
		who, err = l.a.memberOf(ctx, string(l.reading.Number()), trustOf(l.reading.Profile))
	}
	if err != nil {
		l.refuseCard(err)
		return refuse(refusedCard(err), err)
	}
	l.reading = nil
	l.setWho(who)
	l.setCard(CardReady, "")
	return nil
}

// trustOf is what the number of a profile is good for in a sale.
func trustOf(p *profile.Profile) trust {
	t := trust{medium: loyalty.MediumNumber, redeem: p.Trust.Redeem, offlineCap: loyalty.Points(p.Trust.OfflineCap)}
	if p.Trust.Level == profile.LevelKeyed {
		t.medium = loyalty.MediumKeyed
	}
	return t
}
