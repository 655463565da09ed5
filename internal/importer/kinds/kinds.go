// Package kinds registers the kinds of this program: the one place that names them all. Only
// internal/app and tests import it.
package kinds

import (
	"tenantry/internal/database"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/kind/contacts"
	"tenantry/internal/importer/kind/customers"
	"tenantry/internal/importer/kind/users"
	"tenantry/internal/tenancy"
)

// Companies are their partners, customers and users.
type Companies interface {
	customers.Partners
	users.Directory
}

// New returns the kinds.
func New(db *database.DB, passwords users.Passwords, companies Companies, o contacts.Options) kind.Set {
	return kind.Set{
		customers.New(db, companies, tenancy.CompanyFields()),
		contacts.New(db, companies, o),
		users.New(db, passwords, companies, tenancy.UserFields()),
	}
}

// Unopened are the kinds for what they know without a database: names, columns and limits.
func Unopened() kind.Set { return New(nil, nil, nil, contacts.Options{}) }
