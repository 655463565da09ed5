package importer

import (
	"context"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// I13: a batch may name any number of companies: more than a statement has parameters.
func TestABatchNamesTensOfThousandsOfCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", nil)
		cells := []string{w.partner.ID.String(), w.plain.ID.String()}
		for len(cells) < 70_000 {
			cells = append(cells, id.New(id.Company).String())
		}
		by := viewer.FromContext(w.as(w.maria))
		w.must(w.db.InTx(w.system, func(ctx context.Context, tx *database.Tx) error {
			p := &books{contactRows: contactRows{columns: &contactColumns{}}, others: map[string]*book{}, byID: map[id.ID]*book{}}
			p.own = p.open(w.plain.ID)
			if err := p.openOthers(ctx, tx, &claim{by: by}, cells); err != nil {
				return err
			}
			if len(p.others) != 1 || p.others[cells[0]] == nil {
				t.Errorf("%d companies are the importer's to manage, want its own", len(p.others))
			}
			for _, cell := range cells[2:] { // as if they were its own
				of, _ := id.Parse(cell, id.Company)
				p.open(of)
			}
			want := &references{projects: cells, desks: cells, emails: cells, ids: cells, externals: cells, labels: true, fields: true}
			for _, look := range []func(context.Context, *database.Tx, *references) error{p.lookForShelves, p.lookForLabels, p.lookForFields} {
				if err := look(ctx, tx, want); err != nil {
					return err
				}
			}
			return p.lookForContacts(ctx, tx, &claim{}, want)
		}))
	})
}

// K2–K4, R4: what was deleted and is still referred to is not there for files: contacts are in
// the default project and desk, are unchanged by a file that says so, and go there with
// whatever else changes; its name, label and column are unknown.
func TestFilesDoNotSeeWhatWasDeleted(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "gone", []string{"VIP"}, "TEXT:size")
		_, issues := w.contactsOf(w.outside, w.plain, "email,first_name,project,desk,labels,size\nann@example.org,Ann,gone,gone,VIP,42\nbob@example.org,Bob,gone,gone,,\n", Options{})
		equal(t, "issues", issues, "")
		for _, table := range []string{"projects WHERE NOT is_default", "desks WHERE NOT is_default", "labels WHERE TRUE", "custom_fields WHERE TRUE"} {
			name, where, _ := strings.Cut(table, " ")
			w.exec(`UPDATE `+name+` SET deleted_at = $1 `+where, time.Now().UTC())
		}
		run, issues := w.contactsOf(w.outside, w.plain, "email,first_name,project,desk\nann@example.org,Ann,default,default\nbob@example.org,Rob,,\n", Options{})
		equal(t, "counts", counts(run)+issues, "COMPLETED 0+1+1+0+0 of 2")
		equal(t, "the books", w.books(w.plain.ID), []string{
			"ann@example.org|Ann|||ann||gone|gone|true|PERSONAL|VIP|size=42", // until it is cleared
			"bob@example.org|Rob|||bob||default|default|true|PERSONAL||",
		})
		_, issues = w.contactsOf(w.outside, w.plain, "email,first_name,project,desk,labels\nann@example.org,Ann,gone,gone,VIP\n", Options{})
		equal(t, "issues", issues, "1:project:UNKNOWN_PROJECT 1:desk:UNKNOWN_DESK 1:labels:UNKNOWN_LABEL")
		if _, err := w.tryStart(w.engine(Options{}), w.outside, "email,size\nann@example.org,43\n", func(in *StartInput) { in.Kind = enum.Contacts }); err == nil {
			t.Error("a deleted custom field is a column")
		}
	})
}
