package importer

import (
	"context"
	"sync"
)

// workload is what this process has at work.
//
// An import that was claimed before and committed nothing since may be one that kills
// whoever works on it. Such a suspect is at work alone until it has committed a batch, lest
// imports that happen to be beside it die with it, time and again, and use up the five
// claims that rule J3 gives each. For its sake the others are handed over, as at the end of
// a turn, and go on behind it or in other processes.
type workload struct {
	mu    sync.Mutex // also keeps two claims of a process apart: what one takes decides on the next
	runs  int
	alone *claim // the suspect
}

// suspect: the claim before this one neither committed anything nor was handed over.
func (c *claim) suspect() bool { return c.claims > 1 }

// take claims the next import that may be at work beside what the process has; nil where
// there is none. What was taken must be put back. A process that does not share the store
// takes nothing.
func (e *Engine) take(ctx context.Context) (*claim, error) {
	if err := e.shared.check(ctx); err != nil {
		return nil, err
	}
	e.workload.mu.Lock()
	defer e.workload.mu.Unlock()
	if e.workload.alone != nil {
		return nil, nil //nolint:nilnil // nothing to claim is no error
	}
	c, err := e.claim(ctx, e.workload.runs == 0)
	if c == nil {
		return nil, err
	}
	e.workload.runs++
	if c.suspect() {
		e.workload.alone = c
	}
	return c, nil
}

// put gives the place of an import back that is not at work any more.
func (e *Engine) put(ctx context.Context, c *claim) {
	e.workload.mu.Lock()
	e.workload.runs--
	e.workload.mu.Unlock()
	e.clear(ctx, c)
}

// clear: a suspect has committed a batch, or has ended, and others may be at work again.
// It reports whether the import was one. Whoever looked for work meanwhile was sent away.
func (e *Engine) clear(ctx context.Context, c *claim) bool {
	e.workload.mu.Lock()
	was := e.workload.alone == c
	if was {
		e.workload.alone = nil
	}
	e.workload.mu.Unlock()
	if was {
		e.enqueue(ctx, c.ID)
	}
	return was
}
