// Package tenancy is the business of partners and the companies they manage: what is
// more than one row's.
//
// Who may do what is judged by ent/policy, where the data is; this package checks first
// what a caller should be told in words, does everything that belongs to one act in
// one transaction, and turns what the database refuses into answers.
package tenancy

import (
	"context"
	"errors"
	"log/slog"
	"unicode/utf8"

	"tenantry/ent/generated/ent"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/email"
	"tenantry/internal/fault"
	"tenantry/internal/fold"
	"tenantry/internal/id"
	"tenantry/internal/notify"
)

// MaxName is the most code points of a name (rule K5).
const MaxName = 200

// Passwords checks and hashes them (rule U2).
type Passwords interface {
	Check(password string) *fault.Error
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (bool, error)
}

// Service does the acts. Make it with New.
type Service struct {
	db        *database.DB
	passwords Passwords
	sessions  Sessions
	news      notify.News
	log       *slog.Logger
}

// Parts are what a Service works with; all of them are needed.
type Parts struct {
	DB        *database.DB
	Passwords Passwords
	Sessions  Sessions
	News      notify.News
	Log       *slog.Logger
}

// Sessions ends them (rule U3): all of a user's but one (the zero id spares none), in the
// transaction that has changed their email, password, role or activity.
type Sessions interface {
	EndSessions(ctx context.Context, tx *database.Tx, user, except id.ID) error
}

// New returns the service.
func New(p Parts) *Service {
	return &Service{db: p.DB, passwords: p.Passwords, sessions: p.Sessions, news: p.News, log: p.Log}
}

// signedIn returns who is asking, or UNAUTHENTICATED.
func signedIn(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return v, fault.New(fault.Unauthenticated, "sign in first")
	}
	return v, nil
}

// operator returns who is asking, or UNAUTHENTICATED, or FORBIDDEN.
func operator(ctx context.Context) (viewer.Viewer, error) {
	v, err := signedIn(ctx)
	if err == nil && !(v.Operator && v.Admin) { // a MEMBER only reads, there as anywhere (rule U5)
		err = fault.New(fault.Forbidden, "only operators of the platform may do this")
	}
	return v, err
}

// name checks a name at the input's path and returns it trimmed, in NFC.
func name(raw string, path ...string) (string, error) {
	n := fold.Text(raw)
	switch {
	case !fold.Storable(n):
		return "", fault.New(fault.Invalid, "the name has characters that no text has: a NUL, or bytes that are no UTF-8").At(path...)
	case fold.Slug(n) == "":
		return "", fault.New(fault.Invalid, "a name is needed, with at least one visible character").At(path...)
	case utf8.RuneCountInString(n) > MaxName:
		return "", fault.New(fault.Invalid, "the name has %d characters; it may have %d", utf8.RuneCountInString(n), MaxName).
			At(path...).With("limit", MaxName)
	}
	return n, nil
}

// address checks an email at the input's path and returns it trimmed.
func address(raw string, path ...string) (string, error) {
	a := fold.Text(raw)
	if !fold.Storable(a) || !email.Valid(a) {
		return "", fault.New(fault.Invalid, "%q is no email address such as kim@example.com of at most %d characters", cut(a), email.MaxLength).
			At(path...)
	}
	return a, nil
}

// cut keeps a client's own value short in a message.
func cut(s string) string {
	const most = 100
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// answer turns what ent refused into a fault; other errors stay as they are.
func answer(err error) error {
	switch {
	case err == nil, fault.Of(err) != nil:
		return err
	case errors.Is(err, policy.ErrDenied):
		return fault.New(fault.Forbidden, "you may not do this").Because(err)
	case database.IsForeignKeyViolation(err):
		return fault.New(fault.NotFound, "a record that this refers to has been deleted meanwhile").Because(err)
	case ent.IsNotFound(err):
		return fault.New(fault.NotFound, "there is no such record, or you may not change it").Because(err)
	}
	return err
}
