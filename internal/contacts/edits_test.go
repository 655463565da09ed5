package contacts_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

// edits are those of a contact, the oldest first.
func (w *world) edits(of *ent.Contact) (all []contacts.Edit) {
	w.T.Helper()
	w.Must(w.DB.InTx(w.System, func(ctx context.Context, tx *database.Tx) error {
		all = nil
		return contacts.EachEdit(ctx, tx, []string{of.CompanyID.String()}, []string{of.ID.String()}, func(e contacts.Edit) error {
			all = append(all, e)
			return nil
		})
	}))
	slices.SortFunc(all, func(a, b contacts.Edit) int { return a.WrittenAt.Compare(b.WrittenAt) })
	return all
}

// said is what an edit says it has replaced.
func said(r contacts.Replaced) string {
	var parts []string
	for column, was := range r.Fields {
		parts = append(parts, column+" was "+was)
	}
	for field, was := range r.Values {
		parts = append(parts, field.String()+" was "+was)
	}
	for _, l := range r.Given {
		parts = append(parts, "had not "+l.String())
	}
	for _, l := range r.Taken {
		parts = append(parts, "had "+l.String())
	}
	return strings.Join(slices.Sorted(slices.Values(parts)), ", ")
}

// J14: each field that updateContact changes leaves an edit with what it replaced, and no other one; with
// the edits before it is a chain back to the contact's first state.
func TestJ14EachChangeByHandLeavesWhatItReplaced(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		vip, dup := w.label(w.sato, w.alpha, "VIP"), w.label(w.sato, w.alpha, "dup")
		size := w.field(w.sato, w.alpha, "size", enum.Number)
		project, desk := w.project(w.sato, w.alpha, "Other"), w.desk(w.sato, w.alpha, "Other")
		made := w.contact("kim@x.example", func(in *contacts.NewContact) {
			in.LastName, in.MiddleName, in.ExternalID, in.LabelIDs = new("Archer"), new("M"), new("1"), []id.ID{vip.ID}
			in.Values = []contacts.FieldValue{{VariableName: "size", Value: new("42")}}
		})
		changes := map[string]struct {
			to   any
			want string
		}{
			"Email":      {"new@x.example", "email was kim@x.example"},
			"FirstName":  {"Changed", "first_name was Kim"},
			"MiddleName": {"Changed", "middle_name was M"},
			"LastName":   {"Changed", "last_name was Archer"},
			"Username":   {"Changed", "username was kim"},
			"ExternalID": {"Changed", "id was 1"},
			"ProjectID":  {project.ID, "project was " + made.ProjectID.String()},
			"DeskID":     {desk.ID, "desk was " + made.DeskID.String()},
			"Active":     {false, "active was true"},
			"Type":       {enum.Business, "type was PERSONAL"},
			"LabelIDs":   {[]id.ID{dup.ID}, "had " + vip.ID.String() + ", had not " + dup.ID.String()},
			"Values":     {[]contacts.FieldValue{{VariableName: "size", Value: new("43")}}, size.ID.String() + " was 42"},
		}
		at, n := made.UpdatedAt, 0
		for i := range reflect.TypeFor[contacts.ContactChange]().NumField() {
			name := reflect.TypeFor[contacts.ContactChange]().Field(i).Name
			c, ok := changes[name]
			if !ok {
				t.Errorf("what does a change of %s replace? add it here", name)
				continue
			}
			var change contacts.ContactChange
			given := reflect.ValueOf(&change).Elem().FieldByName(name)
			given.FieldByName("Set").SetBool(true)
			set(given.FieldByName("Value"), c.to)
			changed, err := w.UpdateContact(w.sato, made.ID, change)
			w.Must(err)
			n++
			edits := w.edits(made)
			if len(edits) != n {
				t.Fatalf("%s: %d edits, want %d", name, len(edits), n)
			}
			last := edits[n-1]
			if got := said(last.Replaced); got != c.want {
				t.Errorf("%s: the edit says %q, want %q", name, got, c.want)
			}
			if !last.PreviousAt.Equal(at) || !last.WrittenAt.Equal(changed.UpdatedAt) || !changed.UpdatedAt.After(at) {
				t.Errorf("%s: written at %v after %v; the contact at %v after %v", name, last.WrittenAt, last.PreviousAt, changed.UpdatedAt, at)
			}
			at = changed.UpdatedAt
		}
		null := input.Field[string]{Set: true}
		_, err := w.UpdateContact(w.sato, made.ID, contacts.ContactChange{MiddleName: null, FirstName: input.Given(new("Changed")),
			Values: input.Given(&[]contacts.FieldValue{{VariableName: "size"}})})
		w.Must(err)
		if edits := w.edits(made); said(edits[n].Replaced) != size.ID.String()+" was 43, middle_name was Changed" {
			t.Errorf("of two values that are cleared and one that stays the edit says %q", said(edits[n].Replaced))
		}
	})
}

// J14: a contact that moves because its project or desk is deleted keeps an edit of that, too.
func TestJ14ContactsThatMoveKeepWhereTheyWere(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		project, desk := w.project(w.sato, w.alpha, "Other"), w.desk(w.sato, w.alpha, "Other")
		made := w.contact("kim@x.example", func(in *contacts.NewContact) { in.ProjectID, in.DeskID = &project.ID, &desk.ID })
		w.Must(w.DeleteProject(w.sato, project.ID))
		w.Must(w.DeleteDesk(w.sato, desk.ID))
		w.Must(w.Purge(w.System))
		now, err := w.DB.Ent().Contact.Get(w.System, made.ID)
		w.Must(err)
		edits := w.edits(made)
		if len(edits) != 2 || said(edits[0].Replaced) != "project was "+project.ID.String() || said(edits[1].Replaced) != "desk was "+desk.ID.String() {
			t.Fatalf("the edits are %+v", edits)
		}
		if !edits[0].PreviousAt.Equal(made.UpdatedAt) || !edits[1].PreviousAt.Equal(edits[0].WrittenAt) || !edits[1].WrittenAt.Equal(now.UpdatedAt) {
			t.Errorf("they are no chain: %+v, the contact was made at %v and last written at %v", edits, made.UpdatedAt, now.UpdatedAt)
		}
	})
}

// journals note of what they are asked to keep nothing.
type journals struct{ forgotten []string }

func (j *journals) ForgetRecord(_ context.Context, _ *database.Tx, record id.ID, updatedAt time.Time, edits map[time.Time]time.Time) error {
	chain := []string{record.String()}
	for at := updatedAt; len(chain) <= len(edits)+1; at = edits[at] {
		chain = append(chain, fmt.Sprint(at.UnixMicro()))
	}
	j.forgotten = append(j.forgotten, strings.Join(chain, " "))
	return nil
}

// J14: nothing is kept of a contact that is deleted, and nothing for longer than imports can be undone.
func TestJ14NothingIsKeptOfADeletedContact(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		of := &journals{}
		w.Service = contacts.New(contacts.Parts{DB: w.DB, Companies: w.tenancy, Journals: of})
		made, other := w.contact("kim@x.example"), w.contact("lou@x.example")
		written := []time.Time{made.UpdatedAt}
		for _, name := range []string{"One", "Two"} {
			for _, c := range []*ent.Contact{made, other} {
				changed, err := w.UpdateContact(w.sato, c.ID, contacts.ContactChange{LastName: input.Given(&name)})
				w.Must(err)
				if c == made {
					written = append(written, changed.UpdatedAt)
				}
			}
		}
		w.Must(w.DeleteContact(w.sato, made.ID))
		chain := []string{made.ID.String()}
		for _, at := range slices.Backward(written) {
			chain = append(chain, fmt.Sprint(at.UnixMicro()))
		}
		if want := strings.Join(chain, " "); len(of.forgotten) != 1 || of.forgotten[0] != want {
			t.Errorf("journals were asked to forget %v, want %v", of.forgotten, want)
		}
		if a, b := len(w.edits(made)), len(w.edits(other)); a != 0 || b != 2 {
			t.Errorf("%d edits of the deleted contact, %d of the other", a, b)
		}
		w.Exec(`UPDATE contact_edits SET written_at = `+w.DB.Dialect().NowPlus("$1")+` WHERE written_at = $2`, -31*24*3600, w.edits(other)[0].WrittenAt)
		w.Must(w.Forget(w.System))
		left := w.edits(other)
		if len(left) != 1 || !maps.Equal(left[0].Fields, map[string]string{"last_name": "One"}) {
			t.Errorf("of an old and a new edit are left %+v", left)
		}
	})
}

// The state of each field that is stored makes the same value again.
func TestTheStateOfAFieldMakesItAgain(t *testing.T) {
	t.Parallel()
	full := contacts.Record{
		Email: "Kim@x.example", FirstName: "Kim", MiddleName: "M", LastName: "Ärcher", Username: "kim", ExternalID: "=1", Project: id.New(id.Project), Desk: id.New(id.Desk),
		Active: true, Type: enum.Business, Created: time.Date(2026, 1, 2, 3, 4, 5, 678_000, time.UTC),
	}
	for _, f := range contacts.Fields() {
		if f.Column == "" {
			continue
		}
		for _, r := range []contacts.Record{full, {}} {
			var again contacts.Record
			state := string(f.AppendState([]byte("x"), &r))
			if err := f.SetState(&again, state[1:]); err != nil || state[0] != 'x' || !f.Same(&r, &again) {
				t.Errorf("%s: %q gives %+v, error %v", f.Name, state, again, err)
			}
		}
	}
}
