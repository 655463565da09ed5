// Package tenancy owns companies, partner admins, users and transfer tokens: it is the only
// package that writes them, one by one and in bulk.
//
// ent/policy authorizes every access. The operations here check first what deserves a helpful
// message, do everything in one transaction, and turn errors of the database into errors for
// clients.
package tenancy

import (
	"context"
	"errors"
	"log/slog"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/notify"
)

// Passwords checks and hashes them (rule U2).
type Passwords interface {
	Check(password string) *fault.Error
	Hash(ctx context.Context, password string) (string, error)
}

// Service performs the operations. Make it with New.
type Service struct {
	db        *database.DB
	passwords Passwords
	sessions  Sessions
	factors   SecondFactors
	publisher notify.Publisher
	owners    []Owner
	redeem    RedeemLimit
	log       *slog.Logger

	companyFields []CompanyField
	companies     *CompanyBulk
	userFields    []UserField
	users         *UserBulk
}

// Parts are what a Service works with; all of them are needed.
type Parts struct {
	DB        *database.DB
	Passwords Passwords
	Sessions  Sessions
	Factors   SecondFactors
	Events    notify.Publisher
	// Owners are the packages that own tables below companies, but for this one.
	Owners []Owner
	// Redeem limits how often a user tries transfer tokens; nil: as often as they like.
	Redeem RedeemLimit
	Log    *slog.Logger
}

// RedeemLimit counts that a user tries a transfer token, before anything is looked up: RATE_LIMITED
// after too many (rule U12). succeeded is called for a try that was none of an unknown token.
type RedeemLimit func(ctx context.Context, user id.ID) (succeeded func(), err error)

// Sessions are who is signed in.
type Sessions interface {
	// EndSessions ends all of a user's but one (the zero id spares none), in the transaction
	// that has changed their email, password, role or activity (rule U3).
	EndSessions(ctx context.Context, tx *database.Tx, user, except id.ID) error
	// Sessions are the viewer's own that have not ended.
	Sessions(ctx context.Context) ([]*ent.Session, error)
	// EndOwnSessions ends the viewer's own with these ids, or, where ids is nil, all but the one that
	// asks. NOT_FOUND, LIMIT_EXCEEDED.
	EndOwnSessions(ctx context.Context, tx *database.Tx, ids []id.ID) (int, error)
	// VerifyOwn compares the password that a signed-in user gives for their own with its hash.
	// RATE_LIMITED after too many wrong ones (rule U12).
	VerifyOwn(ctx context.Context, user id.ID, password, hash string) (bool, error)
}

// New returns the service.
func New(p Parts) *Service {
	companies, users := CompanyFields(), UserFields()
	return &Service{
		db: p.DB, passwords: p.Passwords, sessions: p.Sessions, factors: p.Factors, publisher: p.Events, owners: p.Owners, redeem: p.Redeem, log: p.Log,
		companyFields: companies, companies: NewCompanyBulk(companies), userFields: users, users: NewUserBulk(users),
	}
}

// SignedIn returns who is asking, or UNAUTHENTICATED; FORBIDDEN for who must enroll in a second
// factor first (rule U9).
func SignedIn(ctx context.Context) (viewer.Viewer, error) {
	v, err := Caller(ctx)
	if err == nil && v.MustEnroll {
		err = auth.EnrollFirst()
	}
	return v, err
}

// Caller is SignedIn for what those may do too who must enroll first.
func Caller(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.FromContext(ctx)
	if !v.Authenticated() {
		return v, fault.New(fault.Unauthenticated, "sign in first")
	}
	return v, nil
}

// Administered is the company with the id (nil: the viewer's own) for whoever administers
// it. UNAUTHENTICATED; NOT_FOUND for one that the viewer may not know of; FORBIDDEN.
func (s *Service) Administered(ctx context.Context, companyID *id.ID, path ...string) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.db.Ent().Company.Query().Where(company.ID(orOwn(companyID, v))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noCompany().At(path...)
	}
	if err != nil {
		return nil, err
	}
	return c, MustAdminister(ctx, s.db.Ent(), c.ID, path...)
}

// operator returns who is asking, or UNAUTHENTICATED, or FORBIDDEN.
func operator(ctx context.Context) (viewer.Viewer, error) {
	v, err := SignedIn(ctx)
	if err == nil && !(v.Operator && v.Admin) { // a MEMBER only reads, there as anywhere (rule U5)
		err = fault.New(fault.Forbidden, "only operators of the platform who are administrators may do this")
	}
	return v, err
}

// atArgument says of a fault which argument is behind it; other errors stay as they are.
func atArgument(err error, path ...string) error {
	if f := fault.Of(err); f != nil {
		return f.At(path...)
	}
	return err
}

// Answer turns what ent refused into a fault; other errors stay as they are.
func Answer(err error) error {
	switch {
	case err == nil, fault.Of(err) != nil:
		return err
	case errors.Is(err, policy.ErrDenied):
		return fault.New(fault.Forbidden, "you may not do this").Because(err)
	case errors.Is(err, database.ErrTenantDeleted):
		return noCompany().Because(err)
	case database.IsForeignKeyViolation(err):
		return fault.New(fault.NotFound, "a record that this refers to has been deleted meanwhile").Because(err)
	case ent.IsNotFound(err):
		return fault.New(fault.NotFound, "there is no such record, or you may not change it").Because(err)
	}
	return err
}
