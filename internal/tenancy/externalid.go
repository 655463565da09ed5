package tenancy

import (
	"context"
	"database/sql"
	"fmt"

	"tenantry/ent/generated/ent/company"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// Numbered is a customer that has an external id (rule C1).
type Numbered struct {
	ID   id.ID
	Name string
}

// HoldExternalIDs makes others who give external ids to customers of the partner wait until the
// transaction ends, so that one that was free stays free. Whoever gives one calls it before
// locking a customer, so that two of them do not wait for each other. Nothing else that is
// written below the partner waits.
func HoldExternalIDs(ctx context.Context, tx *database.Tx, partner id.ID) error {
	_, err := tx.LockRow(ctx, database.ForNoKeyUpdate, company.Table, partner)
	return err
}

// ByExternalID finds the partner's customers that have one of the external ids, by these.
func ByExternalID(ctx context.Context, tx *database.Tx, partner id.ID, externals []string) (map[string]Numbered, error) {
	found := map[string]Numbered{}
	if len(externals) == 0 {
		return found, nil
	}
	err := tx.Each(ctx, "customers by external id", func(rows *sql.Rows) error {
		var external string
		var c Numbered
		err := rows.Scan(&external, &c.ID, &c.Name)
		found[external] = c
		return err
	}, `SELECT external_id, id, name FROM companies WHERE partner_id = $1 AND external_id`+tx.Dialect().AmongTexts("$2"), partner, database.Texts(externals))
	return found, err
}

// externalIDFree refuses an external id that another customer of the partner has, and names that
// one to whoever may see it. The partner's external ids are held.
func (a *unitOfWork) externalIDFree(ctx context.Context, partner, customer id.ID, external string) error {
	found, err := ByExternalID(ctx, a.Tx, partner, []string{external})
	if err != nil {
		return err
	}
	other, taken := found[external]
	if !taken || other.ID == customer {
		return nil
	}
	whose := "another customer of your company"
	visible, err := a.Ent().Company.Query().Where(company.ID(other.ID)).Exist(ctx)
	if err != nil {
		return err
	}
	if visible {
		whose = fmt.Sprintf("your customer %q", input.Cut(other.Name))
	}
	return fault.New(fault.AlreadyExists, "%s has the external id %q; no two customers of a partner share one: give another, or clear it there first", whose, external).
		At("input", "externalId")
}

// externalID checks the id of a customer in its partner's own systems: text, exact (rule C1).
func externalID(raw string, path ...string) (string, error) {
	return input.Text(raw, "external id", input.MaxExternalID, path...)
}

// notRounded refuses an external id that several customers may share.
func notRounded(cell string) *field.Problem {
	if !csvfile.Rounded(cell) {
		return nil
	}
	return field.Invalid("%q was rounded by a spreadsheet, so that several customers may share it; format the column as text and export again", input.Cut(cell))
}
