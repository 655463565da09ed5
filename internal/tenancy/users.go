package tenancy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// Person is a user about to be (rule U1).
type Person struct {
	Email     string
	FirstName string
	LastName  string
	Password  string
	Role      enum.UserRole
	Active    bool
}

// CreateUser makes a user in the company's directory; nil: the viewer's own. Errors:
// UNAUTHENTICATED, NOT_FOUND for a company that the viewer may not know of, FORBIDDEN for
// one that the viewer does not administer and for an ADMIN whom the viewer may not make
// (rule C6), INVALID_ARGUMENT, ALREADY_EXISTS.
func (s *Service) CreateUser(ctx context.Context, companyID *id.ID, p Person) (*ent.User, error) {
	c, err := s.Administered(ctx, companyID, "input", "companyId")
	if err != nil {
		return nil, err // before a password is hashed
	}
	if p.Role == enum.Admin {
		if err := mayMakeAdministrators(ctx, c.ID, "input", "role"); err != nil {
			return nil, err
		}
	}
	checked, err := s.person(ctx, p, "input")
	if err != nil {
		return nil, err
	}
	var made *ent.User
	err = s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		if made, err = s.createUser(ctx, a, checked, c.ID); err != nil {
			return err
		}
		return a.audit(ctx, userCreated, fmt.Sprintf("%s <%s> was added to the directory of %q", fullName(made), made.Email, c.Name), c.ID)
	})
	if errors.Is(err, database.ErrTenantDeleted) {
		err = atArgument(err, "input", "companyId")
	}
	return made, err
}

// mayMakeAdministrators refuses a partner admin who is neither an administrator of the
// company itself nor one of its partner (rule C6): whoever they made an ADMIN could do what
// is not theirs, such as ending the partnership. The viewer must administer the company.
func mayMakeAdministrators(ctx context.Context, companyID id.ID, path ...string) error {
	v := viewer.FromContext(ctx)
	if policy.MayMakeAdministrators(v, companyID) {
		return nil
	}
	if v.ByKey() {
		return fault.New(fault.Forbidden, "an API key makes no ADMIN, who could do what is no key's: make a MEMBER, or sign in").At(path...)
	}
	return fault.New(fault.Forbidden, "only administrators of the company itself and administrators of its partner make someone an active ADMIN of it; you are a partner admin, and can make a MEMBER").At(path...)
}

// MustAdminister refuses whoever does not administer the company.
func MustAdminister(ctx context.Context, client *ent.Client, companyID id.ID, path ...string) error {
	may, err := administers(ctx, client, companyID)
	if err == nil && !may {
		err = fault.New(fault.Forbidden, "only the company's administrators and its partner admins may do this; you are neither").At(path...)
		if v := viewer.FromContext(ctx); v.CustomersClosed && companyID != v.CompanyID {
			err = EnrollToEnter().At(path...)
		}
	}
	return err
}

// EnrollToEnter is what a partner's user is told who needs a second factor to work inside customers.
func EnrollToEnter() *fault.Error {
	return fault.New(fault.Forbidden, "your company requires a second factor of whoever works inside its customers, and you have none: enroll with startTwoFactor and confirmTwoFactor")
}

// CreateOperator makes somebody who runs the platform. It is for the command line alone,
// where whoever may write the database is trusted.
func (s *Service) CreateOperator(ctx context.Context, p Person) (*ent.User, error) {
	platform, err := s.Platform(ctx)
	if err != nil {
		return nil, err
	}
	p.Role, p.Active = enum.Admin, true
	checked, err := s.person(ctx, p)
	if err != nil {
		return nil, err
	}
	var made *ent.User
	err = s.do(viewer.BypassTenancy(ctx, "an operator made at the command line"), func(ctx context.Context, a *unitOfWork) (err error) {
		made, err = s.createUser(ctx, a, checked, platform.ID)
		return err
	})
	return made, err
}

// checkedPerson is a Person whose every part is in order and whose password is hashed.
type checkedPerson struct {
	UserRecord
	path []string
}

func (s *Service) person(ctx context.Context, p Person, path ...string) (c checkedPerson, err error) {
	c.path = path
	given := UserChange{
		Email: input.Given(&p.Email), FirstName: input.Given(&p.FirstName), LastName: input.Given(&p.LastName),
		Role: input.Given(&p.Role), Active: input.Given(&p.Active),
	}
	if err := given.take(s.userFields, &c.UserRecord, path...); err != nil {
		return c, err
	}
	c.PasswordHash, err = s.hash(ctx, p.Password, at(path, "password")...)
	return c, err
}

// hash checks a password and hashes it.
func (s *Service) hash(ctx context.Context, password string, path ...string) (string, error) {
	if f := s.passwords.Check(password); f != nil {
		return "", f.At(path...)
	}
	return s.passwords.Hash(ctx, password)
}

// at is a path with one more element.
func at(path []string, field string) []string { return append(path[:len(path):len(path)], field) }

func (s *Service) createUser(ctx context.Context, a *unitOfWork, p checkedPerson, companyID id.ID) (*ent.User, error) {
	create := a.Ent().User.Create().SetCompanyID(companyID).SetPasswordHash(p.PasswordHash)
	if err := s.users.set(create.Mutation(), &p.UserRecord, nil); err != nil {
		return nil, err
	}
	made, err := create.Save(ctx)
	return made, emailTaken(err, p.Email, at(p.path, "email")...)
}

// emailTaken answers a violated uniqueness; other errors stay as they are.
func emailTaken(err error, email string, path ...string) error {
	if database.IsUniqueViolation(err) && strings.Contains(database.ConstraintOf(err), "email_key") {
		return fault.New(fault.AlreadyExists, "the email %s is taken", email).At(path...).Because(err)
	}
	return err
}

// DeleteUser deletes a user of a directory that the viewer administers; one's own self is
// refused. Errors: NOT_FOUND, FORBIDDEN (rule U6), FAILED_PRECONDITION for the last
// administrator of a company that no partner manages (U4).
func (s *Service) DeleteUser(ctx context.Context, userID id.ID) error {
	return s.do(ctx, func(ctx context.Context, a *unitOfWork) error {
		u, err := a.target(ctx, userID)
		if err != nil {
			return err
		}
		if u.ID == a.who.UserID {
			return fault.New(fault.Forbidden, "you cannot delete yourself; another administrator can").At("input", "id")
		}
		if err := a.protects(ctx, u); err != nil {
			return err
		}
		if err := a.keepsAdministrator(ctx, u, false); err != nil {
			return err
		}
		system := viewer.BypassTenancy(ctx, "a user is deleted by those who administer the directory")
		customers, err := a.Ent().PartnerAdmin.Query().Where(partneradmin.UserID(u.ID)).QueryCompany().IDs(system)
		if err != nil {
			return err
		}
		// One that is deleted at this moment has no log any more.
		if customers, err = a.StandingTenants(ctx, customers...); err != nil {
			return err
		}
		if err := a.Ent().User.DeleteOneID(u.ID).Exec(system); err != nil {
			return err
		}
		if err := a.audit(ctx, adminRemoved, fmt.Sprintf("%s is no longer partner admin: the user was deleted", fullName(u)), customers...); err != nil {
			return err
		}
		return a.audit(ctx, userDeleted, fmt.Sprintf("%s <%s> was deleted", fullName(u), u.Email), u.CompanyID)
	})
}

// target is the user of an operation: NOT_FOUND where the viewer may not know of
// them, FORBIDDEN where the viewer does not administer their company. It holds that
// company until the operation has ended.
func (a *unitOfWork) target(ctx context.Context, userID id.ID) (*ent.User, error) {
	if _, err := SignedIn(ctx); err != nil {
		return nil, err
	}
	u, err := a.Ent().User.Query().Where(user.ID(userID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noUser()
	}
	if err != nil {
		return nil, err
	}
	if _, err := a.lock(ctx, u.CompanyID); fault.Is(err, fault.NotFound) {
		return nil, noUser().Because(err)
	} else if err != nil {
		return nil, err
	}
	// Again, now that nobody else changes the directory.
	u, err = a.Ent().User.Query().Where(user.ID(userID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, noUser()
	}
	if err != nil {
		return nil, err
	}
	return u, MustAdminister(ctx, a.Ent(), u.CompanyID, "input", "id")
}

func noUser() *fault.Error {
	return fault.New(fault.NotFound, "there is no such user").At("input", "id")
}

// protects refuses what a partner admin may not do to the customer's own active
// administrators (rule U6), and an API key to nobody (U7).
func (a *unitOfWork) protects(ctx context.Context, u *ent.User) error {
	if err := inPerson(ctx); err != nil {
		return atArgument(err, "input", "id")
	}
	if u.CompanyID != a.who.CompanyID && u.Active && u.Role == enum.Admin {
		return fault.New(fault.Forbidden, "%s is an active administrator of the company itself: its partner admins change neither email, password, second factor, role nor activity of such", u.Email).At("input", "id")
	}
	return nil
}

// keepsAdministrator refuses what would leave a company that no partner manages without
// an active administrator (rule U4). stays says whether u is one afterwards. The company
// must be held.
func (a *unitOfWork) keepsAdministrator(ctx context.Context, u *ent.User, stays bool) error {
	if stays || !u.Active || u.Role != enum.Admin {
		return nil
	}
	partner, err := a.lock(ctx, u.CompanyID)
	if err != nil {
		return err
	}
	if partner != nil { // one who is demoted manages nobody (rule C2)
		managed, err := a.Ent().Company.Query().Where(company.ID(*partner), company.IsPartner(true)).
			Exist(viewer.BypassTenancy(ctx, "whether a partner manages the company"))
		if err != nil || managed {
			return err
		}
	}
	all, err := a.administrators(ctx, u.CompanyID)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other != u.ID {
			return nil
		}
	}
	return fault.New(fault.FailedPrecondition, "%s is the last active administrator of a company that no partner manages; make somebody else an administrator first", u.Email).At("input", "id")
}
