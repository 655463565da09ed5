// Package graph implements the operations of the API.
//
// A resolver has one of two shapes: one chain of ent calls, which ent/policy authorizes, or
// one call of a service. Pagination (page), batched loading (loaders), errors and limits on
// the cost of operations are implemented once for all resolvers.
package graph

import (
	"context"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/contacts"
	"tenantry/internal/id"
	"tenantry/internal/importer"
	"tenantry/internal/notify"
	"tenantry/internal/tenancy"
)

// Resolver has what the resolvers call. All of it is needed.
type Resolver struct {
	Ent            *ent.Client
	Tenancy        *tenancy.Service
	ContactService *contacts.Service // contacts and what belongs to them
	Importer       *importer.Engine
	Notifications  *notify.Service
	Sessions       Sessions
	Files          Files
}

// Sessions begins and ends them.
type Sessions interface {
	// SignIn gives the session and, for BEARER, its token. UNAUTHENTICATED, RATE_LIMITED.
	SignIn(ctx context.Context, email, password string, kind enum.SessionKind) (string, *ent.Session, *ent.User, error)
	// CompleteSignIn gives the same, for the challenge that SignIn has given a user with a second factor.
	CompleteSignIn(ctx context.Context, challenge, code string, kind enum.SessionKind) (string, *ent.Session, *ent.User, error)
	// SignOut ends the caller's session; false where there was none.
	SignOut(ctx context.Context) (bool, error)
	// Sessions are the caller's own that have not ended.
	Sessions(ctx context.Context) ([]*ent.Session, error)
}

// Files makes signed, absolute addresses of files, good for 15 minutes.
type Files interface {
	RejectsURL(run id.ID, by viewer.Principal) string
	RowsURL(run id.ID, by viewer.Principal, outcomes []enum.RowOutcome) string
	// Export gives the address of a company's records of the kind (nil: the viewer's own
	// company's), and until when it is good. UNAUTHENTICATED, NOT_FOUND, FORBIDDEN.
	Export(ctx context.Context, kind enum.ImportKind, companyID *id.ID) (string, time.Time, error)
}
