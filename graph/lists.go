package graph

import (
	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/apikey"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/importissue"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/user"
	"tenantry/graph/page"
	"tenantry/internal/id"
)

// The orders of the API's lists: companies by name (the viewer's own is a part before the
// others), users and contacts by email; issues in the file's order; everything else newest first.

var companiesByName = page.Order[*ent.Company]{
	Terms: []page.Term{page.Text(company.FieldNameKey), page.UUID(company.FieldID)},
	Key:   func(c *ent.Company) []any { return []any{c.NameKey, c.ID} },
}

var usersByEmail = page.Order[*ent.User]{
	Terms: []page.Term{page.Text(user.FieldEmailKey), page.UUID(user.FieldID)},
	Key:   func(u *ent.User) []any { return []any{u.EmailKey, u.ID} },
}

var usersOfCompany = page.Children[*ent.UserQuery, *ent.User]{
	Order: usersByEmail, Column: user.FieldCompanyID, Parent: func(u *ent.User) id.ID { return u.CompanyID },
	Count: func(q *ent.UserQuery, f ...func(*sql.Selector) string) page.Scanner {
		return q.Aggregate(aggregates(f)...)
	},
}

// aggregates are functions by ent's type.
func aggregates(f []func(*sql.Selector) string) []ent.AggregateFunc {
	out := make([]ent.AggregateFunc, len(f))
	for i, one := range f {
		out[i] = one
	}
	return out
}

// contactsByEmail orders one company's, where an email is unique.
var contactsByEmail = page.Order[*ent.Contact]{
	Terms: []page.Term{page.Text(contact.FieldEmailKey)},
	Key:   func(c *ent.Contact) []any { return []any{c.EmailKey} },
}

var contactsOfCompany = page.Children[*ent.ContactQuery, *ent.Contact]{
	Order: contactsByEmail, Column: contact.FieldCompanyID, Parent: func(c *ent.Contact) id.ID { return c.CompanyID },
	Count: func(q *ent.ContactQuery, f ...func(*sql.Selector) string) page.Scanner {
		return q.Aggregate(aggregates(f)...)
	},
}

var newestImports = page.Order[*ent.ImportRun]{
	Terms: []page.Term{page.Time(importrun.FieldCreatedAt), page.UUID(importrun.FieldID)}, Desc: true,
	Key: func(r *ent.ImportRun) []any { return []any{r.CreatedAt, r.ID} },
}

var newestNotifications = page.Order[*ent.Notification]{
	Terms: []page.Term{page.Time(notification.FieldCreatedAt), page.UUID(notification.FieldID)}, Desc: true,
	Key: func(n *ent.Notification) []any { return []any{n.CreatedAt, n.ID} },
}

var newestKeys = page.Order[*ent.APIKey]{
	Terms: []page.Term{page.Time(apikey.FieldCreatedAt), page.UUID(apikey.FieldID)}, Desc: true,
	Key: func(k *ent.APIKey) []any { return []any{k.CreatedAt, k.ID} },
}

var newestEvents = page.Order[*ent.AuditEvent]{
	Terms: []page.Term{page.Time(auditevent.FieldAt), page.UUID(auditevent.FieldID)}, Desc: true,
	Key: func(e *ent.AuditEvent) []any { return []any{e.At, e.ID} },
}

var issuesOfFile = page.Order[*ent.ImportIssue]{
	Terms: []page.Term{page.Int(importissue.FieldRow), page.Int(importissue.FieldOrdinal)},
	Key:   func(i *ent.ImportIssue) []any { return []any{i.Row, i.Ordinal} },
}

var issuesOfImport = page.Children[*ent.ImportIssueQuery, *ent.ImportIssue]{
	Order: issuesOfFile, Column: importissue.FieldImportRunID, Parent: func(i *ent.ImportIssue) id.ID { return i.ImportRunID },
	Count: func(q *ent.ImportIssueQuery, f ...func(*sql.Selector) string) page.Scanner {
		return q.Aggregate(aggregates(f)...)
	},
}

// orNull turns what is not to be found into null.
func orNull[T any](v *T, err error) (*T, error) {
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // the API's null
	}
	return v, err
}
