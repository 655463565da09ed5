package tenancy

import (
	"context"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/fold"
	"tenantry/internal/id"
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
// one that the viewer does not administer, INVALID_ARGUMENT, ALREADY_EXISTS.
func (s *Service) CreateUser(ctx context.Context, companyID *id.ID, p Person) (*ent.User, error) {
	v, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	in := v.CompanyID
	if companyID != nil {
		in = *companyID
	}
	known, err := s.db.Ent().Company.Query().Where(company.ID(in)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fault.New(fault.NotFound, "there is no such company").At("input", "companyId")
	}
	checked, err := s.person(ctx, p, "input")
	if err != nil {
		return nil, err
	}
	made, err := checked.create(ctx, s.db.Ent(), in)
	return made, answer(err)
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
	return checked.create(viewer.BypassTenancy(ctx, "an operator made at the command line"), s.db.Ent(), platform.ID)
}

// checkedPerson is a Person whose every part is in order and whose password is hashed.
type checkedPerson struct {
	Person
	hash string
	path []string
}

func (s *Service) person(ctx context.Context, p Person, path ...string) (checkedPerson, error) {
	at := func(field string) []string { return append(path[:len(path):len(path)], field) }
	var err error
	if p.Email, err = address(p.Email, at("email")...); err != nil {
		return checkedPerson{}, err
	}
	if p.FirstName, err = name(p.FirstName, at("firstName")...); err != nil {
		return checkedPerson{}, err
	}
	if p.LastName, err = name(p.LastName, at("lastName")...); err != nil {
		return checkedPerson{}, err
	}
	if f := s.passwords.Check(p.Password); f != nil {
		return checkedPerson{}, f.At(at("password")...)
	}
	hash, err := s.passwords.Hash(ctx, p.Password)
	if err != nil {
		return checkedPerson{}, err
	}
	return checkedPerson{Person: p, hash: hash, path: path}, nil
}

func (p checkedPerson) create(ctx context.Context, client *ent.Client, companyID id.ID) (*ent.User, error) {
	made, err := client.User.Create().
		SetCompanyID(companyID).SetEmail(p.Email).SetEmailKey(fold.Email(p.Email)).
		SetFirstName(p.FirstName).SetFirstNameKey(fold.Key(p.FirstName)).
		SetLastName(p.LastName).SetLastNameKey(fold.Key(p.LastName)).SetPasswordHash(p.hash).
		SetRole(p.Role).SetActive(p.Active).Save(ctx)
	if database.IsUniqueViolation(err) && strings.Contains(database.ConstraintOf(err), "email_key") {
		return nil, fault.New(fault.AlreadyExists, "the email %s is taken", p.Email).
			At(append(p.path[:len(p.path):len(p.path)], "email")...).Because(err)
	}
	return made, err
}
