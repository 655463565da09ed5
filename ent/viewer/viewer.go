// Package viewer carries the caller's identity and rights in the context.
//
// ent/policy checks every read and write of the database against the viewer. A context
// without one is anonymous and can neither read nor change anything. The package imports
// nothing of ours, so any package may use it.
package viewer

import (
	"context"
	"sync/atomic"

	"github.com/google/uuid"
)

// Viewer is a caller with the rights they had when the request began. The zero
// value is nobody.
type Viewer struct {
	UserID    uuid.UUID
	SessionID uuid.UUID
	CompanyID uuid.UUID // the caller's own company
	Name      string    // first and last name, for records that keep who it was
	Operator  bool      // belongs to the platform's own company
	Admin     bool      // has the role ADMIN in the own company
	Partner   bool      // the own company is a partner now

	// KeyID is the API key that calls in the place of the user who made it, UserID, with that
	// one's rights of now (rule U7); the zero UUID where a person calls.
	KeyID     uuid.UUID
	KeyWrites bool // its access is WRITE

	// MustEnroll: the own company requires a second factor and the user has none (rule U9). Admin,
	// Partner and Operator are false then, and the viewer sees the own user and company alone.
	MustEnroll bool
	// CustomersClosed: the own company, a partner, requires a second factor of whoever works inside
	// its customers, and the user has none.
	CustomersClosed bool

	system string // why the policies are passed by; empty for people
}

// Authenticated reports whether somebody is signed in.
func (v Viewer) Authenticated() bool { return v.UserID != uuid.Nil }

// ByKey reports whether an API key calls (rule U7).
func (v Viewer) ByKey() bool { return v.KeyID != uuid.Nil }

// OnlyReads reports whether it is a key that changes nothing.
func (v Viewer) OnlyReads() bool { return v.ByKey() && !v.KeyWrites }

// Principal is who a caller is, whatever the rights of now.
type Principal struct {
	User uuid.UUID
	Key  uuid.UUID // the API key by which the user acts; the zero UUID: none
}

// Principal of the viewer.
func (v Viewer) Principal() Principal { return Principal{v.UserID, v.KeyID} }

// PartnerAdministrator reports whether the caller manages the customers of a partner
// (rule C7): an administrator of a company that is a partner now.
func (v Viewer) PartnerAdministrator() bool { return v.Partner && v.Admin && !v.Operator }

// System reports the reason for which the policies are passed by, if they are.
func (v Viewer) System() (reason string, ok bool) { return v.system, v.system != "" }

type key struct{}

// asking is who asks in a context and in all that come of it, as of now.
type asking struct{ now atomic.Pointer[Viewer] }

func with(ctx context.Context, v Viewer) context.Context {
	a := &asking{}
	a.now.Store(&v)
	return context.WithValue(ctx, key{}, a)
}

// NewContext returns a context in which v is asking.
func NewContext(ctx context.Context, v Viewer) context.Context {
	v.system = ""
	return with(ctx, v)
}

// FromContext returns who is asking; the zero Viewer where nobody is.
func FromContext(ctx context.Context) Viewer {
	if a, ok := ctx.Value(key{}).(*asking); ok {
		return *a.now.Load()
	}
	return Viewer{}
}

// Renew gives whoever is asking in the context, and in those that came of it, the rights of
// v, the same person, from now on: what has long been open, such as a subscription, goes on
// with these. Nobody stays nobody.
func Renew(ctx context.Context, v Viewer) {
	a, ok := ctx.Value(key{}).(*asking)
	if !ok || a.now.Load().Principal() != v.Principal() {
		return
	}
	v.system = a.now.Load().system
	a.now.Store(&v)
}

// BypassTenancy returns a context in which no policy applies: the one loud name by
// which the platform itself, not a caller, reads or writes (signing in, the job, the
// sweep). The reason is for whoever searches for this name.
func BypassTenancy(ctx context.Context, reason string) context.Context {
	v := FromContext(ctx)
	v.system = reason
	return with(ctx, v)
}
