package agent

import "sync"

// Event is one change, always with the full new state, so that a listener that missed some needs only the newest.
type Event struct {
	Type string // "lane", "sync", "job" or "baskets"; "display" to the displays of a lane
	Data any
}

// eventBuffer is how far a listener may fall behind before its stream is ended; it comes back and reads the state anew.
const eventBuffer = 64

// hub hands events to whoever listens.
type hub struct {
	mu        sync.Mutex
	listeners map[chan Event]bool
	over      bool
}

// listen gives a stream of events and the function that ends it. The stream is closed when the listener is too slow.
func (h *hub) listen() (<-chan Event, func()) {
	ch := make(chan Event, eventBuffer)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners == nil {
		h.listeners = map[chan Event]bool{}
	}
	if h.over {
		close(ch)
		return ch, func() {}
	}
	h.listeners[ch] = true
	return ch, func() { h.drop(ch) }
}

// heard says whether anybody listens.
func (h *hub) heard() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners) > 0
}

func (h *hub) drop(ch chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[ch] {
		delete(h.listeners, ch)
		close(ch)
	}
}

// end closes every stream; whoever listens from now on hears nothing.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	for ch := range h.listeners {
		delete(h.listeners, ch)
		close(ch)
	}
}

func (h *hub) publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.listeners {
		select {
		case ch <- e:
		default:
			delete(h.listeners, ch)
			close(ch)
		}
	}
}
