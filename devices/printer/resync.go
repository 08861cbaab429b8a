package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"loyaltill/devices/escpos"
)

// maxTries bounds how often a command without an answer is repeated before the printer counts as unable.
const maxTries = 3

// errAttention says that the printer needs somebody again.
var errAttention = errors.New("printer needs attention")

// Commands of the handshake, from the vendor's manual.
func commandClear() []byte      { return []byte{0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08} } // DLE DC4 fn 8
func commandRecover() []byte    { return []byte{0x10, 0x05, 2} }                                              // DLE ENQ 2: leave the error, drop what waits
func commandInit() []byte       { return []byte{0x1B, '@'} }
func commandNoKanji() []byte    { return []byte{0x1C, '.'} }
func commandASB() []byte        { return []byte{0x1D, 'a', 0x0F} } // drawer, online, error, paper
func commandInfo(n byte) []byte { return []byte{0x1D, 'I', n} }

// commandOffline has the printer say when it goes offline: GS ( H fn 49.
func commandOffline() []byte { return []byte{0x1D, '(', 'H', 3, 0, 49, 48, 49} }

// commandProcessed asks for a byte when everything before it has been taken from the buffer: GS r 1.
func commandProcessed() []byte { return []byte{0x1D, 'r', 1} }

const (
	infoMaker  = 66
	infoModel  = 67
	infoSerial = 68
)

// commandProcessID asks for id when everything before it has been printed: GS ( H fn 48.
func commandProcessID(id [4]byte) []byte {
	return append([]byte{0x1D, '(', 'H', 6, 0, 48, 48}, id[:]...)
}

// resync brings the printer to where a job may begin: nobody needed, buffers empty, settings known, the torn part of
// what came before cut off. It waits for people as long as that takes.
func (s *session) resync(ctx context.Context) error {
	if !s.talks() {
		s.synced = true
		return s.cutTorn(ctx)
	}
	s.state = StateResync
	s.publish()
	// An offline printer executes this too. It keeps what is in the buffer from being printed in the moment between
	// the closing of the cover and our noticing it.
	if s.cond.Has(blocking) && s.canClear {
		if err := s.clear(ctx); err != nil && !errors.Is(err, errTimeout) {
			return err
		}
	}
	for {
		if err := s.settle(ctx); err != nil {
			return err
		}
		s.suspect = false
		err := s.restart(ctx)
		if err == nil && !s.suspect {
			s.synced = true
			return nil
		}
		if err != nil && !errors.Is(err, errAttention) {
			return err
		}
	}
}

// settle waits until nothing has kept the printer from working for a while.
func (s *session) settle(ctx context.Context) error {
	if err := s.probe(ctx); err != nil {
		return err
	}
	for {
		now := s.p.now()
		poll, steady := s.pollAt(), s.steadyAt()
		switch {
		case !now.Before(steady):
			return nil
		case !now.Before(poll):
			if err := s.recheck(ctx); err != nil {
				return err
			}
		default:
			if _, err := s.step(ctx, earlier(poll, steady).Sub(now), nil); err != nil && !errors.Is(err, errTimeout) {
				return err
			}
		}
	}
}

// recheck asks again, and asks a printer that waits for it to try again: an error of the cutter does not go by itself.
func (s *session) recheck(ctx context.Context) error {
	var err error
	switch {
	case !s.cond.Has(recoverable):
	case s.canClear:
		err = s.clear(ctx)
	default:
		s.queries = 0
		err = s.write(ctx, commandRecover())
	}
	if err != nil && !errors.Is(err, errTimeout) {
		return err
	}
	return s.probe(ctx)
}

// restart empties the printer, sets it up and cuts off what may be torn.
func (s *session) restart(ctx context.Context) error {
	if s.canClear {
		err := s.clearAgain(ctx)
		if errors.Is(err, errTimeout) {
			s.p.log.Warn().Msg("printer does not answer a clear; what it prints cannot be confirmed")
			s.canClear = false
		} else if err != nil {
			return err
		}
	}
	s.held = false // an emptied buffer takes bytes, even if the XON that says so was lost
	s.info = nil
	if err := s.write(ctx, s.setup()); err != nil {
		return err
	}
	if err := s.confirmation(ctx); err != nil {
		return err
	}
	if err := s.known(ctx); err != nil {
		return err
	}
	return s.cutTorn(ctx)
}

// setup are the commands that put the printer into the state that jobs are encoded for, and ask who it is.
func (s *session) setup() []byte {
	setup := commandInit()
	if s.profile.Quirks.CancelKanjiFirst {
		setup = append(setup, commandNoKanji()...)
	}
	if s.profile.Status.ASB {
		setup = append(setup, commandASB()...)
	}
	if s.profile.Status.OfflineResponse && s.canAck {
		setup = append(setup, commandOffline()...)
	}
	for _, n := range []byte{infoMaker, infoModel, infoSerial} {
		setup = append(setup, commandInfo(n)...)
	}
	return setup
}

// confirmation finds out what the printer can say about what it prints: the best of what the profile promises.
func (s *session) confirmation(ctx context.Context) error {
	if s.canAck {
		err := s.ping(ctx, nil)
		if !errors.Is(err, errTimeout) {
			return err
		}
		s.canAck = false
		s.p.log.Warn().Msg("printer does not answer process ids; that it printed cannot be confirmed")
	}
	if !s.profile.Status.GSR {
		return nil
	}
	s.processed = false
	if err := s.write(ctx, commandProcessed()); err != nil {
		return err
	}
	err := s.until(ctx, s.p.timing.ping, func() bool { return s.processed || s.cond.Has(breaking) })
	switch {
	case s.cond.Has(blocking):
		return errAttention
	case errors.Is(err, errTimeout):
		s.canTake = false
		return nil
	}
	s.canTake = err == nil
	return err
}

// clearAgain insists: the printer ignores the command while it sends a block answer.
func (s *session) clearAgain(ctx context.Context) error {
	var err error
	for range maxTries {
		if err = s.clear(ctx); !errors.Is(err, errTimeout) {
			return err
		}
		if s.cond.Has(blocking) {
			return errAttention
		}
		if err := s.probe(ctx); err != nil {
			return err
		}
	}
	return err
}

// clear empties the printer's buffers. Nothing else may be sent until the answer has come.
func (s *session) clear(ctx context.Context) error {
	s.cleared = false
	if err := s.write(ctx, commandClear()); err != nil {
		return err
	}
	return s.until(ctx, s.p.timing.clear, func() bool { return s.cleared })
}

// ping asks for an id of ours behind what is given and whatever is in the buffer. Each try sends both: a try without an answer may
// have been lost with the printer's power, and the next one's answer would say nothing about it.
func (s *session) ping(ctx context.Context, behind []byte) error {
	var err error
	for range maxTries {
		id := s.nextPing()
		if err := s.write(ctx, slices.Concat(behind, commandProcessID(id))); err != nil {
			return err
		}
		err = s.until(ctx, s.p.timing.ping, func() bool { return s.pong == id || s.cond.Has(breaking) })
		if s.pong == id {
			return nil
		}
		if errors.Is(err, errTimeout) { // what keeps the printer from answering may also have kept it from reporting itself
			if err := s.probe(ctx); err != nil {
				return err
			}
		}
		if s.cond.Has(blocking) {
			return errAttention
		}
		if !errors.Is(err, errTimeout) {
			return err
		}
	}
	return err
}

// The driver's own ids are those of the last job number, with segments that no job reaches; the very last is left to others.
const (
	pingJob       = escpos.JobNumbers - 1
	pingLast      = escpos.JobNumbers - 2
	pingsDistinct = 500
)

// nextPing is an id that no job uses: jobs count their segments up from 0, pings count down.
func (s *session) nextPing() [4]byte {
	s.pings++
	return escpos.ProcessID(pingJob, pingLast-s.pings%pingsDistinct)
}

// ours reports whether an id is the driver's own, or of the given job of ours.
func ours(id [4]byte, no escpos.JobNo) bool {
	lowest, highest, of := escpos.ProcessID(pingJob, pingLast-pingsDistinct), escpos.ProcessID(pingJob, pingLast), escpos.ProcessID(no, 0)
	own := bytes.Compare(id[:], lowest[:]) >= 0 && bytes.Compare(id[:], highest[:]) <= 0
	return own || [2]byte(id[:2]) == [2]byte(of[:2])
}

// cutTorn strikes out, feeds out and cuts off what a broken job left on the paper. Without the strike a job that broke
// right before its cut would leave a sheet that looks whole.
func (s *session) cutTorn(ctx context.Context) error {
	if !s.p.torn {
		return nil
	}
	strike := append(append([]byte{'\n'}, bytes.Repeat([]byte{'X'}, s.profile.Paper.Columns())...), '\n')
	if err := s.strike(ctx, append(strike, cutOff(s.profile)...)); err != nil {
		return err
	}
	s.p.torn = false
	return nil
}

// strike sends the strike with its cut and finds out, as well as the printer can say it, that both were done.
func (s *session) strike(ctx context.Context, out []byte) error {
	if s.talks() && s.canAck {
		err := s.ping(ctx, out)
		if errors.Is(err, errTimeout) {
			return fmt.Errorf("cut off the torn part: %w", errSilent)
		}
		return err
	}
	if err := s.write(ctx, out); err != nil || !s.talks() {
		return err
	}
	// Nobody will say when it is done. Anything that goes wrong meanwhile is an attention state.
	err := s.until(ctx, 2*time.Second, func() bool { return s.cond.Has(blocking) })
	switch {
	case errors.Is(err, errTimeout):
		return nil
	case err == nil:
		return errAttention
	}
	return err
}

// cutOff feeds the last printed row to the knife and cuts; without a knife it feeds to the tear bar.
func cutOff(p *escpos.Profile) []byte {
	const fullAfterFeed, partialAfterFeed = 65, 66 // GS V function B
	switch {
	case p.Cutter.Partial:
		return []byte{0x1D, 'V', partialAfterFeed, 0}
	case p.Cutter.Full:
		return []byte{0x1D, 'V', fullAfterFeed, 0}
	default:
		lines := p.Paper.CutFeedDots/max(p.Paper.LineDots, 1) + 1
		return []byte{0x1B, 'd', byte(min(lines, 255))}
	}
}
