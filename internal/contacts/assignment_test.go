package contacts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/contacts"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
)

func yes() input.Field[bool] { return input.Field[bool]{Set: true, Value: new(true)} }

// Rule K4: one is the default, always; only another can be made it.
func TestTheDefault(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first, err := w.DB.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID)).Only(w.System)
		w.Must(err)
		second := w.project(w.sato, w.alpha, "second")
		for what, field := range map[string]input.Field[bool]{"false": {Set: true, Value: new(false)}, "null": {Set: true}} {
			_, err := w.UpdateProject(w.sato, first.ID, contacts.AssignmentChange{IsDefault: field})
			w.Refused(what, err, fault.Invalid, "input.isDefault")
		}
		w.Refused("the default's deletion", w.DeleteProject(w.sato, first.ID), fault.FailedPrecondition, "input.id")
		changed, err := w.UpdateProject(w.sato, second.ID, contacts.AssignmentChange{IsDefault: yes(), Name: input.Field[string]{Set: true, Value: new("new")}})
		w.Must(err)
		if !changed.IsDefault || changed.Name != "new" || w.defaults(w.alpha.ID) != "new" {
			t.Errorf("the default is %s, and the changed one %+v", w.defaults(w.alpha.ID), changed)
		}
		if _, err := w.UpdateProject(w.sato, second.ID, contacts.AssignmentChange{IsDefault: yes()}); err != nil {
			t.Errorf("made the default again: %v", err)
		}
		if kim := w.contact("kim@x.example"); kim.ProjectID != second.ID {
			t.Error("a new contact is not in the new default")
		}
		w.Must(w.DeleteProject(w.sato, first.ID))
	})
}

// defaults names the company's default projects.
func (w *world) defaults(companyID id.ID) string {
	w.T.Helper()
	all, err := w.DB.Ent().Project.Query().Where(project.CompanyID(companyID), project.IsDefault(true)).All(w.System)
	w.Must(err)
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return sorted(names)
}

// Rules K4, I14: external ids of projects and of desks are unique in the company and among
// their kind, and are neither what files call the default by nor the id of another one.
func TestExternalIDs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		create := func(as context.Context, company id.ID, external string) (id.ID, error) {
			p, err := w.CreateProject(as, contacts.NewAssignment{CompanyID: &company, Name: "p", ExternalID: &external})
			if err != nil {
				return id.ID{}, err
			}
			return p.ID, nil
		}
		one, err := create(w.sato, w.alpha.ID, " A ")
		w.Must(err)
		_, err = create(w.sato, w.alpha.ID, "A")
		w.Refused("the same", err, fault.AlreadyExists, "input.externalId")
		for _, other := range []string{"a", "B"} {
			_, err = create(w.sato, w.alpha.ID, other)
			w.Must(err)
		}
		_, err = create(w.rita, w.rival.ID, "A")
		w.Must(err)
		_, err = w.CreateDesk(w.sato, contacts.NewAssignment{CompanyID: &w.alpha.ID, Name: "d", ExternalID: new("A")})
		w.Must(err)
		_, err = create(w.sato, w.alpha.ID, "Default")
		w.Refused("Default", err, fault.Invalid, "input.externalId")
		_, err = create(w.sato, w.alpha.ID, one.String())
		w.Refused("another's id", err, fault.AlreadyExists, "input.externalId")
		_, err = create(w.rita, w.rival.ID, one.String())
		w.Must(err) // there it is nobody's
		for _, any := range []string{id.New(id.Project).String(), id.New(id.Contact).String(), strings.ToUpper(id.New(id.Project).String())} {
			other, err := create(w.sato, w.alpha.ID, any)
			w.Must(err)
			_, err = w.UpdateProject(w.sato, other, contacts.AssignmentChange{ExternalID: input.Field[string]{Set: true, Value: new(one.String())}})
			w.Refused("another's id, later", err, fault.AlreadyExists, "input.externalId")
			_, err = w.UpdateProject(w.sato, other, contacts.AssignmentChange{ExternalID: input.Field[string]{Set: true, Value: new(other.String())}})
			w.Must(err) // its own says nothing else
			_, err = w.CreateDesk(w.sato, contacts.NewAssignment{CompanyID: &w.alpha.ID, Name: "d", ExternalID: &any})
			w.Must(err)
		}
		changed, err := w.UpdateProject(w.sato, one, contacts.AssignmentChange{ExternalID: input.Field[string]{Set: true}})
		w.Must(err)
		if changed.ExternalID != nil || changed.Name != "p" {
			t.Errorf("cleared, it is %+v", changed)
		}
		_, err = w.UpdateProject(w.sato, one, contacts.AssignmentChange{ExternalID: input.Field[string]{Set: true, Value: new("B")}})
		w.Refused("another's", err, fault.AlreadyExists, "input.externalId")
	})
}

// Rule K4: many make different ones the default at once, while others delete: there is
// exactly one in the end, and at every moment.
func TestOneDefaultUnderConcurrency(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const many = 6
		var all []id.ID
		for i := range many {
			all = append(all, w.project(w.sato, w.alpha, fmt.Sprint(i)).ID)
		}
		var work sync.WaitGroup
		for i := range 2 * many {
			work.Go(func() {
				_, err := w.UpdateProject(w.sato, all[i%many], contacts.AssignmentChange{IsDefault: yes()})
				if err != nil && !fault.Is(err, fault.NotFound) {
					t.Errorf("making %d the default: %v", i%many, err)
				}
			})
			work.Go(func() {
				err := w.DeleteProject(w.sato, all[i%many])
				if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.FailedPrecondition) {
					t.Errorf("deleting %d: %v", i%many, err)
				}
			})
			work.Go(func() {
				if n, err := w.DB.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID), project.IsDefault(true)).Count(w.System); n != 1 || err != nil {
					t.Errorf("there are %d defaults (%v)", n, err)
				}
			})
		}
		work.Wait()
		if n, err := w.DB.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID), project.IsDefault(true)).Count(w.System); n != 1 || err != nil {
			t.Errorf("in the end there are %d defaults (%v)", n, err)
		}
	})
}

// Rule K4: whoever stands in a project when it is deleted, or comes while it is, is in the
// default one afterwards; nobody is lost, and nobody is told of a database's constraint.
func TestDeletingMovesContacts(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		doomed, spared := w.project(w.sato, w.alpha, "doomed"), w.project(w.sato, w.alpha, "spared")
		in := func(p id.ID) func(*contacts.NewContact) { return func(c *contacts.NewContact) { c.ProjectID = &p } }
		for i := range 3 {
			w.contact(fmt.Sprintf("before%d@x.example", i), in(doomed.ID))
		}
		w.contact("spared@x.example", in(spared.ID))
		var work sync.WaitGroup
		made := make([]error, 12)
		for i := range made {
			work.Go(func() {
				c := kim(fmt.Sprintf("during%d@x.example", i))
				c.CompanyID, c.ProjectID = &w.alpha.ID, &doomed.ID
				_, made[i] = w.CreateContact(w.sato, c)
			})
		}
		work.Go(func() { w.Must(w.DeleteProject(w.sato, doomed.ID)) })
		work.Wait()
		w.Must(w.Purge(w.System)) // whoever came while it was deleted
		want := 4
		for _, err := range made {
			if err == nil {
				want++
			} else {
				w.Refused("created in a project that is gone", err, fault.NotFound, "input.projectId")
			}
		}
		standard, err := w.DB.Ent().Project.Query().Where(project.CompanyID(w.alpha.ID), project.IsDefault(true)).OnlyID(w.System)
		w.Must(err)
		all, err := w.DB.Ent().Contact.Query().Where(contact.CompanyID(w.alpha.ID)).All(w.System)
		w.Must(err)
		for _, c := range all {
			if c.ProjectID != standard && c.Email != "spared@x.example" {
				t.Errorf("%s is in %v", c.Email, c.ProjectID)
			}
		}
		if len(all) != want {
			t.Errorf("there are %d contacts, want %d", len(all), want)
		}
	})
}

// Of many that want the same email, external id, label or variable name at once one gets it.
func TestUniqueUnderConcurrency(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		for what, create := range map[string]func(i int) error{
			"an email": func(i int) error {
				in := kim([]string{"kim@x.example", "KIM@x.example"}[i%2])
				in.CompanyID = &w.alpha.ID
				_, err := w.CreateContact(w.sato, in)
				return err
			},
			"an external id": func(i int) error {
				in := kim(fmt.Sprintf("lou%d@x.example", i))
				in.CompanyID, in.ExternalID = &w.alpha.ID, new("1")
				_, err := w.CreateContact(w.sato, in)
				return err
			},
			"a label": func(int) error { _, err := w.CreateLabel(w.sato, &w.alpha.ID, "VIP"); return err },
			"a variable name": func(i int) error {
				_, err := w.CreateCustomField(w.sato, contacts.NewCustomField{
					CompanyID: &w.alpha.ID, VariableName: []string{"shoe size", "Shoe_Size"}[i%2], Name: "size", Type: "TEXT",
				})
				return err
			},
		} {
			errs := atOnce(8, create)
			done := 0
			for _, err := range errs {
				if err == nil {
					done++
				} else if !fault.Is(err, fault.AlreadyExists) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if done != 1 {
				t.Errorf("%s was given %d times: %v", what, done, errors.Join(errs...))
			}
		}
	})
}

// atOnce calls do with 0 … n-1 at once.
func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var work sync.WaitGroup
	for i := range n {
		work.Go(func() { errs[i] = do(i) })
	}
	work.Wait()
	return errs
}
