package tenancy

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// ReceivedTokens are the outstanding ones that were sent to the viewer's company, the
// newest first. Its administrators.
func (s *Service) ReceivedTokens(ctx context.Context) ([]*ent.TransferToken, error) {
	v, err := SignedIn(ctx)
	if err != nil {
		return nil, err
	}
	if !v.Admin {
		return nil, fault.New(fault.Forbidden, "only administrators see the transfer tokens that their company has received")
	}
	return s.db.Ent().TransferToken.Query().
		Where(transfertoken.SentToID(v.CompanyID), s.redeemable()).
		Order(ent.Desc(transfertoken.FieldCreatedAt, transfertoken.FieldID)).Limit(maxReceived).All(ctx)
}

// maxReceived bounds the list of received tokens.
const maxReceived = 100

// Outstanding gives the tokens of the companies that could be redeemed now, as far as the
// viewer sees them.
func (s *Service) Outstanding(ctx context.Context, companies []id.ID) (map[id.ID]*ent.TransferToken, error) {
	found, err := s.db.Ent().TransferToken.Query().Where(database.Among(transfertoken.FieldCompanyID, companies), s.redeemable()).All(ctx)
	out := make(map[id.ID]*ent.TransferToken, len(found))
	for _, t := range found {
		out[t.CompanyID] = t
	}
	return out, err
}

// redeemable: neither used nor revoked nor, by the database's clock, expired.
func (s *Service) redeemable() predicate.TransferToken {
	return transfertoken.And(transfertoken.UsedAtIsNil(), transfertoken.RevokedAtIsNil(), func(sel *entsql.Selector) {
		sel.Where(entsql.ExprP(sel.C(transfertoken.FieldExpiresAt) + " > " + s.db.Dialect().Now()))
	})
}

// Named gives companies whose name and slug the viewer may know because of what refers to
// them, such as a transfer token that was sent; what is inside stays hidden field by field.
func (s *Service) Named(ctx context.Context, companies []id.ID) ([]*ent.Company, error) {
	return s.db.Ent().Company.Query().Where(database.Among(company.FieldID, companies), company.DeletedAtIsNil()).
		All(viewer.BypassTenancy(ctx, "the name of a company on the other side of a transfer token"))
}
