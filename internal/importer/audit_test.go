package importer

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// importLog is what a company's log says of imports, in order.
func (w *world) importLog(company id.ID) []string {
	w.T.Helper()
	log := []string{}
	for _, e := range w.DB.Ent().AuditEvent.Query().Where(auditevent.CompanyID(company), auditevent.ActionHasPrefix("import.")).
		Order(ent.Asc(auditevent.FieldAt, auditevent.FieldID)).AllX(w.System) {
		log = append(log, e.Action+" by "+e.ActorName+": "+e.Summary)
	}
	return log
}

func TestJ11AnImportStandsInItsCompanysLogWithOptionsAndCounts(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		clear := "NULL"
		w.of(e, w.maria, enum.Contacts, w.partner, "sep=;\nVorname;email;Fax\nAnn;ann@ex.test;1\n;bob@ex.test;2\n", func(in *StartInput) {
			in.File.Name = "people.csv"
			in.Mappings = []sheet.Mapping{to("Vorname", "first_name"), out("Fax")}
			in.Options.Existing = enum.FillBlanks
			in.Options.ClearWith = &clear
			in.Options.CreateMissing = []enum.ImportReference{enum.LabelReferences, enum.DeskReferences}
		})
		w.work(e)
		testenv.Equal(t, "the log", w.importLog(w.partner.ID), []string{
			`import.started by Ada Lovelace: started an import of contacts from "people.csv": 2 rows, UTF-8 with ";", existing FILL_BLANKS, createMissing LABELS+DESKS, clearWith "NULL", 1 column mapped, 1 column left out`,
			`import.finished by Ada Lovelace: an import of contacts from "people.csv" ended COMPLETED: 1 created, 0 updated, 0 unchanged, 0 skipped, 1 failed of 2 rows`,
		})
	})
}

func TestJ11WhoStopsAnImportStandsInTheLog(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		boss := w.User(w.partner, "boss@partner.example", enum.Admin)
		w.Exec(`UPDATE users SET first_name = 'Grace', last_name = 'Hopper' WHERE id = $1`, boss.ID)
		queued := w.start(e, names(3), dry)
		for range 2 { // the second changes nothing
			_, err := e.Cancel(w.As(boss), queued.ID)
			w.Must(err)
		}
		running := w.start(e, names(3))
		e.hook(hooked{between: func(turn int) {
			for range 2 {
				_, err := e.Cancel(w.As(boss), running.ID)
				w.Must(err)
			}
		}})
		w.work(e)
		log := strings.Join(w.importLog(w.partner.ID), "\n")
		for want, times := range map[string]int{
			`canceled a dry run of an import of customers from "customers.csv"`: 1, `canceled an import of customers from "customers.csv"`: 1,
			`a dry run of an import of customers from "customers.csv" ended CANCELED: 0 created, 0 updated, 0 unchanged, 0 skipped, 0 failed of 3 rows`: 1,
		} {
			if n := strings.Count(log, want); n != times {
				t.Errorf("%q stands %d times in the log, want %d:\n%s", want, n, times, log)
			}
		}
	})
}

// I13, J11: of an import whose rows name other companies the log of its company has no more than
// that it ran, since its administrators do not see it.
func TestI13TheLogTellsNothingOfOtherCompaniesRows(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		w.PartnerAdmin(w.customer, w.maria)
		w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name,company_id\nann@ex.test,Ann,"+w.customer.ID.String()+"\n", func(in *StartInput) { in.File.Name = "secret plan.csv" })
		w.work(e)
		testenv.Equal(t, "the log", w.importLog(w.partner.ID), []string{
			"import.started by Ada Lovelace: started an import of contacts whose rows name other companies",
			"import.finished by Ada Lovelace: an import of contacts whose rows name other companies ended COMPLETED",
		})
		testenv.Equal(t, "the customer's log", w.importLog(w.customer.ID), []string{})
	})
}

// C1, J11: what the log says of an import does not tell which external ids other partners' customers have.
func TestC1TheLogTellsNothingOfOtherPartnersExternalIDs(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		other := w.Company("Other Partner", testenv.Partner)
		w.Company("Theirs", testenv.CustomerOf(other), func(c *ent.CompanyCreate) { c.SetExternalID("T-1") })
		for _, cell := range []string{"T-1", "T-2"} {
			w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name,company_id\nann@ex.test,Ann,"+cell+"\n")
		}
		w.work(e)
		log := w.importLog(w.partner.ID)
		testenv.Equal(t, "the log", log, []string{log[0], log[0], log[2], log[2]})
		if !strings.Contains(log[0], "1 row") || !strings.Contains(log[2], "1 failed") {
			t.Errorf("the log: %q", log)
		}
	})
}
