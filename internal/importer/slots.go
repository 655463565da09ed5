package importer

import "sync"

// slots are the imports that this process works on.
//
// An import that was claimed before and committed nothing since may be one that kills
// whoever works on it. It is in quarantine, and is worked on alone, until it has committed a
// batch, lest imports that happen to be beside it die with it, time and again, and use up the
// five claims that rule J3 gives each. For its sake the others are handed over, as at the end of
// a turn, and go on behind it or in other processes.
type slots struct {
	mu         sync.Mutex // also keeps two claims of a process apart: what one acquires decides on the next
	used       int
	quarantine *claim // nil: there is none
}

// acquire gives a slot to the import that next claims; nil where there is none, or where what is
// in quarantine keeps the others out. next is given whether it may claim one for quarantine.
func (s *slots) acquire(next func(quarantine bool) (*claim, error)) (*claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quarantine != nil {
		return nil, nil //nolint:nilnil // nothing to claim is no error
	}
	c, err := next(s.used == 0)
	if c == nil {
		return nil, err
	}
	s.used++
	if c.mayKill() {
		s.quarantine = c
	}
	return c, nil
}

// alone reports whether no more than one import is at work.
func (s *slots) alone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used <= 1
}

// release frees a slot.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
}

// clear ends the import's quarantine, where it was in it.
func (s *slots) clear(c *claim) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was = s.quarantine == c; was {
		s.quarantine = nil
	}
	return was
}
