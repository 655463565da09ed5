package importer

import (
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/notification"
	"tenantry/internal/progress"
	"tenantry/internal/testenv"
)

const mixed = three +
	"Acme,a@b.example,tom@partner.example\n" +
	"Beta,a@b.example,tom@partner.example\n" +
	"Gamma,a@b.example,maria@partner.example\n" +
	"acme,a@b.example,tom@partner.example\n" +
	"Plain,a@b.example,tom@partner.example\n" +
	",nobody,nobody\n" +
	"Delta,nobody,tom@partner.example\n"

func TestJ7TheEndIsToldOnceWithNumbersAndReasons(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		toMaria, toTom := e.events.Subscribe(progress.UserTopic(w.maria.ID)), e.events.Subscribe(progress.UserTopic(w.tom.ID))
		defer toMaria.Close()
		defer toTom.Close()
		run := w.start(e, mixed)
		w.work(e)
		<-toMaria.C()
		<-toTom.C()
		n := w.DB.Ent().Notification.Query().Where(notification.UserID(w.maria.ID)).OnlyX(w.System)
		if n.Kind != enum.ImportFinished || *n.ImportRunID != run.ID || *n.CompanyID != w.partner.ID || n.ReadAt != nil {
			t.Errorf("%+v", n)
		}
		testenv.Equal(t, "the title", n.Title, "Import of customers.csv: 3 of 7 rows imported")
		testenv.Equal(t, "the body", n.Body, strings.Join([]string{
			"Into Partner: 3 rows imported (3 created, 0 updated, 0 unchanged), 4 not (2 skipped, 2 failed).",
			"Imported: Acme, Beta and Gamma.",
			"Not imported: acme (row 4), Plain (row 5), row 6 and 1 more row.",
			"exists already (ALREADY_EXISTS): 1",
			"the same name as an earlier row (DUPLICATE_IN_FILE): 1",
			"no email address (INVALID_EMAIL): 2",
			"a needed value is missing (REQUIRED): 1",
			"no active user of the company has this email (UNKNOWN_PARTNER_ADMIN): 1",
		}, "\n"))
		// One a person, not one a row; the importer knows.
		added := w.DB.Ent().Notification.Query().Where(notification.UserID(w.tom.ID)).OnlyX(w.System)
		if added.Kind != enum.PartnerAdminAdded || *added.ImportRunID != run.ID {
			t.Errorf("%+v", added)
		}
		testenv.Equal(t, "tom's", added.Title+" / "+added.Body,
			"You are partner admin of 2 new customers / Ada Lovelace imported customers.csv and named you as partner admin of Acme and Beta.")
	})
}

// J10: a dry run does everything but write: the same counts, issues, rejects and news.
func TestJ10ADryRunSaysWhatTheRealRunDoesAndWritesNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		tables := []string{"companies", "projects", "desks", "partner_admins", "import_keys", "users"}
		rows := func() (n []int) {
			for _, table := range tables {
				var count int
				w.Must(w.DB.SQL().QueryRow(`SELECT count(*) FROM ` + table).Scan(&count))
				n = append(n, count)
			}
			return n
		}
		before, scratch := rows(), 0
		run := w.start(e, mixed, dry)
		e.hook(hooked{between: func(int) { scratch = max(scratch, w.scratch(run.ID)) }})
		w.work(e)
		if after := rows(); !slices.Equal(after, before) {
			t.Errorf("%v had %v rows, then %v", tables, before, after)
		}
		if scratch == 0 {
			t.Error("there was no scratch on the way")
		}
		testenv.Equal(t, "tom's notifications", len(w.notes(w.tom.ID, enum.PartnerAdminAdded)), 0)
		testenv.Equal(t, "maria's", w.notes(w.maria.ID, enum.ImportFinished), []string{
			"Dry run of customers.csv: 3 of 7 rows would have been imported: Into Partner: 3 rows would have been imported (3 created, 0 updated, 0 unchanged), 4 not (2 skipped, 2 failed). It was a dry run: nothing was written.",
		})
		tried := w.state(run.ID)
		real, issues := w.imported(mixed)
		testenv.Equal(t, "counts", counts(tried), counts(real))
		testenv.Equal(t, "issues", w.issues(run.ID), issues)
		testenv.Equal(t, "rejects", w.rejects(tried), w.rejects(real))
		testenv.Equal(t, "scratch", w.scratch(real.ID), 0)
	})
}

// R1, J3: a file whose rows all fail is COMPLETED, a name's row or not.
func TestR1AFileWhoseRowsAllFailIsCompleted(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, issues := w.imported(three + "=x,a@b.example,tom@partner.example\n,nobody,\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+0+0+0+2 of 2")
		testenv.Equal(t, "issues", issues, []string{"1:name:UNSAFE_CONTENT", "2:name:REQUIRED", "2:contact_email:INVALID_EMAIL", "2:partner_admin_email:REQUIRED"})
	})
}

// J3: who was named and is gone since does not keep the import from ending.
func TestJ7APartnerAdminWhoWasDeletedMeanwhileIsNotTold(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 1})
		run := w.start(e, three+"A,a@b.example,tom@partner.example\nB,a@b.example,maria@partner.example\n")
		e.hook(hooked{between: func(turn int) {
			if turn == 1 {
				w.Exec(`DELETE FROM users WHERE id = $1`, w.tom.ID)
			}
		}})
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 2+0+0+0+0 of 2")
	})
}

// What a person reads at the end says how much came in, and each reason in words.
func TestJ7TitlesAndReasonsAreInWords(t *testing.T) {
	run := func(status enum.ImportStatus, dry bool, created, skipped, failed, total int) *ent.ImportRun {
		return &ent.ImportRun{FileName: "a.csv", Status: status, DryRun: dry, CreatedCount: created, SkippedCount: skipped, FailedCount: failed, TotalRows: total}
	}
	for want, r := range map[string]*ent.ImportRun{
		"Import of a.csv: nothing imported, its one row failed":                       run(enum.Completed, false, 0, 0, 1, 1),
		"Import of a.csv: nothing imported, all 3 rows failed":                        run(enum.Completed, false, 0, 0, 3, 3),
		"Import of a.csv: nothing imported, all 3 rows skipped":                       run(enum.Completed, false, 0, 3, 0, 3),
		"Import of a.csv: nothing imported of 3 rows, 1 skipped and 2 failed":         run(enum.Completed, false, 0, 1, 2, 3),
		"Import of a.csv: its one row imported":                                       run(enum.Completed, false, 1, 0, 0, 1),
		"Import of a.csv: 2 of 3 rows imported":                                       run(enum.Completed, false, 2, 0, 1, 3),
		"Import of a.csv: all 3 rows imported":                                        run(enum.Completed, false, 3, 0, 0, 3),
		"Import of a.csv stopped: nothing imported":                                   run(enum.Failed, false, 0, 0, 0, 3),
		"Import of a.csv stopped: nothing imported of 3 rows, 0 skipped and 1 failed": run(enum.Failed, false, 0, 0, 1, 3),
		"Import of a.csv was canceled: 1 of 3 rows imported":                          run(enum.Canceled, false, 1, 0, 0, 3),
		"Import of a.csv was canceled: nothing imported":                              run(enum.Canceled, false, 0, 0, 0, 3),
		"Dry run of a.csv: all 3 rows would have been imported":                       run(enum.Completed, true, 3, 0, 0, 3),
		"Dry run of a.csv: nothing would have been imported, all 3 rows failed":       run(enum.Completed, true, 0, 0, 3, 3),
		"Dry run of a.csv was canceled: 1 of 3 rows would have been imported":         run(enum.Canceled, true, 1, 0, 0, 3),
	} {
		testenv.Equal(t, "the title", title(r), want)
	}
	for _, code := range enum.IssueCode("").Values() {
		if reasonOf[enum.IssueCode(code)] == "" {
			t.Errorf("%s has no words", code)
		}
	}
	testenv.Equal(t, "the codes in words", len(reasonOf), len(enum.IssueCode("").Values()))
}

// What is told names the companies that it is about: the first three, and how many more.
func TestJ7PartnerAdminsAreToldWhichCustomers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		w.start(e, three+"Eta,a@b.example,tom@partner.example\nBeta,a@b.example,tom@partner.example\nDelta,a@b.example,tom@partner.example\n"+
			"Acme,a@b.example,tom@partner.example\nZeta,a@b.example,tom@partner.example\n")
		w.work(e)
		testenv.Equal(t, "tom's", w.notes(w.tom.ID, enum.PartnerAdminAdded), []string{
			"You are partner admin of 5 new customers: Ada Lovelace imported customers.csv and named you as partner admin of Eta, Beta, Delta and 2 more customers.",
		})
	})
}

// J7: what is told names the people that it is about, the first three and how many more, however the
// rows were batched; a cell that is shown nowhere names nobody.
func TestJ7TheEndNamesTheFirstPeople(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		w.of(e, w.maria, enum.Contacts, w.partner, "first_name,email\nAnn,ann@ex.test\n,bob@ex.test\nCem,cem@ex.test\nDag,dag@ex.test\nEva,\n=1+1,fay@ex.test\nGus,nobody\nHal,hal@ex.test\n")
		w.work(e)
		n := w.DB.Ent().Notification.Query().Where(notification.UserID(w.maria.ID)).OnlyX(w.System)
		if !strings.Contains(n.Body, "\nImported: ann@ex.test, cem@ex.test, dag@ex.test and 1 more contact.\n"+
			"Not imported: bob@ex.test (row 2), Eva (row 5), fay@ex.test (row 6) and 1 more row.\n") {
			t.Error(n.Body)
		}
	})
}
