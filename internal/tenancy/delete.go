package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// DeleteCustomer deletes a company that the partner itself created, with all that belongs
// to it (rule C8). In this transaction its name, slug and emails are free again, its
// sessions end, its imports stop and it is gone for whoever looks; the rest is purged
// behind, so that a customer with a million contacts goes as quickly as an empty one.
// Errors: NOT_FOUND; FORBIDDEN for whoever is no administrator of the partner and for the
// own company; FAILED_PRECONDITION for a claimed one.
func (s *Service) DeleteCustomer(ctx context.Context, customerID id.ID) error {
	c, err := s.customer(ctx, customerID, "input", "id")
	if err != nil {
		return err
	}
	v := viewer.FromContext(ctx)
	if err := s.MayManageCustomers(ctx, v, "delete customers"); err != nil {
		return err
	}
	if !Deletable(v, c) {
		return fault.New(fault.FailedPrecondition, "%q came by transfer token, so your company cannot delete it: end the partnership with endPartnership instead", c.Name).
			At("input", "id")
	}
	var topics []string
	err = s.doInPerson(ctx, func(ctx context.Context, a *unitOfWork) error {
		if err := a.audit(ctx, customerDeleted, fmt.Sprintf("%q was deleted", c.Name), v.CompanyID); err != nil {
			return err
		}
		topics, err = s.softDelete(ctx, a, c.ID, v.CompanyID)
		return err
	})
	if err != nil {
		return err
	}
	for _, topic := range topics {
		if err := s.publisher.Publish(ctx, topic); err != nil {
			s.log.DebugContext(ctx, "event not published", "error", err)
		}
	}
	return nil
}

// softDelete makes a company gone for everybody, and returns what is to be published.
func (s *Service) softDelete(ctx context.Context, a *unitOfWork, companyID, partnerID id.ID) (topics []string, err error) {
	ctx = viewer.BypassTenancy(ctx, "a customer is deleted with all that belongs to it (rule C8)")
	tx := a.Ent()
	// No name's slug holds a colon-free id with an upper-case prefix, so the tombstone
	// stands in nobody's way.
	tombstone := "Deleted-" + companyID.String()
	res, err := a.ExecContext(ctx, `UPDATE companies SET deleted_at = `+a.Dialect().Now()+`, slug = $3, name_slug = $3,
		partner_id = NULL, created_by_partner_id = NULL, contact_email = NULL, external_id = NULL, is_partner = $4
		WHERE id = $1 AND partner_id = $2 AND created_by_partner_id = $2`, companyID, partnerID, tombstone, false)
	if err != nil {
		return nil, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return nil, err
	} else if n == 0 {
		return nil, fault.New(fault.FailedPrecondition, "the customer has left your company meanwhile").At("input", "id")
	}
	for _, o := range s.owners {
		if o.CompanyDeleted == nil {
			continue
		}
		more, err := o.CompanyDeleted(ctx, a.Tx, companyID)
		if err != nil {
			return nil, err
		}
		topics = append(topics, more...)
	}
	for _, step := range []func() (int, error){
		func() (int, error) { return tx.User.Delete().Where(user.CompanyID(companyID)).Exec(ctx) },
		func() (int, error) {
			return tx.PartnerAdmin.Delete().Where(partneradmin.CompanyID(companyID)).Exec(ctx)
		},
		func() (int, error) {
			return tx.TransferToken.Delete().Where(transfertoken.CompanyID(companyID)).Exec(ctx)
		},
	} {
		if _, err := step(); err != nil {
			return nil, err
		}
	}
	return topics, nil
}

// Purge deletes what deleted companies have left behind, in small transactions. Several
// processes may do so at once.
func (s *Service) Purge(ctx context.Context) error {
	ctx = database.Bulk(viewer.BypassTenancy(ctx, "what deleted companies have left behind"))
	gone, err := s.db.Ent().Company.Query().Where(company.DeletedAtNotNil()).Limit(100).IDs(ctx)
	if err != nil {
		return fmt.Errorf("looking for deleted companies: %w", err)
	}
	for _, c := range gone {
		if err := s.purge(ctx, c); err != nil {
			return fmt.Errorf("purging a deleted company: %w", err)
		}
	}
	return nil
}

func (s *Service) purge(ctx context.Context, companyID id.ID) error {
	// What may be much goes first, piece by piece; the rest goes with the company.
	for _, o := range s.owners {
		if o.PurgeCompany == nil {
			continue
		}
		if err := o.PurgeCompany(ctx, s.db, companyID); err != nil {
			return err
		}
	}
	err := PurgeInPieces(ctx, s.db, companyID, `DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE company_id = $1 LIMIT $2)`)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		err := tx.Ent().Company.DeleteOneID(companyID).Exec(ctx)
		if ent.IsNotFound(err) {
			return nil // another process did it
		}
		return err
	})
}
