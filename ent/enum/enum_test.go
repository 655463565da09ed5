package enum_test

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tenantry/ent/enum"
	"tenantry/schema"
)

// The API names the values that are stored, and no others.
func TestTheAPINamesTheValues(t *testing.T) {
	t.Parallel()
	sdl := gqlparser.MustLoadSchema(&ast.Source{Input: schema.SDL()})
	for name, want := range map[string][]string{
		"UserRole": enum.UserRole("").Values(), "ImportStatus": enum.ImportStatus("").Values(),
		"ImportIssueCode": enum.IssueCode("").Values(), "NotificationKind": enum.NotificationKind("").Values(),
		"SessionKind": enum.SessionKind("").Values(), "ContactType": enum.ContactType("").Values(),
		"CustomFieldType": enum.CustomFieldType("").Values(),
		"DateOrder":       enum.DateOrder("").Values(), "DecimalSeparator": enum.DecimalSeparator("").Values(),
		"UnknownColumns": enum.UnknownColumns("").Values(), "ExistingRecords": enum.ExistingRecords("").Values(),
		"MissingRecords": enum.MissingRecords("").Values(), "ImportReference": enum.ImportReference("").Values(),
		"ColumnSource": enum.ColumnSource("").Values(),
	} {
		var named []string
		for _, v := range sdl.Types[name].EnumValues {
			named = append(named, v.Name)
		}
		slices.Sort(named)
		slices.Sort(want)
		if !slices.Equal(named, want) {
			t.Errorf("%s is %v in the API, and %v in this package", name, named, want)
		}
	}
}
