package tenancy

import (
	"context"
	"fmt"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/notify"
	"tenantry/internal/tokensecret"
)

// tokenLifetime is how long a transfer token is good (rule C9).
const tokenLifetime = 24 * time.Hour

// mayTransfer gives the company, and the partner that it has now, to those who may make,
// send and revoke its transfer token: its own administrators and, where it has none active,
// the administrators of its partner (rule C9). The company is locked until the operation has ended.
func (a *unitOfWork) mayTransfer(ctx context.Context, companyID id.ID, path ...string) (c *ent.Company, partner *id.ID, err error) {
	visible := a.Ent().Company.Query().Where(company.ID(companyID))
	known, err := visible.Clone().Exist(ctx)
	if err == nil && !known {
		err = noCompany()
	}
	if err == nil {
		partner, err = a.lock(ctx, companyID)
	}
	if err == nil {
		c, err = visible.Only(ctx) // as it is now, and until the operation has ended
	}
	if err != nil {
		return nil, nil, atArgument(err, path...)
	}
	switch {
	case a.who.Operator:
		err = fault.New(fault.Forbidden, "an operator does not transfer companies: the company's own administrators do")
	case companyID == a.who.CompanyID && !a.who.Admin:
		err = fault.New(fault.Forbidden, "only administrators of your company generate, send and revoke its transfer tokens; you are a member")
	case companyID == a.who.CompanyID:
	case a.who.PartnerAdministrator() && partner != nil && *partner == a.who.CompanyID:
		own, err := a.administrators(ctx, companyID)
		if err != nil {
			return nil, nil, err
		}
		if len(own) > 0 {
			return nil, nil, fault.New(fault.Forbidden, "%q has active administrators of its own: they generate, send and revoke its transfer tokens", c.Name).At(path...)
		}
	default:
		err = fault.New(fault.Forbidden, "only administrators of %q, or of its partner where it has none active, generate, send and revoke its transfer tokens", c.Name).At(path...)
	}
	return c, partner, err
}

// mayBecomeCustomer refuses a transfer of a partner, which is nobody's customer (rule C2).
func mayBecomeCustomer(c *ent.Company) error {
	if c.IsPartner {
		return fault.New(fault.FailedPrecondition, "%q is a partner, and a partner cannot be a customer: an operator would have to demote it first", c.Name).At("input", "companyId")
	}
	return nil
}

// givers are the companies in whose logs stands what is done with a token before it is
// redeemed: the company's own and that of the acting user, but not its partner's where the
// company's own administrators act. A partner whose customer turns to another is notified when
// it has happened.
func (a *unitOfWork) givers(c *ent.Company) []id.ID {
	return union([]id.ID{c.ID}, []id.ID{a.who.CompanyID})
}

// GenerateToken makes a transfer token for the company (nil: the viewer's own) and gives
// its secret, this once. The outstanding one is revoked.
func (s *Service) GenerateToken(ctx context.Context, companyID *id.ID) (t *ent.TransferToken, secret string, err error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, "", err
	}
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		c, _, err := a.mayTransfer(ctx, orOwn(companyID, v), "input", "companyId")
		if err == nil {
			err = mayBecomeCustomer(c)
		}
		if err != nil {
			return err
		}
		if t, secret, err = a.mint(ctx, c.ID); err != nil {
			return err
		}
		return a.audit(ctx, tokenGenerated, fmt.Sprintf("a transfer token for %q was generated", c.Name), a.givers(c)...)
	})
	return t, secret, err
}

// pointInTime is an instant as notifications name it.
func pointInTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func orOwn(companyID *id.ID, v viewer.Viewer) id.ID {
	if companyID != nil {
		return *companyID
	}
	return v.CompanyID
}

// mint revokes the outstanding token and makes another.
func (a *unitOfWork) mint(ctx context.Context, companyID id.ID) (*ent.TransferToken, string, error) {
	ctx = viewer.BypassTenancy(ctx, "a transfer token, for those who may transfer the company")
	if err := a.revoke(ctx, companyID); err != nil {
		return nil, "", err
	}
	at, err := a.Clock(ctx)
	if err != nil {
		return nil, "", err
	}
	secret := auth.MintToken(tokensecret.Prefix)
	t, err := a.Ent().TransferToken.Create().SetCompanyID(companyID).SetSecretHash(auth.HashToken(secret)).
		SetCreatedAt(at).SetExpiresAt(at.Add(tokenLifetime)).Save(ctx)
	return t, secret, err
}

// revoke ends the company's outstanding token, if there is one.
func (a *unitOfWork) revoke(ctx context.Context, companyID id.ID) error {
	_, err := a.ExecContext(ctx, `UPDATE transfer_tokens SET revoked_at = `+a.Dialect().Now()+`
		WHERE company_id = $1 AND used_at IS NULL AND revoked_at IS NULL`, companyID)
	return err
}

// SendToken binds the outstanding token of the company, or a new one, to a partner, whose
// administrators are notified and redeem it by its id (rule C9).
func (s *Service) SendToken(ctx context.Context, companyID *id.ID, partnerID id.ID) (*ent.TransferToken, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	var sent *ent.TransferToken
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		c, now, err := a.mayTransfer(ctx, orOwn(companyID, v), "input", "companyId")
		if err == nil {
			err = mayBecomeCustomer(c)
		}
		if err != nil {
			return err
		}
		system := viewer.BypassTenancy(ctx, "a transfer token goes to a partner, for those who may transfer the company")
		partner, err := a.Ent().Company.Query().
			Where(company.ID(partnerID), company.IsPartner(true), company.DeletedAtIsNil(), company.IDNEQ(c.ID)).Only(system)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "there is no such partner").At("input", "partnerId")
		}
		if err != nil {
			return err
		}
		if now != nil && *now == partner.ID {
			return fault.New(fault.FailedPrecondition, "%q is the partner of %q already; choose another one", partner.Name, c.Name).At("input", "partnerId")
		}
		t, err := a.Ent().TransferToken.Query().Where(transfertoken.CompanyID(c.ID), s.redeemable()).Only(system)
		if ent.IsNotFound(err) {
			t, _, err = a.mint(ctx, c.ID)
		}
		if err != nil {
			return err
		}
		if sent, err = t.Update().SetSentToID(partner.ID).Save(system); err != nil {
			return err
		}
		theirs, err := a.administrators(ctx, partner.ID)
		if err != nil {
			return err
		}
		if err := a.notify(ctx, notify.Notification{
			Kind: enum.TransferTokenReceived, TransferToken: &sent.ID, Company: &c.ID, Title: c.Name + " wants " + partner.Name + " as its partner",
			Body: fmt.Sprintf("%s sent %s a transfer token for %s. Redeem it until %s to have %s as your customer.",
				a.who.Name, partner.Name, c.Name, pointInTime(sent.ExpiresAt), c.Name),
		}, theirs...); err != nil {
			return err
		}
		return a.audit(ctx, tokenSent, fmt.Sprintf("the transfer token of %q was sent to %q", c.Name, partner.Name),
			union(a.givers(c), []id.ID{partner.ID})...)
	})
	return sent, err
}

// RevokeToken ends a token that was not redeemed. NOT_FOUND for whoever may not know of
// it, FORBIDDEN for whom it was sent to, FAILED_PRECONDITION where it has been used.
func (s *Service) RevokeToken(ctx context.Context, tokenID id.ID) (*ent.TransferToken, error) {
	if _, err := SignedIn(ctx); err != nil {
		return nil, err
	}
	var t *ent.TransferToken
	err := s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) (err error) {
		t, err = a.Ent().TransferToken.Query().Where(transfertoken.ID(tokenID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "there is no such transfer token").At("input", "id")
		}
		if err != nil {
			return err
		}
		c, _, err := a.mayTransfer(ctx, t.CompanyID, "input", "id")
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Forbidden, "only administrators of the company that the token is for revoke it").At("input", "id")
		}
		if err != nil {
			return err
		}
		system := viewer.BypassTenancy(ctx, "a transfer token is revoked by those who may transfer the company")
		if _, err := a.ExecContext(ctx, `UPDATE transfer_tokens SET revoked_at = COALESCE(revoked_at, `+a.Dialect().Now()+`)
			WHERE id = $1 AND used_at IS NULL`, t.ID); err != nil {
			return err
		}
		if t, err = a.Ent().TransferToken.Get(system, t.ID); err != nil {
			return err
		}
		if t.UsedAt != nil {
			return fault.New(fault.FailedPrecondition, "the token has been redeemed; the company is a customer by it, and endPartnership ends that").At("input", "id")
		}
		concerned := a.givers(c)
		if t.SentToID != nil {
			concerned = union(concerned, []id.ID{*t.SentToID})
		}
		return a.audit(ctx, tokenRevoked, fmt.Sprintf("a transfer token of %q was revoked", c.Name), concerned...)
	})
	return t, err
}
