package printer

import (
	"strings"
	"time"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
)

// fastestStart is less than any printer takes to be switched off, on and ready. It is no profile's business: a model
// that starts faster than its profile says would have lost jobs called printed.
const fastestStart = 700 * time.Millisecond

// receive reads what came.
func (s *session) receive(b []byte) {
	now := s.p.now()
	if s.missed > 0 && s.serial && s.answered {
		s.mistrust() // it is back after a silence
	}
	s.gap = max(s.gap, now.Sub(s.heard))
	s.heard, s.missed = now, 0
	for _, ev := range s.parser.Feed(b) {
		s.handle(ev)
	}
	if s.cond.Has(blocking) {
		s.blocked = now
	} else {
		s.queries = 0
	}
	s.publish()
}

func (s *session) handle(ev escpos.StatusEvent) {
	switch ev.Kind {
	case escpos.StatusASB, escpos.StatusRealTime, escpos.StatusProcessID, escpos.StatusCleared:
		s.plain = true
	case escpos.StatusNoise, escpos.StatusByte, escpos.StatusInfo:
		s.noise, s.foreign = true, s.foreign || !s.answered
	}
	switch ev.Kind {
	case escpos.StatusASB, escpos.StatusRealTime:
		s.told.ASB = s.told.ASB || ev.Kind == escpos.StatusASB
		before := s.cond
		s.cond = ev.Apply(s.cond)
		if before.Has(blocking) && !s.cond.Has(blocking) {
			s.blocked = s.p.now()
		}
		if a, ok := attentionOf(s.cond & breaking); ok && s.job != nil {
			s.job.breakOff(a.cause)
		}
	case escpos.StatusProcessID:
		s.told.ProcessID = true
		s.acknowledged(ev.ID)
	case escpos.StatusByte:
		s.processed = true
		if s.job != nil {
			s.job.processed()
		}
	case escpos.StatusCleared:
		s.cleared, s.told.Cleared = true, true
		s.queries = 0
	case escpos.StatusInfo:
		s.info = append(s.info, ev.Data)
	case escpos.StatusOffline:
		s.cond |= escpos.CondOffline // why is model-dependent; ASB and the next query tell
	case escpos.StatusXOFF:
		s.full, s.held = true, true
	case escpos.StatusXON:
		if !s.full {
			s.mistrust() // nobody was held: it says hello after switching on
		}
		s.full, s.held = false, false
	}
}

// acknowledged takes a process id: the job's, our own, or that of somebody else who prints here.
func (s *session) acknowledged(id [4]byte) {
	s.pong = id
	switch {
	case s.job != nil:
		s.job.acknowledged(id, s.continuous())
	case s.synced && !ours(id, s.last):
		s.p.log.Warn().Msg("somebody else prints on this printer")
		s.synced, s.p.torn = false, true
	}
}

// continuous reports whether the printer has been heard so often since the job began that it cannot have been switched
// off and on in between. On other transports losing power ends the link. It does not matter why nothing was heard: what a
// host that was held up itself has missed may have been a start.
func (s *session) continuous() bool { return !s.serial || s.gap < fastestStart }

// mistrust notes signs that the printer was switched off: what it held is gone.
func (s *session) mistrust() {
	s.suspect = true
	s.synced = false
	if s.job != nil {
		s.job.breakOff(CausePowerCycle)
	}
}

// publish shows where things stand.
func (s *session) publish() {
	if s.unknown {
		return
	}
	state := s.state
	paperLow := s.cond.Has(escpos.CondPaperLow)
	health, code := healthOf(state, paperLow)
	if code == CodePrinting && s.job != nil && s.p.now().Sub(s.job.began) > s.p.timing.slow {
		code = CodeProgress
	}
	if code == CodeReady && s.latency > s.p.timing.slow {
		health, code = devices.Degraded, CodeSlow
	}
	if a, ok := attentionOf(s.cond); ok {
		state, health, code = a.state, a.health, a.code
	}
	link := LinkUp
	if s.missed > 0 || !s.answered {
		link, health, code = LinkSilent, devices.Absent, CodeSilent
	}
	s.p.update(nil, func(st *Status) {
		st.Link = link
		st.State, st.Health = state, st.Health.Next(health, code, s.p.now())
		st.PaperLow, st.DrawerOpen = paperLow, s.cond.Has(escpos.CondDrawerHigh)
		st.Level = s.level()
		st.Baud, st.Device = s.baud, s.device
		st.Heard = s.told
		if len(s.info) >= infoSerialAt {
			st.Model = strings.Join(s.info[:infoSerialAt], " ")
		}
		if len(s.info) > infoSerialAt {
			st.Serial = s.info[infoSerialAt]
		}
		st.Job, st.Acked, st.Segments = 0, 0, 0
		if j := s.job; j != nil {
			st.Job, st.Acked, st.Segments = j.job.No, j.progress(), len(j.job.Segments)
		}
	})
}
