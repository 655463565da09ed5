package auth

import (
	"container/list"
	"crypto/sha256"
	"math"
	"sync"
	"time"

	"tenantry/internal/fault"
)

// Limit is how many failures are forgiven: Burst of them at once, and one more for
// each Every that passes.
type Limit struct {
	Burst int
	Every time.Duration
}

// throttle counts attempts by name and refuses names that have failed too often. An
// attempt counts as a failure from before it is checked until it has succeeded, so that of
// many sent at once no more are compared than of as many in a row.
//
// It remembers only so many names, forgetting the one that was not tried for longest, so
// whoever invents names fills no memory. It lives in one process: with n processes an
// attacker has n times the limit, which is still slow.
//
// An entry keeps one time, at which all its failures will be forgiven (the generic
// cell rate algorithm), so nothing has to be swept.
type throttle struct {
	limit    Limit
	capacity int // names remembered
	now      func() time.Time

	mu      sync.Mutex
	entries map[[32]byte]*list.Element
	recent  *list.List // of *failures; the latest first
}

type failures struct {
	name     [32]byte // hashed: a name may be as long as a caller likes
	forgiven time.Time
}

func newThrottle(limit Limit, capacity int, now func() time.Time) *throttle {
	return &throttle{
		limit: limit, capacity: capacity, now: now,
		entries: make(map[[32]byte]*list.Element), recent: list.New(),
	}
}

// admit returns RATE_LIMITED, with `retryAfter` in whole seconds, where the name has
// failed too often. It counts nothing.
func (t *throttle) admit(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.entries[sha256.Sum256([]byte(name))]; ok {
		return t.refusal(e.Value.(*failures), t.now())
	}
	return nil
}

// take counts an attempt, or refuses it as admit does and counts nothing.
func (t *throttle) take(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	key, now := sha256.Sum256([]byte(name)), t.now()
	e, ok := t.entries[key]
	if ok {
		if err := t.refusal(e.Value.(*failures), now); err != nil {
			return err
		}
	} else {
		if len(t.entries) >= t.capacity {
			oldest := t.recent.Back()
			delete(t.entries, t.recent.Remove(oldest).(*failures).name)
		}
		e = t.recent.PushFront(&failures{name: key, forgiven: now})
		t.entries[key] = e
	}
	t.recent.MoveToFront(e)
	f := e.Value.(*failures)
	if f.forgiven.Before(now) {
		f.forgiven = now
	}
	f.forgiven = f.forgiven.Add(t.limit.Every)
	return nil
}

// refusal is nil for whoever has not failed too often.
func (t *throttle) refusal(f *failures, now time.Time) error {
	tolerated := time.Duration(t.limit.Burst-1) * t.limit.Every
	wait := f.forgiven.Sub(now) - tolerated
	if wait <= 0 {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	return fault.New(fault.RateLimited, "There were too many wrong passwords. Try again in %d seconds.", seconds).
		With("retryAfter", seconds)
}

// giveBack uncounts one attempt, which was no failure.
func (t *throttle) giveBack(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.entries[sha256.Sum256([]byte(name))]; ok {
		f := e.Value.(*failures)
		f.forgiven = f.forgiven.Add(-t.limit.Every)
	}
}

// forget clears a name: its owner has proved to be who they are.
func (t *throttle) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := sha256.Sum256([]byte(name))
	if e, ok := t.entries[key]; ok {
		t.recent.Remove(e)
		delete(t.entries, key)
	}
}
