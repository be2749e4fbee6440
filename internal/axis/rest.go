package axis

import (
	"context"
	"sync"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/org"
)

// Rest leaves alone the recipients that lately kept the axis from answering in time, so that
// they delay nobody else (a circuit breaker for each). After a few messages in a row that ran
// out of time a recipient gets none for a while, then one to try; each time that fails the
// while is doubled. While messages to one recipient hang, no more of the workers are lent to
// it. What it knows is lost with the process and soon learnt again. The nil Rest leaves
// nobody alone. It is safe for concurrent use.
type Rest struct {
	clock func() time.Time

	mu sync.Mutex
	by map[string]*circuit // only those with something to remember
}

// NewRest knows nobody yet.
func NewRest(clock func() time.Time) *Rest {
	return &Rest{clock: clock, by: map[string]*circuit{}}
}

const (
	restAfter  = 3                // messages in a row that ran out of time
	firstRest  = time.Minute      // doubled each time …
	longestOne = 30 * time.Minute // … up to this
	atATime    = 4                // messages on their way to one recipient
	hanging    = 3 * time.Second  // without one of them arriving: then nobody waits for it
	turn       = 5 * time.Second  // until the next look
)

// circuit is what is known of one recipient.
type circuit struct {
	slow  int // messages in a row that ran out of time
	until time.Time
	busy  int
	moved time.Time     // when a message set out from rest, or the last one came back
	freed chan struct{} // closed when one comes back
}

// most is how many messages may be on their way to it.
func (c *circuit) most() int {
	switch {
	case c.slow >= restAfter:
		return 1 // to try
	case c.slow > 0:
		return 2
	}
	return atATime
}

// Enter asks whether a message may go to a recipient now, waiting a little for others on
// their way; where it may, Leave has to follow. Otherwise until tells when to ask again.
func (r *Rest) Enter(ctx context.Context, organID string) (until time.Time, free bool) {
	if r == nil {
		return time.Time{}, true
	}
	for {
		until, free, freed := r.enter(organID)
		if freed == nil {
			return until, free
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return until, false
		case <-time.After(hanging):
		}
	}
}

// enter is one look; freed is set where a slot may soon be free.
func (r *Rest) enter(organID string) (until time.Time, free bool, freed chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, now := org.OrganKey(organID), r.clock()
	c := r.by[key]
	if c == nil {
		c = &circuit{freed: make(chan struct{})}
		r.by[key] = c
	}
	switch {
	case now.Before(c.until):
		return c.until, false, nil
	case c.busy < c.most():
		if c.busy++; c.busy == 1 {
			c.moved = now
		}
		return time.Time{}, true, nil
	case now.Sub(c.moved) < hanging:
		return now.Add(turn), false, c.freed
	}
	return now.Add(turn), false, nil
}

// Until tells whether a recipient is left alone now, and how long.
func (r *Rest) Until(organID string) (until time.Time, resting bool) {
	if r == nil {
		return time.Time{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.by[org.OrganKey(organID)]
	if c == nil || !r.clock().Before(c.until) {
		return time.Time{}, false
	}
	return c.until, true
}

// Leave tells that a message that entered is no longer on its way, and what Learn is to know.
func (r *Rest) Leave(organID string, slow, arrived bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	if c := r.by[org.OrganKey(organID)]; c != nil {
		c.busy--
		c.moved = r.clock()
		close(c.freed)
		c.freed = make(chan struct{})
	}
	r.mu.Unlock()
	r.Learn(organID, slow, arrived)
}

// Learn is told what became of a message to a recipient: it ran out of time by its doing
// (slow), it arrived, or neither tells anything.
func (r *Rest) Learn(organID string, slow, arrived bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := org.OrganKey(organID)
	c := r.by[key]
	if c == nil {
		if !slow {
			return
		}
		c = &circuit{freed: make(chan struct{})}
		r.by[key] = c
	}
	switch {
	case slow:
		if c.slow++; c.slow >= restAfter {
			pause := firstRest << min(c.slow-restAfter, 8)
			c.until = r.clock().Add(min(pause, longestOne))
		}
	case arrived:
		c.slow, c.until = 0, time.Time{}
	}
	if c.busy == 0 && c.slow == 0 {
		delete(r.by, key)
	}
}

// Resting counts the recipients that are left alone now.
func (r *Rest) Resting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, now := 0, r.clock()
	for _, c := range r.by {
		if now.Before(c.until) {
			n++
		}
	}
	return n
}

// shownTime is a time in Vietnam as a sentence names it.
func shownTime(t time.Time) string { return t.In(calendar.Zone()).Format("15:04:05") }
