package importer

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/project"
	"tenantry/internal/contacts"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/input"
	"tenantry/internal/testenv"
)

// referencesOf are the names of what the company's contacts may refer to.
func (w *world) referencesOf(c *ent.Company) (names []string) {
	w.T.Helper()
	e := w.DB.Ent()
	for _, l := range e.Label.Query().Where(label.CompanyID(c.ID), label.DeletedAtIsNil()).Order(ent.Asc(label.FieldName)).AllX(w.System) {
		names = append(names, "label "+l.Name+" "+l.ID.String())
	}
	for _, p := range e.Project.Query().Where(project.CompanyID(c.ID), project.DeletedAtIsNil()).Order(ent.Asc(project.FieldName)).AllX(w.System) {
		names = append(names, "project "+p.Name+" "+p.ID.String())
	}
	for _, d := range e.Desk.Query().Where(desk.CompanyID(c.ID), desk.DeletedAtIsNil()).Order(ent.Asc(desk.FieldName)).AllX(w.System) {
		names = append(names, "desk "+d.Name+" "+d.ID.String())
	}
	return names
}

// namesOf are those without their ids.
func (w *world) namesOf(c *ent.Company) string {
	var names []string
	for _, r := range w.referencesOf(c) {
		names = append(names, r[:strings.LastIndex(r, " ")])
	}
	return strings.Join(names, " ")
}

// J14, R5: the labels, projects and desks that an import has made for its rows are deleted by its undo, unless somebody
// has used them since, and made again by the undo of that.
func TestJ14WhatRowsNamedIsDeletedAndMadeAgain(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.Exec(`DELETE FROM contacts`)
		for _, table := range []string{"labels", "projects", "desks"} { // of the batches before
			w.Exec(`DELETE FROM ` + table + ` WHERE name IN ('L', 'M', 'Mine', 'P', 'Q', 'D')`)
		}
		w.contactsOf(w.outside, w.plain, "email,first_name\nann@x.example,Ann\nbob@x.example,Bob\n", Options{})
		before, had := w.whole(w.plain), w.referencesOf(w.plain)
		all := asked(sheet.Options{CreateMissing: []enum.ImportReference{enum.LabelReferences, enum.ProjectReferences, enum.DeskReferences}})
		run, _ := w.contactsOf(w.outside, w.plain, "email,first_name,labels,project,desk\nann@x.example,,L,P,D\nnew@x.example,New,,,\nnew@x.example,New,L:M,Q,D\n"+
			"new@x.example,Newer,,,\n", o, all) // which is what the undo goes by
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+3+0+0+0 of 4")
		after, has := w.whole(w.plain), w.referencesOf(w.plain)
		undo, _ := w.undone(o, w.outside, run, w.plain)
		testenv.Equal(t, "the contacts", w.whole(w.plain), before)
		testenv.Equal(t, "references", w.referencesOf(w.plain), had)
		redo, _ := w.undone(o, w.outside, undo, w.plain)
		testenv.Equal(t, "the contacts, done again", w.whole(w.plain), after)
		testenv.Equal(t, "references, done again", w.referencesOf(w.plain), has)
		undo, _ = w.undone(o, w.outside, redo, w.plain)
		testenv.Equal(t, "the contacts, undone again", w.whole(w.plain), before)
		testenv.Equal(t, "references, undone again", w.referencesOf(w.plain), had)

		// What has the name of another by now is not made again; what somebody uses or has changed is kept.
		_, err := w.byHand().CreateLabel(w.As(w.outside), nil, "L")
		w.Must(err)
		w.undone(o, w.outside, undo, w.plain)
		testenv.Equal(t, "names, made again", w.namesOf(w.plain), "label L label M project P project Q project default desk D desk default")
		q := w.DB.Ent().Project.Query().Where(project.Name("Q"), project.DeletedAtIsNil()).OnlyIDX(w.System)
		w.change(w.outside, "bob@x.example", contacts.ContactChange{ProjectID: input.Given(&q)})
		m := w.DB.Ent().Label.Query().Where(label.Name("M"), label.DeletedAtIsNil()).OnlyIDX(w.System)
		_, err = w.byHand().UpdateLabel(w.As(w.outside), m, "Mine")
		w.Must(err)
		w.undone(o, w.outside, run, w.plain)
		testenv.Equal(t, "names, kept", w.namesOf(w.plain), "label L label Mine project Q project default desk default")
	})
}
