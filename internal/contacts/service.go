package contacts

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/searchindex"
	"tenantry/internal/tenancy"
)

// What a company may have at most; each list of the API shows all of it.
const (
	MaxProjects     = 500
	MaxDesks        = 500
	MaxLabels       = 1_000
	MaxCustomFields = 100
)

// Companies finds those whose contacts are to be changed.
type Companies interface {
	// Administered is the company with the id (nil: the viewer's own) for whoever
	// administers it; else UNAUTHENTICATED, NOT_FOUND or FORBIDDEN at the path.
	Administered(ctx context.Context, companyID *id.ID, path ...string) (*ent.Company, error)
}

// Service performs the operations. Make it with New.
type Service struct {
	db        *database.DB
	companies Companies
	fields    []Field
	bulk      *Bulk // of the fields
	index     *searchindex.Index
	journals  Journals
	editsKept time.Duration
	builtIn   func(column string) bool
	log       *slog.Logger
}

// Parts are what a Service works with; the zero value of those behind BuiltIn means their default.
type Parts struct {
	DB        *database.DB
	Companies Companies
	// BuiltIn says whether files of contacts have a column of this name, or alias, in any
	// spelling, so that no custom field may be called so (rule K3).
	BuiltIn   func(column string) bool
	Journals  Journals      // of imports; nil: there are none
	EditsKept time.Duration // how long it is kept what changes replaced: as long as imports can be undone; default 720 h
	Log       *slog.Logger  // nil: nobody hears
}

// New returns the service.
func New(p Parts) *Service {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	fields := Fields()
	bulk := NewBulk(fields)
	return &Service{
		db: p.DB, companies: p.Companies, fields: fields, bulk: bulk, index: searchindex.New(p.DB, indexedContacts{p.DB, bulk}),
		journals: p.Journals, editsKept: cmp.Or(p.EditsKept, 720*time.Hour), builtIn: p.BuiltIn, log: p.Log,
	}
}

// target is the company (nil: the viewer's own) to which something is to be added. The
// platform's own company keeps none.
func (s *Service) target(ctx context.Context, companyID *id.ID) (*ent.Company, error) {
	c, err := s.companies.Administered(ctx, companyID, "input", "companyId")
	if err == nil && c.IsPlatform {
		err = fault.New(fault.Forbidden, "the platform's own company has no contacts, nor what belongs to them").At("input", "companyId")
	}
	return c, err
}

// unitOfWork is an operation in one transaction.
type unitOfWork struct{ *database.Tx }

// attempts is how often an operation starts again because what it referred to was deleted
// meanwhile: the next look says so, or finds the new default.
const attempts = 3

// do runs a unit of work. Errors of the database become errors for clients.
func (s *Service) do(ctx context.Context, fn func(ctx context.Context, a unitOfWork) error) error {
	var err error
	for range attempts {
		err = s.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error { return fn(ctx, unitOfWork{tx}) })
		if !database.IsForeignKeyViolation(err) {
			break
		}
	}
	return tenancy.Answer(err)
}

// holdCompany makes other operations that hold the company wait until this one has ended; rows that
// refer to it are not kept waiting.
func (a unitOfWork) holdCompany(ctx context.Context, companyID id.ID) error {
	_, err := a.LockRow(ctx, database.ForNoKeyUpdate, company.Table, companyID)
	return err
}

// holdRow makes other changes of the row wait until this operation has ended.
func (a unitOfWork) holdRow(ctx context.Context, table string, rowID id.ID) error {
	_, err := a.LockRow(ctx, database.ForUpdate, table, rowID)
	return err
}

// keepRow keeps the row from being deleted until this operation has ended, and says whether it is
// still there.
func (a unitOfWork) keepRow(ctx context.Context, table string, rowID id.ID) (bool, error) {
	return a.LockRow(ctx, database.ForKeyShare, table, rowID)
}

// audit writes the operation into the company's log.
func (a unitOfWork) audit(ctx context.Context, companyID id.ID, action, format string, args ...any) error {
	return tenancy.Audit(ctx, a.Tx, action, fmt.Sprintf(format, args...), companyID)
}

// owned gives a record that is to be changed, as find sees it: UNAUTHENTICATED; NOT_FOUND
// where the viewer may not know of it; FORBIDDEN where looking is all that is allowed.
func owned[T any](ctx context.Context, s *Service, what string, find func() (T, error), company func(T) id.ID) (T, error) {
	var none T
	if _, err := tenancy.SignedIn(ctx); err != nil {
		return none, err
	}
	found, err := find()
	if ent.IsNotFound(err) {
		return none, fault.New(fault.NotFound, "there is no such %s", what).At("input", "id")
	}
	if err != nil {
		return none, err
	}
	of := company(found)
	_, err = s.companies.Administered(ctx, &of, "input", "id")
	return found, err
}

// deleted answers a deletion that found nothing: somebody else was quicker.
func deleted(what string, n int, err error) error {
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "there is no such %s", what).At("input", "id")
	}
	return err
}

// now is the time as columns hold it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// taken answers a violated uniqueness of the column; other errors stay as they are.
func taken(err error, column string, answer *fault.Error) error {
	if database.IsUniqueViolation(err) && strings.Contains(database.ConstraintOf(err), column) {
		return answer.Because(err)
	}
	return err
}

// full refuses one more of what a company has enough of. The company must be held.
func full(n int, err error, most int, what string) error {
	if err == nil && n >= most {
		err = fault.New(fault.LimitExceeded, "the company has %d %s; it may have %d", n, what, most).With("limit", most)
	}
	return err
}
