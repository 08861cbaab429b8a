package printersim

// bit gives mask when on.
func bit(on bool, mask byte) byte {
	if on {
		return mask
	}
	return 0
}

func (m *machine) offline() bool { return !m.online() }

func (m *machine) nearEnd() bool {
	return !m.pers.NoNearEnd && (!m.paper.loaded || m.paper.remainingMM() <= nearEndMM)
}

// paperStops says whether the printer waits for a new roll: at its end, or before it where ESC c 4 asked for that.
func (m *machine) paperStops() bool { return !m.paper.loaded || (m.in.set.stopsNearEnd && m.nearEnd()) }

// statusByte answers DLE EOT n; its fixed bits make the pattern 0xx1xx10.
func (m *machine) statusByte(n byte) (byte, bool) {
	const fixed = 0x12
	switch n {
	case 1: // printer
		return fixed | bit(m.drawerOpen, 0x04) | bit(m.offline(), 0x08) | bit(m.feedButton, 0x40), true
	case 2: // cause of being offline
		failed := m.cutterError || m.unrecoverable || m.overheated
		return fixed | bit(m.coverOpen, 0x04) | bit(m.feedButton, 0x08) | bit(m.paperStops(), 0x20) | bit(failed, 0x40), true
	case 3: // cause of an error
		return fixed | bit(m.cutterError, 0x08) | bit(m.unrecoverable, 0x20) | bit(m.overheated, 0x40), true
	case 4: // roll sensors
		return fixed | bit(m.nearEnd(), 0x0C) | bit(!m.paper.loaded, 0x60), true
	}
	return 0, false
}

// asbBytes are the four bytes of automatic status back: 0xx1xx00 and three times 0xx0xxxx.
func (m *machine) asbBytes() [4]byte {
	return [4]byte{
		0x10 | bit(m.drawerOpen, 0x04) | bit(m.offline(), 0x08) | bit(m.coverOpen, 0x20) | bit(m.feedButton, 0x40),
		bit(m.cutterError, 0x08) | bit(m.unrecoverable, 0x20) | bit(m.overheated, 0x40),
		bit(m.nearEnd(), 0x03) | bit(!m.paper.loaded, 0x0C),
		0x0F, // reserved bits, as the models of this family send them
	}
}

// asbWatched masks the bits whose change the host asked for with GS a.
func asbWatched(mask byte) [4]byte {
	var w [4]byte
	if mask&0x01 != 0 {
		w[0] |= 0x04
	}
	if mask&0x02 != 0 {
		w[0] |= 0x28
	}
	if mask&0x04 != 0 {
		w[1] |= 0x68
	}
	if mask&0x08 != 0 {
		w[2] |= 0x0F
	}
	if mask&0x40 != 0 {
		w[0] |= 0x40
	}
	return w
}

// setASB is GS a: it answers at once and from then on with every change.
func (m *machine) setASB(mask byte) {
	if m.pers.NoASB {
		return
	}
	m.asb = mask
	if mask != 0 {
		m.sendASB()
	}
}

func (m *machine) sendASB() {
	m.asbSent = m.asbBytes()
	m.respond(statusResponse, 0, append([]byte(nil), m.asbSent[:]...))
}

// changed is called after every change of a sensor or an error: it stops or lets go the mechanism and tells the host.
func (m *machine) changed() {
	online := m.online()
	if !online {
		m.mech.halt()
	}
	if online != m.wasOnline {
		m.wasOnline = online
		if online {
			m.note("state", "online")
		} else {
			m.note("state", "offline")
			m.sendOffline()
		}
	}
	now, watched := m.asbBytes(), asbWatched(m.asb)
	for i := range now {
		if (now[i]^m.asbSent[i])&watched[i] != 0 {
			m.sendASB()
			return
		}
	}
}

// sendOffline is GS ( H fn 49. The manual leaves the cause to the model (0x40 to 0x7F); here bit 0 is the cover, bit 1
// the paper, bit 2 an error.
func (m *machine) sendOffline() {
	if m.offlineMode == 0 || !m.power {
		return
	}
	data := []byte{0x37, 0x23}
	if m.offlineMode == 2 {
		failed := m.cutterError || m.unrecoverable || m.overheated
		data = append(data, 0x40|bit(m.coverOpen, 1)|bit(m.paperStops(), 2)|bit(failed, 4))
	}
	m.respond(offlineResponse, 0, append(data, 0))
}
