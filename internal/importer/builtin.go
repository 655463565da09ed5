package importer

import (
	"tenantry/ent/enum"
	"tenantry/internal/importer/sheet"
)

// BuiltIn reports whether a file of contacts has a column of this name, or alias, whatever
// the company: a custom field cannot be called so (rule K3).
func BuiltIn(name string) bool {
	return sheet.RejectColumn(name) != "" || vocabularyOf(entryOf(enum.Contacts), nil).Has(name)
}
