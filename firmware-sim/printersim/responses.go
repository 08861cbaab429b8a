package printersim

import "time"

// maxResponses is how many answers wait for a host that does not read; then the oldest is lost.
const maxResponses = 256

type responseKind int

const (
	statusResponse responseKind = iota
	processIDResponse
	offlineResponse
	clearResponse
)

type response struct {
	due  time.Time
	kind responseKind
	data []byte
}

// responses wait here until their time has come and the link takes them.
type responses struct {
	queue []response
	lost  int
}

// hostDeaf is how long an answer must have been waiting for the host before a later one of its kind replaces it.
const hostDeaf = 50 * time.Millisecond

// put queues an answer. While a host does not receive, of process ids and of offline answers only the latest is kept:
// the manual says so under GS ( H, and the host may conclude the earlier ones from it.
func (q *responses) put(now time.Time, r response) {
	if r.kind == processIDResponse || r.kind == offlineResponse {
		for i := range q.queue {
			if q.queue[i].kind == r.kind && now.Sub(q.queue[i].due) > hostDeaf {
				q.queue = append(q.queue[:i], q.queue[i+1:]...)
				break
			}
		}
	}
	if len(q.queue) >= maxResponses {
		q.queue = append(q.queue[:0], q.queue[1:]...)
		q.lost++
	}
	q.queue = append(q.queue, r)
}

// first is the index of the answer that goes out next, -1 when there is none.
func (q *responses) first() int {
	best := -1
	for i, r := range q.queue {
		if best < 0 || r.due.Before(q.queue[best].due) {
			best = i
		}
	}
	return best
}

// take removes the next answer that is due.
func (q *responses) take(now time.Time) ([]byte, bool) {
	i := q.first()
	if i < 0 || q.queue[i].due.After(now) {
		return nil, false
	}
	data := q.queue[i].data
	q.queue = append(q.queue[:i], q.queue[i+1:]...)
	return data, true
}

// dropIDs forgets process ids that have not been sent, as clearing the buffers does.
func (q *responses) dropIDs() {
	kept := q.queue[:0]
	for _, r := range q.queue {
		if r.kind != processIDResponse {
			kept = append(kept, r)
		}
	}
	q.queue = kept
}

func (q *responses) clear() { q.queue = nil }
