package exporter

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/internal/auth"
	"tenantry/internal/contacts"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/importer"
	"tenantry/internal/importer/kind"
	contactkind "tenantry/internal/importer/kind/contacts"
	customerkind "tenantry/internal/importer/kind/customers"
	userkind "tenantry/internal/importer/kind/users"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/tenancy"
	"tenantry/internal/testenv"
)

// samples are two values of a field, as exports write them.
type samples struct {
	values [2]string
	// stored is a query for what is stored of the record that the identity, $1, finds; empty:
	// the field's column.
	stored string
	// as is the column of exports in which the values come back; empty: the field's own.
	as string
	// identifies: the record would be another one with another value.
	identifies bool
	// matches compares what is stored with the value; nil: exports do.
	matches func(stored, value string) bool
}

// trial is how the fields of one kind are tried.
type trial struct {
	kind     enum.ImportKind
	table    string
	identity string            // the column by which a record is found again
	base     map[string]string // what every row has; %d is its number
	by       *ent.User
	company  *ent.Company
	special  map[string]samples // of fields whose cells refer to something
	updates  bool               // a row may change a record
}

// each field of each kind changes a stored record when it comes by file, and comes back by
// export.
func TestEachFieldComesByFileAndComesBackByExport(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.PartnerAdmin(w.customer, w.tom)
		ofContacts, ofUsers, ofCustomers := w.contactTrial(), w.userTrial(), w.customerTrial()
		tryFields(t, w, ofContacts, contacts.Described(contacts.Fields()))
		tryFields(t, w, ofUsers, tenancy.DescribedUsers(tenancy.UserFields()))
		tryFields(t, w, ofCustomers, tenancy.DescribedCompanies(tenancy.CompanyFields()))
		for _, k := range kinds.Unopened() {
			if !slices.Contains([]enum.ImportKind{ofContacts.kind, ofUsers.kind, ofCustomers.kind}, k.Name()) {
				t.Errorf("the fields of %s are not tried", k.Name())
			}
		}
	})
}

func (w *world) contactTrial() trial {
	e := w.DB.Ent()
	for _, of := range []*ent.Company{w.customer} {
		e.Project.Create().SetCompanyID(of.ID).SetName("North").ExecX(w.System)
		e.Desk.Create().SetCompanyID(of.ID).SetName("Night").ExecX(w.System)
	}
	vip := e.Label.Create().SetCompanyID(w.customer.ID).SetName("VIP").SaveX(w.System)
	trial := e.Label.Create().SetCompanyID(w.customer.ID).SetName("Trial").SaveX(w.System)
	other := w.Company("Another", testenv.CustomerOf(w.partner))
	w.PartnerAdmin(other, w.tom)
	const labels = `SELECT MIN(l.name) FROM contact_labels c JOIN labels l ON l.id = c.label_id JOIN contacts p ON p.id = c.contact_id WHERE p.email_key = $1`
	return newTrial(enum.Contacts, "contacts", "email_key", map[string]string{"email": "c%d@x.example", "first_name": "Ann"}, w.tom, w.customer, true, map[string]samples{
		"email":   {values: [2]string{"first@x.example", "second@x.example"}, identifies: true},
		"id":      {values: [2]string{"ext-1", "ext-2"}, identifies: true},
		"project": {values: [2]string{"default", "North"}},
		"desk":    {values: [2]string{"default", "Night"}},
		"type":    {values: [2]string{"personal", "business"}},
		"company_id": {values: [2]string{w.customer.ID.String(), other.ID.String()}, identifies: true,
			stored: `SELECT CAST(company_id AS TEXT) FROM contacts WHERE email_key = $1`},
		"labels":    {values: [2]string{"VIP", "Trial"}, stored: labels},
		"labels_id": {values: [2]string{vip.ID.String(), trial.ID.String()}, stored: labels, as: "labels"},
	})
}

func (w *world) userTrial() trial {
	return newTrial(enum.Users, "users", "email_key", map[string]string{"email": "u%d@x.example", "first_name": "Kim", "last_name": "Park", "password": "secret-0"},
		w.tom, w.customer, true, map[string]samples{
			"email": {values: [2]string{"third@x.example", "fourth@x.example"}, identifies: true},
			"password": {values: [2]string{"secret-1", "secret-2"}, stored: `SELECT password_hash FROM users WHERE email_key = $1`,
				matches: func(stored, value string) bool {
					same, err := w.passwords.Verify(w.System, value, stored)
					w.Must(err)
					return same
				}},
		})
}

func (w *world) customerTrial() trial {
	return newTrial(enum.Customers, "companies", "name", map[string]string{
		"name": "Company %d", "contact_email": "office@x.example", "partner_admin_email": "tom@partner.example",
	}, w.maria, w.partner, false, map[string]samples{
		"name": {values: [2]string{"Acme", "Brightside"}, identifies: true},
		"partner_admin_email": {values: [2]string{"tom@partner.example", "maria@partner.example"},
			stored: `SELECT u.email FROM partner_admins a JOIN users u ON u.id = a.user_id JOIN companies c ON c.id = a.company_id WHERE c.name = $1`},
	})
}

func newTrial(k enum.ImportKind, table, identity string, base map[string]string, by *ent.User, company *ent.Company, updates bool, special map[string]samples) trial {
	return trial{kind: k, table: table, identity: identity, base: base, by: by, company: company, special: special, updates: updates}
}

// ofPlain are values of a field whose cells are taken over as they stand: the first of some
// that it takes.
func ofPlain[R any](t *testing.T, f *field.Field[R]) samples {
	t.Helper()
	for _, pair := range [][2]string{
		{"true", "false"}, {"2024-02-29T08:00:00Z", "2025-12-31T00:00:00Z"}, {"one@x.example", "two@x.example"}, {"One", "Two"},
	} {
		var a, b R
		if f.Parse(&a, pair[0], field.Forms{}) == nil && f.Parse(&b, pair[1], field.Forms{}) == nil && f.Format(&a) == pair[0] && f.Format(&b) == pair[1] {
			return samples{values: pair}
		}
	}
	t.Fatalf("the field %s takes none of the test's values: give it two", f.Name)
	return samples{}
}

func tryFields[R any](t *testing.T, w *world, c trial, fields []field.Field[R]) {
	t.Helper()
	for n := range fields {
		f := &fields[n]
		if f.Name == "" || f.Parts { // whose parts are other fields
			continue
		}
		s, ok := c.special[f.Name]
		if !ok {
			s = ofPlain(t, f)
		}
		if s.stored == "" {
			s.stored = fmt.Sprintf("SELECT CAST(%s AS TEXT) FROM %s WHERE %s = $1", f.Column, c.table, c.identity)
		}
		var who, stored [2]string
		for i, value := range s.values {
			row := c.row(10*n+i, f.Name, value)
			who[i] = row[identityOf(c)]
			w.is(t, fmt.Sprintf("%s %s as %q is new", c.kind, f.Name, value), w.imported(c.by, c.kind, c.company, text(row)), "COMPLETED 1+0+0+0+0")
			stored[i] = w.stored(s.stored, who[i])
			w.comesBack(t, c, f.Name, f.Export, s, who[i], value, stored[i])
		}
		if stored[0] == stored[1] {
			t.Errorf("%s: of %s both values are stored as %q", c.kind, f.Name, stored[0])
		}
		if s.identifies || f.Fixed || !c.updates {
			continue
		}
		row := c.row(10*n, f.Name, s.values[1])
		if f.Name != "password" {
			delete(row, "password") // it would be a change of its own
		}
		w.is(t, fmt.Sprintf("%s %s as %q is a change", c.kind, f.Name, s.values[1]), w.imported(c.by, c.kind, c.company, text(row)), "COMPLETED 0+1+0+0+0")
		after := w.stored(s.stored, who[0])
		if after == stored[0] {
			t.Errorf("%s: the change of %s is not stored", c.kind, f.Name)
		}
		if !strings.Contains(f.Name, "labels") { // which are added
			w.comesBack(t, c, f.Name, f.Export, s, who[0], s.values[1], after)
		}
	}
}

// comesBack demands that the record's cell in an export is the value, and where exports do not
// have the field, that what is stored is it.
func (w *world) comesBack(t *testing.T, c trial, name string, place int, s samples, who, value, stored string) {
	t.Helper()
	if place == 0 {
		if s.matches != nil && !s.matches(stored, value) || s.matches == nil && stored != value {
			t.Errorf("%s: %s as %q is stored as %q", c.kind, name, value, stored)
		}
		return
	}
	column := name
	if s.as != "" {
		column, value = s.as, stored
	}
	rows := records(t, w.exported(c.by, c.kind, c.company))
	at, by := slices.Index(rows[0], column), slices.Index(rows[0], identityOf(c))
	for _, row := range rows[1:] {
		if row[by] == who {
			if at < 0 || row[at] != value {
				t.Errorf("%s: %s as %q comes back in %q", c.kind, name, value, row)
			}
			return
		}
	}
	t.Errorf("%s: %s is in no export", c.kind, who)
}

// identityOf is the column in files by which a record is found again.
func identityOf(c trial) string { return strings.TrimSuffix(c.identity, "_key") }

func (c trial) row(n int, name, value string) map[string]string {
	row := map[string]string{name: value}
	for column, text := range c.base {
		if column != name {
			row[column] = strings.Replace(text, "%d", fmt.Sprint(n), 1)
		}
	}
	return row
}

func text(row map[string]string) string {
	var b strings.Builder
	out := csv.NewWriter(&b)
	var header, cells []string
	for column, cell := range row {
		header, cells = append(header, column), append(cells, cell)
	}
	_ = out.Write(header)
	_ = out.Write(cells)
	out.Flush()
	return b.String()
}

func (w *world) stored(query, who string) string {
	w.T.Helper()
	var value *string
	w.Must(w.DB.SQL().QueryRowContext(w.T.Context(), query, who).Scan(&value))
	if value == nil {
		return ""
	}
	return *value
}

func (w *world) is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// with is a contact's fields with one of the test's own in the place of the middle name, whose
// place in the record it has.
func with(own field.Field[contacts.Record]) []contacts.Field {
	fields := contacts.Fields()
	at := slices.IndexFunc(fields, func(f contacts.Field) bool { return f.Name == "middle_name" })
	fields[at] = contacts.Field{Field: own}
	return fields
}

// nickname is a column that contacts might have.
func nickname() field.Field[contacts.Record] {
	return field.Field[contacts.Record]{
		Name: "nickname", Description: "What friends say.", Example: "Nan", Limit: 5,
		Export: 3, Column: "nickname", Value: field.OptionalText(func(r *contacts.Record) *string { return &r.MiddleName }),
	}
}

// A field in a copy of the table is all that a column takes: files, templates, previews, the
// database and exports have it then (CONTRIBUTING.md, "A column of an import").
func TestAFieldInTheTableIsAColumn(t *testing.T) {
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) {
		w := newWorldOf(tenants, func(db *database.DB, _ *auth.Passwords, companies *tenancy.Service) kind.Set {
			return kind.Set{contactkind.New(db, companies, contactkind.Options{Fields: with(nickname())})}
		})
		w.Exec(`ALTER TABLE contacts ADD COLUMN nickname TEXT`)
		template, err := w.importer.Template(w.As(w.plume), enum.Contacts, nil)
		w.Must(err)
		if rows := parsed(t, template.Content); rows[1][slices.Index(rows[0], "nickname")] != "Nan" {
			t.Errorf("the template is %q", rows)
		}
		const file = "email,first_name,Nick-Name\nann@x.example,Ann,Annie\nbob@x.example,Bob,\ncem@x.example,Cem,Cemmie\n"
		preview, err := w.importer.Preview(w.As(w.plume), importer.Request{File: importer.File{Name: "x.csv", Body: strings.NewReader(file)}, Kind: enum.Contacts})
		w.Must(err)
		if len(preview.Issues) != 1 || preview.Issues[0].Code != enum.TooLong {
			t.Errorf("the preview finds %v", preview.Issues)
		}
		if got := w.imported(w.plume, enum.Contacts, w.plain, file); !strings.HasPrefix(got, "COMPLETED 2+0+0+0+1 3:") || !strings.HasSuffix(got, ":TOO_LONG") {
			t.Errorf("new contacts: %s", got)
		}
		const query = `SELECT nickname FROM contacts WHERE email_key = $1`
		w.is(t, "stored", w.stored(query, "ann@x.example"), "Annie")
		w.is(t, "changed", w.imported(w.plume, enum.Contacts, w.plain, "email,nickname\nann@x.example,Nan\n"), "COMPLETED 0+1+0+0+0")
		w.is(t, "stored", w.stored(query, "ann@x.example"), "Nan")
		w.is(t, "blank", w.imported(w.plume, enum.Contacts, w.plain, "email,nickname\nann@x.example,\n"), "COMPLETED 0+0+1+0+0")
		export := w.exported(w.plume, enum.Contacts, w.plain)
		if rows := records(t, export); rows[1][slices.Index(rows[0], "nickname")] != "Nan" {
			t.Errorf("the export is\n%s", export)
		}
		w.is(t, "and back", w.imported(w.plume, enum.Contacts, w.plain, export), "COMPLETED 0+0+2+0+0")
		// What came by hand and is unsafe in a file comes back as well (rules F7, J12).
		w.Exec(`UPDATE contacts SET nickname = '=Nan' WHERE email_key = 'ann@x.example'`)
		export = w.exported(w.plume, enum.Contacts, w.plain)
		if !strings.Contains(export, csvfile.EscapeFormula("=Nan")) {
			t.Errorf("the export is\n%s", export)
		}
		w.is(t, "and back", w.imported(w.plume, enum.Contacts, w.plain, export), "COMPLETED 0+0+2+0+0")
	})
}

// A field that is only declared makes no kind.
func TestAFieldThatIsOnlyDeclaredIsRefused(t *testing.T) {
	t.Parallel()
	all := contacts.Fields()
	project := all[slices.IndexFunc(all, func(f contacts.Field) bool { return f.Name == contacts.ProjectField })]
	for what, change := range map[string]func(f *field.Field[contacts.Record]){
		"no value":  func(f *field.Field[contacts.Record]) { f.Value = field.Value[contacts.Record]{} },
		"no column": func(f *field.Field[contacts.Record]) { f.Column = "" },
		"searched, and stored nowhere": func(f *field.Field[contacts.Record]) {
			f.SearchKey, f.Name, f.Column, f.Export = contact.FieldFirstNameKey, "", "", 0
		},
		"left to a plan":              func(f *field.Field[contacts.Record]) { f.Planned = true },
		"called as another one":       func(f *field.Field[contacts.Record]) { f.Name = "E-Mail" },
		"in another one's place":      func(f *field.Field[contacts.Record]) { f.Export = 1 },
		"a reference, and no plan of": func(f *field.Field[contacts.Record]) { f.Value = project.Value },
	} {
		own := nickname()
		change(&own)
		if !panics(func() { contactkind.New(nil, nil, contactkind.Options{Fields: with(own)}) }) {
			t.Errorf("%s: there is a kind", what)
		}
	}
	users := append(tenancy.UserFields(), tenancy.UserField{Field: field.Field[tenancy.UserRecord]{Name: "phone"}})
	if !panics(func() { userkind.New(nil, nil, nil, users) }) {
		t.Error("there is a kind of users")
	}
	companies := append(tenancy.CompanyFields(), tenancy.CompanyField{Field: field.Field[tenancy.CompanyRecord]{Name: "phone"}})
	if !panics(func() { customerkind.New(nil, nil, companies) }) {
		t.Error("there is a kind of customers")
	}
}

func panics(fn func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	fn()
	return false
}
