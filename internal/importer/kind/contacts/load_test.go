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

// world is a company with an administrator.
type world struct {
	*testenv.World
	company       *ent.Company
	by            viewer.Viewer
	project, desk id.ID // the defaults
}

func inWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testenv.Worlds(t, func(t *testing.T, tenants *testenv.World) {
		w := &world{World: tenants, company: tenants.Company("Plain")}
		w.project = w.DB.Ent().Project.Query().OnlyIDX(w.System)
		w.desk = w.DB.Ent().Desk.Query().OnlyIDX(w.System)
		w.by = w.Viewer(w.User(w.company, "a@x.example", enum.Admin).ID)
		test(t, w)
	})
}

// inTx runs a part of a test in a transaction.
func (w *world) inTx(fn func(ctx context.Context, tx *database.Tx) error) {
	w.T.Helper()
	w.Must(w.DB.InTx(w.System, fn))
}

// I13: a batch may name any number of companies: more than a statement has parameters.
func TestABatchNamesTensOfThousandsOfCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		other := w.Company("Other")
		cells := []string{w.company.ID.String(), other.ID.String()}
		for len(cells) < 70_000 {
			cells = append(cells, id.New(id.Company).String())
		}
		run := &kind.Run{Company: w.company.ID, By: w.by}
		w.inTx(func(ctx context.Context, tx *database.Tx) error {
			p := &snapshot{bulk: New(w.DB, nil, Options{}).bulk, parsed: parsed{columns: &columnIndex{}}, others: map[string]*tenant{}, byID: map[id.ID]*tenant{}}
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
			return p.loadContacts(ctx, tx, run, want, false)
		})
	})
}

// Of what is stored a batch reads the values of the fields that its file has, and no more of
// them at once than it may.
func TestABatchReadsNoMoreThanItMay(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const contacts, fields, bytes = 30, 3, 1_000
		e := w.DB.Ent()
		var ids []id.ID
		for f := range fields {
			name := fmt.Sprint("note", f)
			ids = append(ids, e.CustomField.Create().SetCompanyID(w.company.ID).SetVariableName(name).SetVariableKey(name).SetName(name).SetType(enum.Text).SaveX(w.System).ID)
		}
		file := csvfile.Format{Header: []string{"email", "note0"}, Columns: 2}
		run := &kind.Run{Company: w.company.ID, By: w.by}
		k := New(w.DB, nil, Options{StoredBytes: 10 * bytes})
		custom, err := k.CustomColumns(w.System, w.company.ID)
		if err != nil {
			t.Fatal(err)
		}
		layout, problem := sheet.Match(sheet.NewVocabulary(k.Name(), k.Columns(), custom, k.Missing), file, nil, enum.RefuseUnknown)
		if problem != nil {
			t.Fatal(problem)
		}
		run.Layout = layout
		var rows []sheet.Row
		for c := range contacts {
			email := fmt.Sprintf("c%d@x.example", c)
			of := e.Contact.Create().SetCompanyID(w.company.ID).SetProjectID(w.project).SetDeskID(w.desk).SetEmail(email).SetEmailKey(email).
				SetFirstName("Ann").SetFirstNameKey("ann").SetUsername(email).SetUsernameKey(email).SaveX(w.System)
			for _, f := range ids {
				e.CustomFieldValue.Create().SetCompanyID(w.company.ID).SetContactID(of.ID).SetCustomFieldID(f).SetValue(strings.Repeat("x", bytes)).SaveX(w.System)
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
