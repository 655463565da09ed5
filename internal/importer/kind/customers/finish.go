package customers

import (
	"context"
	"fmt"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/importkey"
	"tenantry/ent/generated/ent/user"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/notify"
)

// Keys of an import's scratch, by what they remember.
const (
	slugKey     = "slug:"     // a name that an earlier row has taken
	externalKey = "external:" // an external id that the customer of an earlier row has
	adminKey    = "admin:"    // how many customers a person became partner admin of; the count is the row
	namedKey    = "named:"    // the first of these customers, for each person
)

// scratchKey is one of them.
type scratchKey struct {
	run id.ID
	key string
	row int
}

var scratchColumns = []database.Column[scratchKey]{
	{Name: importkey.FieldImportRunID, Of: func(k scratchKey) any { return k.run }},
	{Name: importkey.FieldKey, Of: func(k scratchKey) any { return k.key }},
	{Name: importkey.FieldRow, Of: func(k scratchKey) any { return k.row }},
}

// countAdmins adds to how many customers each person became partner admin of, and keeps the
// first of them, for the one notification at the end (rule J7).
func countAdmins(ctx context.Context, tx *database.Tx, run id.ID, added map[id.ID][]id.ID) error {
	var named []scratchKey
	for person, companies := range added {
		var count int
		err := tx.QueryRowContext(ctx, `INSERT INTO import_keys (import_run_id, key, "row") VALUES ($1, $2, $3)
			ON CONFLICT (import_run_id, key) DO UPDATE SET "row" = import_keys."row" + excluded."row" RETURNING "row"`,
			run, adminKey+person.String(), len(companies)).Scan(&count)
		if err != nil {
			return fmt.Errorf("counting partner admins: %w", err)
		}
		before := count - len(companies)
		for i := range min(len(companies), max(0, sheet.MaxListed-before)) {
			named = append(named, scratchKey{run, namedKey + person.String() + companies[i].String(), before + i})
		}
	}
	return database.Insert(ctx, tx, importkey.Table, scratchColumns, named)
}

// Overlaps is kind.Kind's.
func (*Kind) Overlaps() bool { return false }

// Finish is kind.Kind's: it notifies each new partner admin, once (rule J7).
func (*Kind) Finish(ctx context.Context, tx *database.Tx, r *ent.ImportRun) (notified []id.ID, err error) {
	ctx = viewer.BypassTenancy(ctx, "an import notifies those whom it made partner admins")
	client := tx.Ent()
	admins, err := client.ImportKey.Query().Where(importkey.ImportRunID(r.ID), importkey.KeyHasPrefix(adminKey)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range admins {
		person, err := id.Parse(strings.TrimPrefix(a.Key, adminKey), id.User)
		if err != nil {
			return nil, err
		}
		if r.CreatedByID != nil && person == *r.CreatedByID {
			continue // the importer knows
		}
		// Whoever was deleted since the batch has no notifications; the end must not fail for it.
		there, err := client.User.Query().Where(user.ID(person)).Exist(ctx)
		if err != nil {
			return nil, err
		}
		if !there {
			continue
		}
		names, err := firstCustomers(ctx, client, r.ID, person)
		if err != nil {
			return nil, err
		}
		err = notify.Store(ctx, tx, notify.Notification{
			Kind: enum.PartnerAdminAdded, ImportRun: &r.ID, Company: &r.CompanyID,
			Title: "You are partner admin of " + sheet.Plural(a.Row, "new customer"),
			Body:  fmt.Sprintf("%s imported %s and named you as partner admin of %s.", r.CreatedByName, r.FileName, sheet.Listed(names, a.Row, "customer")),
		}, person)
		if err != nil {
			return nil, err
		}
		notified = append(notified, person)
	}
	return notified, nil
}

// firstCustomers names the first customers that the person became partner admin of, as far as
// they are still there.
func firstCustomers(ctx context.Context, client *ent.Client, run, person id.ID) ([]string, error) {
	prefix := namedKey + person.String()
	keys, err := client.ImportKey.Query().Where(importkey.ImportRunID(run), importkey.KeyHasPrefix(prefix)).
		Order(ent.Asc(importkey.FieldRow)).All(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, k := range keys {
		customer, err := id.Parse(strings.TrimPrefix(k.Key, prefix), id.Company)
		if err != nil {
			return nil, err
		}
		c, err := client.Company.Query().Where(company.ID(customer), company.DeletedAtIsNil()).Select(company.FieldName).Only(ctx)
		if ent.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, c.Name)
	}
	return names, nil
}
