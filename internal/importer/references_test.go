package importer

import (
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/testenv"
)

// K2–K4, R4: what was deleted and is still referred to is not there for files: contacts are in
// the default project and desk, are unchanged by a file that says so, and go there with
// whatever else changes; its name, label and column are unknown.
func TestFilesDoNotSeeWhatWasDeleted(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "gone", []string{"VIP"}, "TEXT:size")
		_, issues := w.contactsOf(w.outside, w.plain, "email,first_name,project,desk,labels,size\nann@example.org,Ann,gone,gone,VIP,42\nbob@example.org,Bob,gone,gone,,\n", Options{})
		testenv.Equal(t, "issues", issues, "")
		for _, table := range []string{"projects WHERE NOT is_default", "desks WHERE NOT is_default", "labels WHERE TRUE", "custom_fields WHERE TRUE"} {
			name, where, _ := strings.Cut(table, " ")
			w.Exec(`UPDATE `+name+` SET deleted_at = $1 `+where, time.Now().UTC())
		}
		run, issues := w.contactsOf(w.outside, w.plain, "email,first_name,project,desk\nann@example.org,Ann,default,default\nbob@example.org,Rob,,\n", Options{})
		testenv.Equal(t, "counts", counts(run)+issues, "COMPLETED 0+1+1+0+0 of 2")
		testenv.Equal(t, "the contacts", w.listed(w.plain.ID), []string{
			"ann@example.org|Ann|||ann||gone|gone|true|PERSONAL|VIP|size=42", // until it is cleared
			"bob@example.org|Rob|||bob||default|default|true|PERSONAL||",
		})
		_, issues = w.contactsOf(w.outside, w.plain, "email,first_name,project,desk,labels\nann@example.org,Ann,gone,gone,VIP\n", Options{})
		testenv.Equal(t, "issues", issues, "1:project:UNKNOWN_PROJECT 1:desk:UNKNOWN_DESK 1:labels:UNKNOWN_LABEL")
		if _, err := w.tryStart(w.engine(Options{}), w.outside, "email,size\nann@example.org,43\n", func(in *StartInput) { in.Kind = enum.Contacts }); err == nil {
			t.Error("a deleted custom field is a column")
		}
	})
}
