package importer

import (
	"context"
	"fmt"
	"slices"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// kind is what differs between imports of one kind and another. It is stateless: what it
// works with is in the batch.
type kind interface {
	// authorise says whether the viewer may import into the company (rules I8, U5, C6).
	authorise(ctx context.Context, v viewer.Viewer, company id.ID) error
	// cells judges what a batch's cells tell by themselves, once and before the transaction, so
	// that nothing slow is done while others wait for it. What it gives stands in the batch as
	// cells.
	cells(b *batch) any
	// judge judges a batch's rows in order (rules R1, R2) and writes nothing. What comes of
	// them is written by write, in the same transaction: records, or in a dry run scratch
	// alone. A [*postponed] that it returns is done outside of the transaction, and the batch
	// is judged again; what it finds taken meanwhile it puts right in the outcome.
	judge(ctx context.Context, tx *database.Tx, b *batch) (o *outcome, write func() error, err error)
}

// entry is what the engine knows of a kind without importing anything.
type entry struct {
	kind    enum.ImportKind
	rows    int // per file, by default (rule F4)
	columns []sheet.Column
	// missing names a column that a file must have and this one has not, and says why
	// (rules F3, I5); empty where there is none.
	missing func(l sheet.Layout) (field, why string)
	// custom are the columns that the company's files have besides; nil: none.
	custom func(ctx context.Context, e *Engine, company id.ID) ([]sheet.Column, error)
	// elsewhere are those of the keys that are columns of other companies into which the viewer
	// may import; nil: none.
	elsewhere func(ctx context.Context, e *Engine, keys []string) ([]sheet.Column, error)
	// make gives the kind; nil: this version does not import it.
	make func(e *Engine) kind
}

// catalog has each kind's entry. What a column means is said here; where it is read, in
// its kind's file.
var catalog = []entry{
	{
		kind: enum.Customers, rows: 100, missing: missingOfCustomers,
		make: func(e *Engine) kind { return customers{e} },
		columns: []sheet.Column{
			{Name: "name", Aliases: []string{"company", "company name", "customer", "customer name"}, Required: true,
				Description: "The company's name, at most 200 characters.", Example: "Aurora Dental Group"},
			{Name: "contact_email", Aliases: []string{"email", "contact"},
				Description: "The company's own address. Together with partner_admin_email, or not at all.", Example: "office@auroradental.example"},
			{Name: "partner_admin_email", Aliases: []string{"partner admin", "admin email"},
				Description: "An active user of your company, who becomes partner admin of the new customer.", Example: "you@partner.example"},
		},
	},
	{
		kind: enum.Contacts, rows: 5_000, missing: missingOfContacts, custom: customColumns, elsewhere: columnsElsewhere,
		make: func(e *Engine) kind { return contactKind{e} },
		columns: []sheet.Column{
			{Name: "email", Aliases: []string{"e-mail", "email address"}, Required: true,
				Description: "Unique among the company's contacts.", Example: "ann@example.org"},
			{Name: "first_name", Required: true, Description: "At most 200 characters.", Example: "Ann"},
			{Name: "id", Aliases: []string{"contact id", "client id"}, Exact: true, Description: "Our id, or the contact's id in another system.", Example: ""},
			{Name: "last_name", Description: "At most 200 characters.", Example: "Archer"},
			{Name: "middle_name", Description: "At most 200 characters.", Example: ""},
			{Name: "username", Description: "The part of the email before the @ where it is left blank.", Example: "ann"},
			{Name: "project", Aliases: []string{"project id"}, Description: "default, our id, an external id, or a name that just one has.", Example: "default"},
			{Name: "desk", Aliases: []string{"desk id"}, Description: "default, our id, an external id, or a name that just one has.", Example: "default"},
			{Name: "active", Description: "true or false.", Example: "true"},
			{Name: "type", Description: "personal or business.", Example: "personal"},
			{Name: "created", Aliases: []string{"created at"}, Description: "RFC 3339, or a date.", Example: "2026-01-31"},
			{Name: "company_id", Company: true, Description: "Another company whose partner admin you are; blank: the import's.", Example: ""},
			{Name: "labels", List: true, Description: "Names, separated by colons.", Example: ""},
			{Name: "labels_id", List: true, Aliases: []string{"label ids"}, Description: "Ids, separated by colons.", Example: ""},
		},
	},
	{
		kind: enum.Users, rows: 5_000, missing: missingOfUsers,
		make: func(e *Engine) kind { return users{e} },
		columns: []sheet.Column{
			{Name: "email", Required: true, Description: "Unique on the platform.", Example: "kim@example.net"},
			{Name: "first_name", Required: true, Description: "At most 200 characters.", Example: "Kim"},
			{Name: "last_name", Required: true, Description: "At most 200 characters.", Example: "Park"},
			{Name: "password", Required: true, Secret: true, Description: "6 characters to 1,024 bytes.", Example: ""},
			{Name: "active", Description: "true or false.", Example: "true"},
		},
	},
}

func missingOfCustomers(l sheet.Layout) (field, why string) {
	contact, admin := l.Has("contact_email"), l.Has("partner_admin_email")
	switch {
	case !l.Has("name"):
		return "name", "a file of customers has their names"
	case contact && !admin:
		return "partner_admin_email", "a file of customers has either names alone, or name, contact_email and partner_admin_email"
	case admin && !contact:
		return "contact_email", "a file of customers has either names alone, or name, contact_email and partner_admin_email"
	}
	return "", ""
}

func missingOfContacts(l sheet.Layout) (field, why string) {
	if !l.Has("email") && !l.Has("id") {
		return "email", "a file of contacts has their emails, or their ids"
	}
	return "", ""
}

func missingOfUsers(l sheet.Layout) (field, why string) {
	if !l.Has("email") {
		return "email", "a file of users has their emails"
	}
	return "", ""
}

// entryOf finds the kind's entry; there is one for each of the enum's.
func entryOf(k enum.ImportKind) entry {
	return catalog[slices.IndexFunc(catalog, func(e entry) bool { return e.kind == k })]
}

// kindOf finds the kind. INVALID_ARGUMENT for one that this version cannot import.
func (e *Engine) kindOf(k enum.ImportKind) (kind, error) {
	if known, ok := e.kinds[k]; ok {
		return known, nil
	}
	return nil, fault.New(fault.Invalid, "files of %s cannot be imported yet", k).At("input", "kind")
}

// vocabularyOf is the entry's vocabulary with the company's own columns.
func vocabularyOf(of entry, custom []sheet.Column) sheet.Vocabulary {
	return sheet.NewVocabulary(of.kind, of.columns, custom, of.missing)
}

// vocabulary is the kind's in the company.
func (e *Engine) vocabulary(ctx context.Context, k enum.ImportKind, company id.ID) (sheet.Vocabulary, error) {
	var own sheet.Vocabulary
	var others []sheet.Vocabulary
	for _, of := range catalog {
		var custom []sheet.Column
		if of.custom != nil {
			var err error
			if custom, err = of.custom(ctx, e, company); err != nil {
				return sheet.Vocabulary{}, fmt.Errorf("reading the company's own columns: %w", err)
			}
		}
		if v := vocabularyOf(of, custom); of.kind == k {
			own = v
			if of.elsewhere != nil {
				own.Elsewhere = func(keys []string) ([]sheet.Column, error) { return of.elsewhere(ctx, e, keys) }
			}
		} else {
			others = append(others, v)
		}
	}
	own.Others = others
	return own, nil
}
