package sheet_test

import (
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
)

// builtIn is the kind's vocabulary in a company that has no columns of its own.
func builtIn(name enum.ImportKind) sheet.Vocabulary {
	var own sheet.Vocabulary
	var others []sheet.Vocabulary
	for _, k := range kinds.Unopened() {
		if v := sheet.NewVocabulary(k.Name(), k.Columns(), nil, k.Missing); k.Name() == name {
			own = v
		} else {
			others = append(others, v)
		}
	}
	own.Others = others
	return own
}

// fit matches headers, given as one line with commas, to the kind's columns. It gives the
// fields, or REASON:column:suggestion of what is wrong.
func fit(kind enum.ImportKind, headers string, mappings ...sheet.Mapping) string {
	h := strings.Split(headers, ",")
	l, p := sheet.Match(builtIn(kind), csvfile.Format{Header: h, Columns: len(h)}, mappings, enum.RefuseUnknown)
	if p != nil {
		return string(p.Reason) + ":" + p.Column + ":" + p.Suggestion
	}
	return strings.Join(l.Fields, ",")
}

func to(header, field string) sheet.Mapping { return sheet.Mapping{Header: header, Field: &field} }

func out(header string) sheet.Mapping { return sheet.Mapping{Header: header} }

func TestF5ColumnsMatchByNameOrAliasWhateverTheirSpelling(t *testing.T) {
	t.Parallel()
	const all = "name,contact_email,partner_admin_email"
	for _, c := range []struct{ headers, want string }{
		{"name", "name"},
		{"NAME", "name"},
		{"company", "name"},
		{"Company Name", "name"},
		{"customer", "name"},
		{"customer-name", "name"},
		{"CUSTOMER__NAME", "name"},
		{" na me ", "name"},
		{"na\u200bme", "name"},
		{"na\u00a0me", "name"},
		{all, all},
		{"Partner Admin,E-mail,Company", "partner_admin_email,contact_email,name"},
		{"admin email,contact,customer", "partner_admin_email,contact_email,name"},
		{"PARTNER-ADMIN-EMAIL,Contact_Email,Name", "partner_admin_email,contact_email,name"},
	} {
		if got := fit(enum.Customers, c.headers); got != c.want {
			t.Errorf("%q: %s, want %s", c.headers, got, c.want)
		}
	}
}

func TestF5EveryNameAndAliasMeansItsOwnField(t *testing.T) {
	t.Parallel()
	for _, of := range kinds.Unopened() {
		kind, v, spellings, keys := of.Name(), builtIn(of.Name()), 0, map[string]bool{}
		for _, c := range of.Columns() {
			for _, s := range c.Spellings() {
				spellings++
				keys[sheet.Key(s)] = true
				l, _ := sheet.Match(v, csvfile.Format{Header: []string{s}, Columns: 1}, nil, enum.RefuseUnknown)
				if got := l.Fields[0]; got != c.Name {
					t.Errorf("%s: %q means %q, want %q", kind, s, got, c.Name)
				}
			}
		}
		if len(keys) != spellings && kind != enum.Contacts { // e-mail and email are one spelling
			t.Errorf("%s: %d spellings have %d keys", kind, spellings, len(keys))
		}
		for _, c := range []string{sheet.RowColumn, sheet.CodeColumn, sheet.ProblemColumn} {
			if v.Has(c) {
				t.Errorf("%s: %s is a field", kind, c)
			}
		}
	}
}

func TestF5AColumnThatIsNotRecognisedIsMappedOrLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, headers, want string
		mappings            []sheet.Mapping
	}{
		{"unknown, with a field that is near", "nmae", "UNKNOWN_COLUMN:nmae:name", nil},
		{"unknown, with a field that begins so", "name,contact_mail,admin email", "UNKNOWN_COLUMN:contact_mail:contact_email", nil},
		{"unknown, with nothing near", "name,telephone", "UNKNOWN_COLUMN:telephone:", nil},
		{"no name, which its cells decide on", "name,", "name,", nil},
		{"no name but an underscore", "name, _ ", "UNKNOWN_COLUMN: _ :", nil},
		{"mapped", "Firma", "name", []sheet.Mapping{to("Firma", "name")}},
		{"mapped, spelt otherwise", "Firma", "name", []sheet.Mapping{to("FIR-MA", "name")}},
		{"left out", "name,telephone", "name,", []sheet.Mapping{out("telephone")}},
		{"left out for want of a name", "name,", "name,", []sheet.Mapping{out("")}},
		{"a known column left out", "name,email", "name,", []sheet.Mapping{out("email")}},
		{"remapped", "name,company", ",name", []sheet.Mapping{out("name")}},
		{"two swapped", "name,email,admin email", "contact_email,name,partner_admin_email", []sheet.Mapping{to("name", "contact_email"), to("email", "name")}},
		{"import_problem as a field", "import_problem", "name", []sheet.Mapping{to("import_problem", "name")}},
		{"a mapping of a column that is not there", "name", "MISSING_COLUMN:Firma:", []sheet.Mapping{to("Firma", "name")}},
		{"a mapping to no field", "Firma", "UNKNOWN_COLUMN:Firma:name", []sheet.Mapping{to("Firma", "nam")}},
		{"a mapping to an alias", "Firma", "UNKNOWN_COLUMN:Firma:name", []sheet.Mapping{to("Firma", "company name")}},
		{"a mapping to another kind's field", "Firma", "UNKNOWN_COLUMN:Firma:", []sheet.Mapping{to("Firma", "last_name")}},
		{"two mappings of one column", "Firma", "DUPLICATE_COLUMN:firma:", []sheet.Mapping{to("Firma", "name"), out("firma")}},
	} {
		if got := fit(enum.Customers, c.headers, c.mappings...); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestF3RepeatedAndMissingColumns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind          enum.ImportKind
		headers, want string
		mappings      []sheet.Mapping
	}{
		{enum.Customers, "name,Name", "DUPLICATE_COLUMN:Name:", nil},
		{enum.Customers, "name,company", "DUPLICATE_COLUMN:company:", nil},
		{enum.Customers, "name,Firma", "DUPLICATE_COLUMN:Firma:", []sheet.Mapping{to("Firma", "name")}},
		{enum.Customers, "contact_email,partner_admin_email", "MISSING_COLUMN:name:", nil},
		{enum.Customers, "name,telephone", "MISSING_COLUMN:name:", []sheet.Mapping{out("name"), out("telephone")}},
		{enum.Contacts, "first_name,last_name", "MISSING_COLUMN:email:", nil},
		{enum.Contacts, "id", "id", nil},
		{enum.Users, "first_name,password", "MISSING_COLUMN:email:", nil},
	} {
		if got := fit(c.kind, c.headers, c.mappings...); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.headers, got, c.want)
		}
	}
}

func TestI5NamesAloneOrWithAnyOtherColumn(t *testing.T) {
	t.Parallel()
	for headers, want := range map[string]string{
		"name":                               "name",
		"company,email":                      "name,contact_email",
		"name,contact_email":                 "name,contact_email",
		"name,partner_admin_email":           "name,partner_admin_email",
		"name,email,admin email":             "name,contact_email,partner_admin_email",
		"name,import_problem":                "name,import_problem",
		"name,Import Row,import-code":        "name,import_row,import_code",
		"import_problem,name,Import Problem": "import_problem,name,import_problem",
		"contact_email,import_problem":       "MISSING_COLUMN:name:",
	} {
		if got := fit(enum.Customers, headers); got != want {
			t.Errorf("%q: %s, want %s", headers, got, want)
		}
	}
}

func TestF5AFileOfAnotherKindIsRefusedByThatKindsName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind          enum.ImportKind
		headers, want string
		mappings      []sheet.Mapping
	}{
		{enum.Customers, "email,first_name,last_name,password", "WRONG_KIND::USERS", nil},
		{enum.Customers, "id,email,first_name,labels,desk", "WRONG_KIND::CONTACTS", nil},
		{enum.Customers, "email,first_name,last_name,import_problem", "WRONG_KIND::CONTACTS", nil},
		{enum.Contacts, "name,contact_email,partner_admin_email", "WRONG_KIND::CUSTOMERS", nil},
		{enum.Users, "company name", "WRONG_KIND::CUSTOMERS", nil},
		{enum.Users, "email,first_name,labels,project,desk", "WRONG_KIND::CONTACTS", nil},
		{enum.Customers, "email", "WRONG_KIND::CONTACTS", nil},
		// What is legitimate stays so, and what is merely wrong is told what is wrong.
		{enum.Customers, "name,email", "name,contact_email", nil},
		{enum.Customers, "company,email", "name,contact_email", nil},
		{enum.Customers, "contact_email", "MISSING_COLUMN:name:", nil},
		{enum.Users, "email,first_name,last_name,username", "UNKNOWN_COLUMN:username:", nil},
		{enum.Contacts, "email,first_name,last_name,password", "UNKNOWN_COLUMN:password:", nil},
		{enum.Customers, "name,email,admin email,import_problem", "name,contact_email,partner_admin_email,import_problem", nil},
		{enum.Customers, "name,email,first_name", "WRONG_KIND::CONTACTS", nil},
		{enum.Customers, "company,first_name", "UNKNOWN_COLUMN:first_name:", nil},
		{enum.Customers, "Firma,first_name", "UNKNOWN_COLUMN:first_name:", []sheet.Mapping{to("Firma", "name")}},
		{enum.Customers, "name,first_name,last_name,desk", "name,,,", []sheet.Mapping{out("first_name"), out("last_name"), out("desk")}},
		{enum.Contacts, "email,import_problem", "email,import_problem", nil},
		{enum.Users, "email,first_name,last_name,active", "email,first_name,last_name,active", nil},
	} {
		got := fit(c.kind, c.headers, c.mappings...)
		if strings.HasPrefix(c.want, "UNKNOWN_COLUMN") { // whatever is suggested
			got = got[:strings.LastIndexByte(got, ':')+1]
		}
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.headers, got, c.want)
		}
	}
}

// What Start refuses, Start's caller is told in full.
func TestF3ARefusalSaysWhereAndWhatWouldBeAccepted(t *testing.T) {
	t.Parallel()
	_, p := sheet.Match(builtIn(enum.Customers), csvfile.Format{Header: []string{"name", "contact_mail", "admin email"}}, nil, enum.RefuseUnknown)
	if p == nil || strings.Join(p.Accepted, " ") != "name external_id contact_email partner_admin_email" || !strings.Contains(p.Message, "did you mean contact_email?") {
		t.Errorf("%+v", p)
	}
	l, p := sheet.Match(builtIn(enum.Customers), csvfile.Format{Header: []string{"name", "", ""}}, nil, enum.RefuseUnknown)
	if p != nil {
		t.Errorf("%+v", p)
	}
	if p := l.CheckUnnamed(builtIn(enum.Customers), nil); p != nil {
		t.Errorf("%+v", p)
	}
	if p := l.CheckUnnamed(builtIn(enum.Customers), []int{3}); p == nil || p.Reason != csvfile.UnknownColumn || !strings.Contains(p.Message, "column 3 has no name") || p.Columns[0].Number != 3 {
		t.Errorf("%+v", p)
	}
}

// F5: of the columns that are known, those of secrets alone look like a password's.
func TestF5SecretColumnsLookLikePasswords(t *testing.T) {
	t.Parallel()
	for _, of := range kinds.Unopened() {
		for _, c := range of.Columns() {
			for _, h := range c.Spellings() {
				if sheet.LooksSecret(h) != c.Secret {
					t.Errorf("%s: %s looks like a password's: %v", of.Name(), h, !c.Secret)
				}
			}
		}
	}
}

// F5: a password is never suggested, nor what a header without names holds.
func TestF5NoPasswordIsSuggested(t *testing.T) {
	t.Parallel()
	for _, h := range []string{"passwords", "Passwort", "pasword", "passwor", "password2", "passport"} {
		if got := builtIn(enum.Users).Suggest(h, nil); got == "password" {
			t.Errorf("%s is suggested for %q", got, h)
		}
	}
}

// U2, F3: the first row of a file of users without column names may hold a password. It is shown nowhere,
// whatever words stand beside it, and whatever the caller maps.
func TestU2NoCellOfAFirstRowWithoutColumnNamesIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header   []string
		mappings []sheet.Mapping
	}{
		"a word that is a synonym":       {[]string{"ann@ex.test", "Ann", "Archer", "geheim1", "aktiv"}, nil},
		"a word that is a name":          {[]string{"ann@ex.test", "Ann", "Active", "geheim1"}, nil},
		"a mapping of what is not there": {[]string{"ann@ex.test", "Ann", "Archer", "geheim1"}, []sheet.Mapping{to("E-Mail", "email")}},
		"left out what is not there":     {[]string{"ann@ex.test", "Ann", "Archer", "geheim1"}, []sheet.Mapping{out("Fax")}},
	} {
		for _, unknown := range []enum.UnknownColumns{enum.RefuseUnknown, enum.LeaveOutUnknown} {
			l, p := sheet.Match(builtIn(enum.Users), csvfile.Format{Header: c.header, Columns: len(c.header)}, c.mappings, unknown)
			if p == nil || !l.Headless || strings.Contains(fmt.Sprintf("%+v", *p), "geheim1") {
				t.Errorf("%s, %s: %+v", name, unknown, p)
			}
		}
	}
	// What has the needed column, or a column that the caller maps, has names.
	for header, given := range map[string][]sheet.Mapping{"email,bob@ex.test": nil, "Adresse,bob@ex.test": {to("Adresse", "email")}} {
		if got := fit(enum.Users, header, given...); got != "UNKNOWN_COLUMN:bob@ex.test:" {
			t.Errorf("%s: %s", header, got)
		}
	}
}
