package testenv

import (
	"context"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/session"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// Passwords keep passwords as "hash:" and the text, so that a test can look for them. Real
// ones are internal/auth's.
type Passwords struct{}

// Check refuses what is shorter than six bytes.
func (Passwords) Check(password string) *fault.Error {
	if len(password) < 6 {
		return fault.New(fault.Invalid, "too short")
	}
	return nil
}

// Hash is "hash:" and the password.
func (Passwords) Hash(_ context.Context, password string) (string, error) {
	return "hash:" + password, nil
}

// Sessions end sessions, and verify passwords of [Passwords].
type Sessions struct{}

// EndSessions deletes the user's sessions but one.
func (Sessions) EndSessions(ctx context.Context, tx *database.Tx, user, except id.ID) error {
	_, err := tx.Ent().Session.Delete().Where(session.UserID(user), session.IDNEQ(except)).
		Exec(viewer.BypassTenancy(ctx, "the sessions of a test's user"))
	return err
}

// Sessions gives none.
func (Sessions) Sessions(context.Context) ([]*ent.Session, error) { return nil, nil }

// EndOwnSessions ends none.
func (Sessions) EndOwnSessions(context.Context, *database.Tx, []id.ID) (int, error) { return 0, nil }

// VerifyOwn compares the password with the hash.
func (Sessions) VerifyOwn(_ context.Context, _ id.ID, password, hash string) (bool, error) {
	return hash == "hash:"+password, nil
}

// NoEvents publishes nothing.
type NoEvents struct{}

// Publish drops the event.
func (NoEvents) Publish(context.Context, string) error { return nil }

// NoQueue wakes no worker.
type NoQueue struct{}

// Enqueue does nothing.
func (NoQueue) Enqueue(context.Context, id.ID) error { return nil }
