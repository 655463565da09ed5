package tenancy

import (
	"context"
	"fmt"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/progress"
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
	var runs []id.ID
	err = s.do(ctx, func(ctx context.Context, a *act) error {
		if err := a.audit(ctx, customerDeleted, fmt.Sprintf("%q was deleted", c.Name), v.CompanyID); err != nil {
			return err
		}
		runs, err = a.bury(ctx, c.ID, v.CompanyID)
		return err
	})
	if err != nil {
		return err
	}
	for _, run := range runs {
		if err := s.news.Publish(ctx, progress.ImportTopic(run)); err != nil {
			s.log.DebugContext(ctx, "news not told", "error", err)
		}
	}
	return nil
}

// bury makes a company gone for everybody and returns the imports that it stopped.
func (a *act) bury(ctx context.Context, companyID, partnerID id.ID) ([]id.ID, error) {
	ctx = viewer.BypassTenancy(ctx, "a customer is deleted with all that belongs to it (rule C8)")
	tx := a.Ent()
	// No name's slug holds a colon-free id with an upper-case prefix, so the tombstone
	// stands in nobody's way.
	grave := "Deleted-" + companyID.String()
	res, err := a.ExecContext(ctx, `UPDATE companies SET deleted_at = `+a.Dialect().Now()+`, slug = $3, name_slug = $3,
		partner_id = NULL, created_by_partner_id = NULL, contact_email = NULL, is_partner = $4
		WHERE id = $1 AND partner_id = $2 AND created_by_partner_id = $2`, companyID, partnerID, grave, false)
	if err != nil {
		return nil, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return nil, err
	} else if n == 0 {
		return nil, fault.New(fault.FailedPrecondition, "the customer has left your company meanwhile").At("input", "id")
	}
	unfinished := []enum.ImportStatus{enum.Queued, enum.Running}
	runs, err := tx.ImportRun.Query().Where(importrun.CompanyID(companyID), importrun.StatusIn(unfinished...)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() (int, error){
		// The epoch fences a worker that is at it: its next commit finds nothing.
		func() (int, error) {
			return tx.ImportRun.Update().Where(importrun.CompanyID(companyID), importrun.StatusIn(unfinished...)).
				SetStatus(enum.Canceled).AddEpoch(1).AddRevision(1).ClearLeaseUntil().
				SetUploadKey("").ClearUploadSecret().Save(ctx) // the clean-up deletes the files
		},
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
	return runs, nil
}

// purgeAtOnce bounds what one transaction of the purge deletes, in rows.
const purgeAtOnce = 5_000

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
	// What may be much goes first, piece by piece; the rest goes with the company. Each
	// contact takes its labels and values along.
	if err := s.purgeContacts(ctx, companyID); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE company_id = $1 LIMIT $2)`,
		`DELETE FROM import_issues WHERE id IN (SELECT i.id FROM import_issues i JOIN import_runs r ON r.id = i.import_run_id WHERE r.company_id = $1 LIMIT $2)`,
		`DELETE FROM import_keys WHERE id IN (SELECT k.id FROM import_keys k JOIN import_runs r ON r.id = k.import_run_id WHERE r.company_id = $1 LIMIT $2)`,
		`DELETE FROM import_records WHERE id IN (SELECT k.id FROM import_records k JOIN import_runs r ON r.id = k.import_run_id WHERE r.company_id = $1 LIMIT $2)`,
	} {
		for {
			res, err := s.db.SQL().ExecContext(ctx, query, companyID, purgeAtOnce)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n < purgeAtOnce {
				break
			}
		}
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *database.Tx) error {
		err := tx.Ent().Company.DeleteOneID(companyID).Exec(ctx)
		if ent.IsNotFound(err) {
			return nil // another process did it
		}
		return err
	})
}

// purgeContactsAtOnce is purgeAtOnce for contacts, which come with labels and values.
const purgeContactsAtOnce = 1_000

// purgeContacts goes up through the ids, so that no piece looks again at what the pieces
// before it have deleted: PostgreSQL keeps that, and its index entries, until a vacuum.
func (s *Service) purgeContacts(ctx context.Context, companyID id.ID) error {
	for from := (id.ID{}); ; {
		some, err := s.db.Ent().Contact.Query().Where(contact.CompanyID(companyID), contact.IDGT(from)).
			Order(ent.Asc(contact.FieldID)).Limit(purgeContactsAtOnce).IDs(ctx)
		if err != nil || len(some) == 0 {
			return err
		}
		to := some[len(some)-1]
		if _, err := s.db.Ent().Contact.Delete().
			Where(contact.CompanyID(companyID), contact.IDGT(from), contact.IDLTE(to)).Exec(ctx); err != nil {
			return err
		}
		from = to
	}
}
