package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"tenantry/ent/generated/ent/apikey"

	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/partneradmin"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/field"
	"tenantry/internal/id"
)

// ownTables are this package's tables whose rows belong to companies. An API key is its creator's, who is a
// user of the company.
var ownTables = []Table{
	{Name: user.Table, What: "users"}, {Name: apikey.Table}, {Name: transfertoken.Table, What: "transfer tokens"}, {Name: auditevent.Table},
	{Name: partneradmin.Table, What: "partner admins", Born: `created_at = (SELECT c.created_at FROM companies c WHERE c.id = company_id)`},
}

// Tables are all tables whose rows belong to companies.
func (s *Service) Tables() []Table {
	all := slices.Clone(ownTables)
	for _, o := range s.owners {
		all = append(all, o.Tables...)
	}
	return all
}

// MadeCustomer is a customer that an import has made, as it is now.
type MadeCustomer struct {
	CompanyRecord
	Admins []id.ID  // its partner admins, the first one first
	Theirs bool     // it is still the partner's, and the partner may delete it (rule C8)
	Used   []string // what has been made in it since, such as contacts
}

// MadeCustomers finds those of the companies that are there. With hold nobody makes anything in them until the
// transaction ends.
func (s *Service) MadeCustomers(ctx context.Context, tx *database.Tx, b *CompanyBulk, partner id.ID, companies []id.ID, hold bool) (map[id.ID]*MadeCustomer, error) {
	d, lock := tx.Dialect(), ""
	if hold {
		lock = ` ORDER BY id` + d.Lock(database.ForUpdate)
	}
	found := map[id.ID]*MadeCustomer{}
	err := field.Read(ctx, tx, "companies", companyKeys, b.stored, func(r *CompanyRecord) error {
		found[r.ID] = &MadeCustomer{CompanyRecord: *r}
		return nil
	}, `WHERE deleted_at IS NULL AND id`+d.AmongIDs("$1")+lock, d.IDs(companies))
	if err != nil {
		return nil, err
	}
	err = tx.Each(ctx, "customers that an import has made", func(rows *sql.Rows) error {
		var of id.ID
		err := rows.Scan(&of)
		if c := found[of]; c != nil {
			c.Theirs = true
		}
		return err
	}, `SELECT id FROM companies WHERE partner_id = $1 AND created_by_partner_id = $1 AND NOT is_partner AND id`+d.AmongIDs("$2"), partner, d.IDs(companies))
	if err != nil {
		return nil, err
	}
	err = tx.Each(ctx, "their partner admins", func(rows *sql.Rows) error {
		var of, admin id.ID
		err := rows.Scan(&of, &admin)
		if c := found[of]; c != nil {
			c.Admins = append(c.Admins, admin)
		}
		return err
	}, `SELECT company_id, user_id FROM partner_admins WHERE company_id`+d.AmongIDs("$1")+` ORDER BY created_at, id`, d.IDs(companies))
	if err != nil {
		return nil, err
	}
	for _, t := range s.Tables() {
		if t.What == "" {
			continue
		}
		born := ""
		if t.Born != "" {
			born = ` AND NOT (` + t.Born + `)`
		}
		err := tx.Each(ctx, t.What+" of customers", func(rows *sql.Rows) error {
			var of id.ID
			err := rows.Scan(&of)
			if c := found[of]; c != nil {
				c.Used = append(c.Used, t.What)
			}
			return err
		}, `SELECT DISTINCT company_id FROM `+t.Name+` WHERE company_id`+d.AmongIDs("$1")+born, d.IDs(companies))
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// RemoveCustomers deletes customers in the undo of the import that has made them (rule J14), as [Service.DeleteCustomer]
// does. Nobody has used them, and they are held, so that nothing is left to purge: their rows go at once, and their
// ids are free.
func (s *Service) RemoveCustomers(ctx context.Context, tx *database.Tx, by viewer.Viewer, partner id.ID, customers []*MadeCustomer) error {
	if by.ByKey() && len(customers) > 0 {
		return fault.New(fault.Forbidden, "no API key deletes customers") // rule U7
	}
	a := &unitOfWork{Tx: tx, who: by}
	events := make([]auditEvent, len(customers))
	for i, c := range customers {
		events[i] = auditEvent{partner, customerDeleted, fmt.Sprintf("%q, which an import had added, was deleted with its undo", c.Name)}
		if _, err := s.softDelete(ctx, a, c.ID, partner); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM companies WHERE id = $1 AND deleted_at IS NOT NULL`, c.ID); err != nil {
			return fmt.Errorf("deleting a customer: %w", err)
		}
	}
	return record(ctx, tx, by, events)
}

// Colleague is a user of the partner's directory.
type Colleague struct {
	Email  string
	Active bool
}

// Colleagues are those of the users who are in the partner's directory.
func Colleagues(ctx context.Context, tx *database.Tx, partner id.ID, users []id.ID) (map[id.ID]Colleague, error) {
	found := map[id.ID]Colleague{}
	err := tx.Each(ctx, "users", func(rows *sql.Rows) error {
		var of id.ID
		var c Colleague
		err := rows.Scan(&of, &c.Email, &c.Active)
		found[of] = c
		return err
	}, `SELECT id, email, active FROM users WHERE company_id = $1 AND id`+tx.Dialect().AmongIDs("$2"), partner, tx.Dialect().IDs(users))
	return found, err
}
