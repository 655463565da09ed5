package contacts_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/testenv"
)

// doomed are one of each kind, of alpha, to which contacts refer.
type doomed struct {
	project *ent.Project
	desk    *ent.Desk
	label   *ent.Label
	field   *ent.CustomField
	of      []id.ID // the contacts
}

// doomed makes them, with so many contacts from that number on.
func (w *world) doomed(from, n int) (d doomed) {
	w.T.Helper()
	var err error
	d.project, err = w.CreateProject(w.sato, contacts.NewAssignment{CompanyID: &w.alpha.ID, Name: "doomed", ExternalID: new("P")})
	w.Must(err)
	d.desk, err = w.CreateDesk(w.sato, contacts.NewAssignment{CompanyID: &w.alpha.ID, Name: "doomed", ExternalID: new("D")})
	w.Must(err)
	d.label, d.field = w.label(w.sato, w.alpha, "VIP"), w.field(w.sato, w.alpha, "size", enum.Text)
	people := rows(w.alpha.ID, d.project.ID, d.desk.ID, from, n)
	labels := database.Batch{Table: "contact_labels", Columns: []string{"company_id", "contact_id", "label_id"}}
	values := database.Batch{Table: "custom_field_values", Columns: []string{"company_id", "contact_id", "custom_field_id", "value"}}
	for _, row := range people.Rows {
		of := row[0].(id.ID)
		d.of = append(d.of, of)
		labels.Rows = append(labels.Rows, []any{w.alpha.ID, of, d.label.ID})
		values.Rows = append(values.Rows, []any{w.alpha.ID, of, d.field.ID, "42"})
	}
	w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
		for _, b := range []database.Batch{people, labels, values} {
			if _, err := database.Load(ctx, tx, b); err != nil {
				return err
			}
		}
		return nil
	}))
	return d
}

// remove deletes all four.
func (w *world) remove(d doomed) {
	w.T.Helper()
	w.Must(w.DeleteProject(w.sato, d.project.ID))
	w.Must(w.DeleteDesk(w.sato, d.desk.ID))
	w.Must(w.DeleteLabel(w.sato, d.label.ID))
	w.Must(w.DeleteCustomField(w.sato, d.field.ID))
}

// refer counts what refers to them, and their own rows.
func (w *world) refer(d doomed) (references, records int) {
	w.T.Helper()
	count := func(query string, of id.ID) (n int) {
		w.Must(w.DB.SQL().QueryRowContext(w.System, query, of).Scan(&n))
		return n
	}
	references = count(`SELECT COUNT(*) FROM contacts WHERE project_id = $1`, d.project.ID) +
		count(`SELECT COUNT(*) FROM contacts WHERE desk_id = $1`, d.desk.ID) +
		count(`SELECT COUNT(*) FROM contact_labels WHERE label_id = $1`, d.label.ID) +
		count(`SELECT COUNT(*) FROM custom_field_values WHERE custom_field_id = $1`, d.field.ID)
	records = count(`SELECT COUNT(*) FROM projects WHERE id = $1`, d.project.ID) + count(`SELECT COUNT(*) FROM desks WHERE id = $1`, d.desk.ID) +
		count(`SELECT COUNT(*) FROM labels WHERE id = $1`, d.label.ID) + count(`SELECT COUNT(*) FROM custom_fields WHERE id = $1`, d.field.ID)
	return references, records
}

// Rules K2–K4: what many contacts refer to is gone with the answer, whatever is still to be
// cleared: it is in no list, what it was called is free, its contacts are in the default one
// and without the label and the value, for filters too; and the rest is cleared behind.
func TestADeletionOfMuchIsOverWithItsAnswer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const many = 2_500
		d := w.doomed(0, many)
		w.remove(d)
		if references, records := w.refer(d); references == 0 || records != 4 {
			t.Fatalf("%d references and %d records are left: there is nothing to look at", references, records)
		}
		last := d.of[many-1] // as many are cleared already

		w.Refused("the project again", w.DeleteProject(w.sato, d.project.ID), fault.NotFound, "input.id")
		w.Refused("the desk again", w.DeleteDesk(w.sato, d.desk.ID), fault.NotFound, "input.id")
		w.Refused("the label again", w.DeleteLabel(w.sato, d.label.ID), fault.NotFound, "input.id")
		w.Refused("the field again", w.DeleteCustomField(w.sato, d.field.ID), fault.NotFound, "input.id")
		_, err := w.UpdateProject(w.sato, d.project.ID, contacts.AssignmentChange{IsDefault: yes()})
		w.Refused("made the default", err, fault.NotFound, "input.id")
		if n, err := w.DB.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID)).Count(w.sato); err != nil || n != 1 {
			t.Errorf("there are %d projects (%v)", n, err)
		}

		// In the default one, and found there; not by what is gone.
		projects, err := w.Projects(w.sato, d.of)
		w.Must(err)
		if len(projects) != 0 {
			t.Errorf("%d projects have the ids of contacts", len(projects))
		}
		projects, err = w.Projects(w.sato, []id.ID{d.project.ID})
		w.Must(err)
		desks, err := w.Desks(w.carl, []id.ID{d.desk.ID})
		w.Must(err)
		p, s := projects[d.project.ID], desks[d.desk.ID]
		if p == nil || !p.IsDefault || s == nil || !s.IsDefault {
			t.Fatalf("in the place of the deleted ones stand %v and %v", p, s)
		}
		if elsewhere, err := w.Projects(w.rita, []id.ID{d.project.ID}); err != nil || len(elsewhere) != 0 {
			t.Errorf("another company sees %v (%v)", elsewhere, err)
		}
		for what, c := range map[string]struct {
			filter contacts.Filter
			want   int
		}{
			"the project":         {contacts.Filter{ProjectID: &d.project.ID}, 0},
			"the desk":            {contacts.Filter{DeskID: &d.desk.ID}, 0},
			"the label":           {contacts.Filter{LabelIDs: []id.ID{d.label.ID}}, 0},
			"the default project": {contacts.Filter{ProjectID: &p.ID}, many},
			"the default desk":    {contacts.Filter{DeskID: &s.ID, ProjectID: &p.ID}, many},
		} {
			q, err := w.list(w.alpha.ID, c.filter)
			w.Must(err)
			if n, err := q.Count(w.sato); err != nil || n != c.want {
				t.Errorf("by %s %d contacts are found (%v), want %d", what, n, err, c.want)
			}
		}

		// What they were called is free; one can refer to them no more.
		again := w.doomed(many, 0) // of the same names
		w.Refused("a contact in it", w.createIn(d.project.ID), fault.NotFound, "input.projectId")
		_, err = w.UpdateContact(w.sato, last, contacts.ContactChange{LabelIDs: input.Field[[]id.ID]{Set: true, Value: &[]id.ID{d.label.ID}}})
		w.Refused("the label", err, fault.NotFound, "input.labelIds")
		changed, err := w.UpdateContact(w.sato, last, contacts.ContactChange{
			FirstName: input.Field[string]{Set: true, Value: new("Ann")},
			LabelIDs:  input.Field[[]id.ID]{Set: true, Value: &[]id.ID{again.label.ID}},
			Values:    input.Field[[]contacts.FieldValue]{Set: true, Value: &[]contacts.FieldValue{{VariableName: "size", Value: new("43")}}},
		})
		w.Must(err)

		// A purge that was interrupted goes on, in any number of processes; twice is no more.
		ended, end := context.WithCancel(w.System)
		end()
		if err := w.Purge(ended); err == nil {
			t.Error("a purge that was to end went on")
		}
		for _, err := range atOnce(3, func(int) error { return w.Purge(w.System) }) {
			w.Must(err)
		}
		w.Must(w.Purge(w.System))
		if references, records := w.refer(d); references+records != 0 {
			t.Errorf("%d references and %d records are left", references, records)
		}
		if l, v := w.belongings(changed.ID); l != "VIP" || !strings.HasSuffix(v, "=43") {
			t.Errorf("the new label and value are %q and %q", l, v)
		}
		if n, err := w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.alpha.ID), contact.ProjectID(p.ID), contact.DeskID(s.ID)).Count(w.System); err != nil || n != many {
			t.Errorf("%d contacts are in the default project and desk (%v), want %d", n, err, many)
		}
	})
}

func (w *world) createIn(of id.ID) error {
	in := kim("late@x.example")
	in.CompanyID, in.ProjectID = &w.alpha.ID, &of
	_, err := w.CreateContact(w.sato, in)
	return err
}

// The answer to a deletion costs as many statements for thousands of contacts as for a few.
func TestADeletionCostsTheSameForMuch(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	testenv.Observed(t, func(string, int) { made.Add(1) }, func(t *testing.T, db *database.DB) {
		w := newWorld(testenv.NewWorld(t, db))
		of := func(from, n int) int64 {
			d := w.doomed(from, n)
			made.Store(0)
			w.remove(d)
			return made.Load()
		}
		few := of(0, 3)
		if much := of(3, 4_000); much > few {
			t.Errorf("%d statements for thousands, %d for a few", much, few)
		}
	})
}

// What somebody holds is cleared later: a deletion and a purge wait for nobody, such as an
// import's batch, and what such a batch still puts there is cleared too.
func TestADeletionWaitsForNobody(t *testing.T) {
	t.Parallel()
	db := testenv.Open(t, database.Postgres) // SQLite has one writer at a time
	w := newWorld(testenv.NewWorld(t, db))
	d := w.doomed(0, 3)
	w.Must(db.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT id FROM contacts WHERE id = $1 FOR UPDATE`, d.of[0]); err != nil {
			return err
		}
		late := rows(w.alpha.ID, d.project.ID, d.desk.ID, 100, 1)
		if _, err := database.Load(ctx, tx, late); err != nil {
			return err
		}
		if _, err := database.Load(ctx, tx, database.Batch{Table: "contact_labels", Columns: []string{"company_id", "contact_id", "label_id"},
			Rows: [][]any{{w.alpha.ID, late.Rows[0][0], d.label.ID}}}); err != nil {
			return err
		}
		w.remove(d)
		w.Must(w.Purge(w.System))
		return nil
	}))
	if references, records := w.refer(d); references == 0 || records == 0 {
		t.Errorf("%d references and %d records are left beside one who holds some", references, records)
	}
	w.Must(w.Purge(w.System))
	if references, records := w.refer(d); references+records != 0 {
		t.Errorf("%d references and %d records are left", references, records)
	}
	if n, err := db.Ent().Contact.Query().Where(contact.HasProjectWith(project.IsDefault(true)), contact.HasDeskWith(desk.IsDefault(true))).Count(w.System); err != nil || n != 4 {
		t.Errorf("%d contacts are in the default ones (%v)", n, err)
	}
	if n, err := db.Ent().Label.Query().Where(label.DeletedAtNotNil()).Count(w.System); err != nil || n != 0 {
		t.Errorf("%d tombstones are left (%v)", n, err)
	}
}
