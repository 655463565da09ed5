package tenancy

import (
	"context"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/apikey"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/notify"
)

// NewAPIKey is what createApiKey was given.
type NewAPIKey struct {
	Name      string
	Access    enum.APIKeyAccess
	ExpiresAt *time.Time // nil: it does not expire
}

// APIKeys are those of the viewer's company: its administrators.
func (s *Service) APIKeys(ctx context.Context) (*ent.APIKeyQuery, error) {
	if _, err := keeperOfKeys(ctx); err != nil {
		return nil, err
	}
	return s.db.Ent().APIKey.Query(), nil
}

// keeperOfKeys is the viewer, who must be an administrator of the own company.
func keeperOfKeys(ctx context.Context) (viewer.Viewer, error) {
	v, err := SignedIn(ctx)
	if err == nil && !v.Admin {
		err = fault.New(fault.Forbidden, "only administrators of a company see, make and revoke its API keys; you are a member")
	}
	return v, err
}

// CreateAPIKey makes a key that acts with the viewer's rights (rule U7), and gives its secret, this
// once. Errors: UNAUTHENTICATED; FORBIDDEN for members and for API keys; INVALID_ARGUMENT.
func (s *Service) CreateAPIKey(ctx context.Context, k NewAPIKey) (made *ent.APIKey, secret string, err error) {
	v, err := keeperOfKeys(ctx)
	if err != nil {
		return nil, "", err
	}
	name, err := input.Name(k.Name, "input", "name")
	if err != nil {
		return nil, "", err
	}
	secret = auth.MintToken(auth.KeyPrefix)
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		now, err := a.Clock(ctx)
		if err != nil {
			return err
		}
		if k.ExpiresAt != nil && !k.ExpiresAt.After(now) {
			return fault.New(fault.Invalid, "the key would have expired: expiresAt is %s, and it is %s now", pointInTime(*k.ExpiresAt), pointInTime(now)).
				At("input", "expiresAt")
		}
		made, err = a.Ent().APIKey.Create().SetCompanyID(v.CompanyID).SetCreatedByID(v.UserID).SetName(name).SetAccess(k.Access).
			SetPrefix(secret[:auth.ShownOfKey]).SetSecretHash(auth.HashToken(secret)).SetCreatedAt(now).SetNillableExpiresAt(k.ExpiresAt).Save(ctx)
		if err != nil {
			return err
		}
		until := "without an end"
		if k.ExpiresAt != nil {
			until = "until " + pointInTime(*k.ExpiresAt)
		}
		return a.audit(ctx, keyCreated, fmt.Sprintf("the API key %q (%s…) with %s access was created, %s", name, made.Prefix, k.Access, until), v.CompanyID)
	})
	return made, secret, err
}

// RevokeAPIKey ends a key of the viewer's company, whoever made it; that one is notified. What it
// has open ends within five seconds (rule U3). Errors: UNAUTHENTICATED, FORBIDDEN, NOT_FOUND.
func (s *Service) RevokeAPIKey(ctx context.Context, keyID id.ID) error {
	if _, err := keeperOfKeys(ctx); err != nil {
		return err
	}
	return s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		k, err := a.Ent().APIKey.Query().Where(apikey.ID(keyID)).Only(ctx)
		if ent.IsNotFound(err) {
			return noKey()
		}
		if err != nil {
			return err
		}
		n, err := a.Ent().APIKey.Delete().Where(apikey.ID(keyID)).Exec(ctx)
		if err != nil {
			return err
		}
		if n == 0 { // somebody else has just done it
			return noKey()
		}
		if err := a.notify(ctx, notify.Notification{
			Kind: enum.AccountChanged, Title: "Your API key " + k.Name + " was revoked",
			Body: fmt.Sprintf("%s revoked the API key %q (%s…), which you had made. What used it is refused from now on.", a.who.Name, k.Name, k.Prefix),
		}, k.CreatedByID); err != nil {
			return err
		}
		return a.audit(ctx, keyRevoked, fmt.Sprintf("the API key %q (%s…) with %s access was revoked", k.Name, k.Prefix, k.Access), k.CompanyID)
	})
}

func noKey() *fault.Error {
	return fault.New(fault.NotFound, "your company has no such API key").At("input", "id")
}

// mayChange refuses an API key that only reads (rule U7).
func mayChange(ctx context.Context) error {
	if viewer.FromContext(ctx).OnlyReads() {
		return fault.New(fault.Forbidden, "this API key has READ access: it queries and subscribes, and changes nothing")
	}
	return nil
}

// inPerson refuses every API key, whatever its access (rule U7).
func inPerson(ctx context.Context) error {
	if viewer.FromContext(ctx).ByKey() {
		return fault.New(fault.Forbidden, "no API key may do this: it changes no existing user's email, password, role or activity, "+
			"no key, no token, no partner status and no partnership; sign in to do it")
	}
	return nil
}

// doInPerson is do for what no API key does.
func (s *Service) doInPerson(ctx context.Context, fn func(ctx context.Context, a *unitOfWork) error) error {
	if err := inPerson(ctx); err != nil {
		return err
	}
	return s.do(ctx, fn)
}
