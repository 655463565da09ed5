package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

const (
	// failuresEvery is how often failed sign-ins are reported, so that what a program tries in a
	// row is one event.
	failuresEvery = time.Second
	// failuresWithin is the least time between two events of one user.
	failuresWithin = 10 * time.Minute
	// rememberedUsers is of how many users failed sign-ins are counted.
	rememberedUsers = 10_000
	// shownAddresses is how many client addresses an event names.
	shownAddresses = 3
)

// Events hear of sign-ins, in the transaction that stores what it is about.
type Events interface {
	// SignedIn hears that a session was begun.
	SignedIn(ctx context.Context, tx *database.Tx, u *ent.User, s *ent.Session) error
	// SignInsFailed hears of failed sign-ins of one user, some time later: one event for many (rule U10).
	SignInsFailed(ctx context.Context, tx *database.Tx, f FailedSignIns) error
	// RecoveryCodeUsed hears that a user has signed in with a recovery code, and how many are left.
	RecoveryCodeUsed(ctx context.Context, tx *database.Tx, u *ent.User, left int) error
}

// FailedSignIns are those of one user since the last event.
type FailedSignIns struct {
	User  *ent.User
	Count int
	Since time.Time // the first of them
	// Addresses are the clients', at most three; More says that there were others.
	Addresses []string
	More      bool
}

// failedSignIns counts the failed sign-ins of users until they are reported. Reporting is nothing that a
// request waits for, since the answer for a user must take as long as that for an email of nobody.
// What a process has not reported when it dies is lost; the log has it.
type failedSignIns struct {
	capacity int // users
	now      func() time.Time

	mu sync.Mutex
	of map[id.ID]*failedOfUser
}

type failedOfUser struct {
	FailedSignIns
	reported time.Time // when the last event was taken; zero: there was none
}

func newFailedSignIns(capacity int, now func() time.Time) *failedSignIns {
	return &failedSignIns{capacity: capacity, now: now, of: map[id.ID]*failedOfUser{}}
}

// note counts one. Beyond the capacity it is left to the log.
func (f *failedSignIns) note(u *ent.User, address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, ok := f.of[u.ID]
	if !ok {
		if len(f.of) >= f.capacity {
			return
		}
		one = &failedOfUser{}
		f.of[u.ID] = one
	}
	if one.Count == 0 {
		one.FailedSignIns = FailedSignIns{User: u, Since: f.now()}
	}
	one.Count++
	one.add(address)
}

func (f *FailedSignIns) add(address string) {
	switch {
	case address == "" || slices.Contains(f.Addresses, address):
	case len(f.Addresses) < shownAddresses:
		f.Addresses = append(f.Addresses, address)
	default:
		f.More = true
	}
}

// take gives those of which an event is due, or all, and forgets them and whoever has not failed for long.
func (f *failedSignIns) take(all bool) []FailedSignIns {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var due []FailedSignIns
	for u, one := range f.of {
		waits := now.Sub(one.reported) < failuresWithin
		switch {
		case one.Count > 0 && (all || !waits):
			due = append(due, one.FailedSignIns)
			*one = failedOfUser{reported: now}
		case one.Count == 0 && !waits:
			delete(f.of, u)
		}
	}
	return due
}

// putBack counts again what could not be reported.
func (f *failedSignIns) putBack(failed FailedSignIns) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, ok := f.of[failed.User.ID]
	if !ok {
		return
	}
	later := one.FailedSignIns
	one.FailedSignIns, one.reported = failed, time.Time{}
	one.Count += later.Count
	for _, address := range later.Addresses {
		one.add(address)
	}
	one.More = one.More || later.More
}

// reportFailures reports the failed sign-ins that are due, or all of them.
func (a *Authenticator) reportFailures(ctx context.Context, all bool) error {
	if a.options.Events == nil {
		return nil
	}
	var errs []error
	for _, failed := range a.failures.take(all) {
		err := a.reportFailed(ctx, failed)
		if errors.Is(err, database.ErrTenantDeleted) || database.IsForeignKeyViolation(err) {
			continue // the company is gone, and its log too
		}
		if err != nil {
			a.failures.putBack(failed)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (a *Authenticator) reportFailed(ctx context.Context, failed FailedSignIns) error {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	err := a.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		return a.options.Events.SignInsFailed(ctx, tx, failed)
	})
	if err != nil {
		return fmt.Errorf("reporting failed sign-ins: %w", err)
	}
	return nil
}
