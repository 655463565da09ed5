package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/viewer"
	"tenantry/internal/auth"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/notify"
	"tenantry/internal/tokensecret"
)

// Claim redeems a transfer token: by its secret, or by the id of one that was sent to the
// viewer's company; exactly one of the two. White space around a secret is passed over. The
// company becomes the viewer's customer, once, whoever else tries at the same time; its old
// partner and that one's admins lose their rights and are notified. One and the same
// FAILED_PRECONDITION answers whatever cannot be redeemed; RATE_LIMITED after too many of them. Only
// administrators of a partner.
func (s *Service) Claim(ctx context.Context, secret *string, tokenID *id.ID) (*ent.Company, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.MayManageCustomers(ctx, v, "claim customers"); err != nil {
		return nil, err
	}
	if (secret == nil) == (tokenID == nil) {
		return nil, fault.New(fault.Invalid, "give either transferToken, the secret, or transferTokenId, the id of a token that was sent to your company").
			At("input")
	}
	succeeded, err := s.countRedeem(ctx, v.UserID)
	if err != nil {
		return nil, err
	}
	var claimed id.ID
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		var err error
		claimed, err = a.redeem(ctx, secret, tokenID)
		if errors.Is(err, sql.ErrNoRows) {
			return unredeemable()
		}
		if err != nil {
			return err
		}
		return a.takeOver(ctx, claimed)
	})
	if !fault.Is(err, fault.FailedPrecondition) {
		succeeded()
	}
	if err != nil {
		return nil, err
	}
	return s.db.Ent().Company.Query().Where(company.ID(claimed)).Only(ctx)
}

func (s *Service) countRedeem(ctx context.Context, user id.ID) (succeeded func(), err error) {
	if s.redeem == nil {
		return func() {}, nil
	}
	return s.redeem(ctx, user)
}

func unredeemable() *fault.Error {
	return fault.New(fault.FailedPrecondition, "this transfer token cannot be redeemed: it is unknown, expired, used, revoked or not for your company").
		At("input")
}

// redeem uses the token up, if it may be; one conditional update decides among all who try.
func (a *unitOfWork) redeem(ctx context.Context, secret *string, tokenID *id.ID) (company id.ID, err error) {
	d := a.Dialect()
	which, key := `secret_hash = $1 AND (sent_to_id IS NULL OR sent_to_id = $2)`, any(nil) //nolint:wastedassign // key's type
	if secret != nil {
		key = auth.HashToken(tokensecret.Trim(*secret))
	} else {
		which, key = `id = $1 AND sent_to_id = $2`, *tokenID
	}
	err = a.QueryRowContext(ctx, `UPDATE transfer_tokens SET used_at = `+d.Now()+`
		WHERE `+which+` AND used_at IS NULL AND revoked_at IS NULL AND expires_at > `+d.Now()+` RETURNING company_id`,
		key, a.who.CompanyID).Scan(&company)
	return company, err
}

// takeOver makes the company a customer of the viewer's.
func (a *unitOfWork) takeOver(ctx context.Context, companyID id.ID) error {
	system := viewer.BypassTenancy(ctx, "a transfer token was redeemed (rule C9)")
	old, err := a.lock(ctx, companyID)
	if fault.Is(err, fault.NotFound) {
		return unredeemable() // deleted meanwhile
	}
	if err != nil {
		return err
	}
	c, err := a.Ent().Company.Get(system, companyID)
	if err != nil {
		return err
	}
	if c.IsPartner || c.DeletedAt != nil || c.ID == a.who.CompanyID || old != nil && *old == a.who.CompanyID {
		return unredeemable()
	}
	us, err := a.Ent().Company.Get(system, a.who.CompanyID)
	if err != nil {
		return err
	}
	concerned := []id.ID{companyID, us.ID}
	if old == nil {
		if err := a.Ent().Company.UpdateOneID(companyID).SetPartnerID(a.who.CompanyID).ClearCreatedByPartnerID().ClearExternalID().Exec(system); err != nil {
			return err
		}
	} else {
		admins, err := a.separate(ctx, companyID, *old, &a.who.CompanyID)
		if err != nil {
			return err
		}
		theirs, err := a.administrators(ctx, *old)
		if err != nil {
			return err
		}
		before, err := a.Ent().Company.Get(system, *old)
		if err != nil {
			return err
		}
		// Whom it chose is not theirs to know.
		if err := a.notify(ctx, notify.Notification{
			Kind: enum.CustomerLost, Title: c.Name + " is no longer a customer of " + before.Name,
			Body: fmt.Sprintf("%s chose another partner by transfer token. %s and its partner admins have no rights in %s any more.", c.Name, before.Name, c.Name),
		}, union(theirs, admins)...); err != nil {
			return err
		}
		if err := a.audit(ctx, customerLost, fmt.Sprintf("%q went to another partner", c.Name), *old); err != nil {
			return err
		}
	}
	ours, err := a.administrators(ctx, a.who.CompanyID)
	if err != nil {
		return err
	}
	own, err := a.administrators(ctx, companyID)
	if err != nil {
		return err
	}
	if err := a.notify(ctx, notify.Notification{
		Kind: enum.CustomerClaimed, Company: &companyID, Title: c.Name + " is a customer of " + us.Name + " now",
		Body: fmt.Sprintf("%s redeemed the transfer token of %s for %s, which is its partner from now on. %s has no partner admin until one is added.",
			a.who.Name, c.Name, us.Name, c.Name),
	}, union(ours, own)...); err != nil {
		return err
	}
	return a.audit(ctx, customerClaimed, fmt.Sprintf("%q was claimed by %q by transfer token", c.Name, us.Name), concerned...)
}
