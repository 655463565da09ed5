package contacts

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// world is a company with a default project and desk, and an administrator.
type world struct {
	t       *testing.T
	db      *database.DB
	system  context.Context // passes by the policies
	company *ent.Company
	by      viewer.Viewer
	project id.ID
	desk    id.ID
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testenv.Databases(t, func(t *testing.T, db *database.DB) {
		w := &world{t: t, db: db, system: viewer.BypassTenancy(t.Context(), "arranging in a test")}
		e := db.Ent()
		w.company = e.Company.Create().SetName("Plain").SetSlug("plain").SetNameSlug("plain").SetNameKey("plain").SaveX(w.system)
		w.project = e.Project.Create().SetCompanyID(w.company.ID).SetName("default").SetIsDefault(true).SaveX(w.system).ID
		w.desk = e.Desk.Create().SetCompanyID(w.company.ID).SetName("default").SetIsDefault(true).SaveX(w.system).ID
		u := e.User.Create().SetCompanyID(w.company.ID).SetEmail("a@x.example").SetEmailKey("a@x.example").SetFirstName("A").SetFirstNameKey("a").
			SetLastName("B").SetLastNameKey("b").SetRole(enum.Admin).SetPasswordHash("none").SaveX(w.system)
		w.by = viewer.Viewer{UserID: u.ID, CompanyID: w.company.ID, Admin: true}
		test(t, w)
	})
}

// inTx runs a part of a test in a transaction.
func (w *world) inTx(fn func(ctx context.Context, tx *database.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.system, fn); err != nil {
		w.t.Fatal(err)
	}
}

// I13: a batch may name any number of companies: more than a statement has parameters.
func TestABatchNamesTensOfThousandsOfCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		other := w.db.Ent().Company.Create().SetName("Other").SetSlug("other").SetNameSlug("other").SetNameKey("other").SaveX(w.system)
		cells := []string{w.company.ID.String(), other.ID.String()}
		for len(cells) < 70_000 {
			cells = append(cells, id.New(id.Company).String())
		}
		run := &kind.Run{Company: w.company.ID, By: w.by}
		w.inTx(func(ctx context.Context, tx *database.Tx) error {
			p := &snapshot{bulk: New(w.db, nil, Options{}).bulk, parsed: parsed{columns: &columnIndex{}}, others: map[string]*tenant{}, byID: map[id.ID]*tenant{}}
			p.own = p.open(w.company.ID)
			if err := p.openOthers(ctx, tx, run, cells); err != nil {
				return err
			}
			if len(p.others) != 1 || p.others[cells[0]] == nil {
				t.Errorf("%d companies are the importer's to manage, want its own", len(p.others))
			}
			for _, cell := range cells[1:] { // as if they were its own
				of, _ := id.Parse(cell, id.Company)
				p.open(of)
			}
			want := &references{projects: cells, desks: cells, emails: cells, ids: cells, externals: cells, labels: true, fields: true}
			for _, load := range []func(context.Context, *database.Tx, *references) error{p.loadAssignments, p.loadLabels, p.loadFields} {
				if err := load(ctx, tx, want); err != nil {
					return err
				}
			}
			return p.loadContacts(ctx, tx, run, want)
		})
	})
}

// Of what is stored a batch reads the values of the fields that its file has, and no more of
// them at once than it may.
func TestABatchReadsNoMoreThanItMay(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const contacts, fields, bytes = 30, 3, 1_000
		e := w.db.Ent()
		var ids []id.ID
		for f := range fields {
			name := fmt.Sprint("note", f)
			ids = append(ids, e.CustomField.Create().SetCompanyID(w.company.ID).SetVariableName(name).SetVariableKey(name).SetName(name).SetType(enum.Text).SaveX(w.system).ID)
		}
		file := csvfile.Format{Header: []string{"email", "note0"}, Columns: 2}
		run := &kind.Run{Company: w.company.ID, By: w.by}
		k := New(w.db, nil, Options{StoredBytes: 10 * bytes})
		custom, err := k.CustomColumns(w.system, w.company.ID)
		if err != nil {
			t.Fatal(err)
		}
		layout, problem := sheet.Match(sheet.NewVocabulary(k.Name(), k.Columns(), custom, k.Missing), file, nil)
		if problem != nil {
			t.Fatal(problem)
		}
		run.Layout = layout
		var rows []sheet.Row
		for c := range contacts {
			email := fmt.Sprintf("c%d@x.example", c)
			of := e.Contact.Create().SetCompanyID(w.company.ID).SetProjectID(w.project).SetDeskID(w.desk).SetEmail(email).SetEmailKey(email).
				SetFirstName("Ann").SetFirstNameKey("ann").SetUsername(email).SetUsernameKey(email).SaveX(w.system)
			for _, f := range ids {
				e.CustomFieldValue.Create().SetCompanyID(w.company.ID).SetContactID(of.ID).SetCustomFieldID(f).SetValue(strings.Repeat("x", bytes)).SaveX(w.system)
			}
			rows = append(rows, run.Layout.Read(&csvfile.Record{Row: c + 1, Fields: 2, Cells: []string{email, "changed"}}))
		}
		b, _ := k.Read(run, rows).(*batch)
		w.inTx(func(ctx context.Context, tx *database.Tx) error {
			_, err := b.load(ctx, tx, rows)
			if much, ok := err.(*kind.TooMuch); !ok || much.Rows != 10 {
				t.Errorf("thirty rows at once: %v, want too much of which ten are not", err)
			}
			head, _ := b.Cut(10)
			p, err := head.(*batch).load(ctx, tx, rows[:10])
			if err != nil {
				return err
			}
			read := 0
			for _, c := range p.own.contacts {
				for _, v := range c.values {
					read += len(v)
				}
			}
			if read != 10*bytes {
				t.Errorf("%d bytes of values are read, want those of the file's own field", read)
			}
			return nil
		})
	})
}
