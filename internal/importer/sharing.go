package importer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tenantry/internal/deployment"
)

const (
	// sharingHolds is how long a process that shared the store is taken to do so.
	sharingHolds = 5 * time.Second

	// sharingTimeout bounds one check.
	sharingTimeout = 10 * time.Second
)

// errNotShared: this process does not see, or does not see now, what the others have. No
// import ends for that.
var errNotShared = errors.New("this process takes no import")

// Sharing says whether this process shares the blob store and the key with the others on its
// database, so that an upload that one accepts is where another looks for it.
type Sharing interface {
	Check(ctx context.Context) error
}

// sharing asks whether the store and the key are those of the database (see [Sharing]), not
// more often than it has to, and logs when the answer changes.
type sharing struct {
	with Sharing
	log  *slog.Logger

	mu    sync.Mutex
	until time.Time
	said  string // the last trouble that was logged; "": none
}

// check gives errNotShared with its reason. What nobody has defined yet is no reason: an
// earlier version's api processes, which define nothing, may be at work while this one's
// workers are not.
func (s *sharing) check(ctx context.Context) error {
	if err := s.ask(ctx, false); !errors.Is(err, deployment.ErrUndefined) {
		return err
	}
	return nil
}

// recheck is check where something is amiss or is to be deleted: what was found a moment ago
// does not count, and what is not known is a reason.
func (s *sharing) recheck(ctx context.Context) error { return s.ask(ctx, true) }

func (s *sharing) ask(ctx context.Context, fresh bool) error {
	if s.with == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !fresh && time.Now().Before(s.until) {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, sharingTimeout)
	defer cancel()
	err := s.with.Check(within)
	if ctx.Err() != nil {
		return ctx.Err() // whoever asked has gone: nothing was found out
	}
	if err != nil {
		s.until = time.Time{}
		if !errors.Is(err, deployment.ErrUndefined) && s.said != err.Error() {
			s.said = err.Error()
			s.log.ErrorContext(ctx, errNotShared.Error(), "error", err)
		}
		return fmt.Errorf("%w: %w", errNotShared, err)
	}
	if s.said != "" {
		s.said = ""
		s.log.InfoContext(ctx, "this process takes imports again")
	}
	s.until = time.Now().Add(sharingHolds)
	return nil
}
