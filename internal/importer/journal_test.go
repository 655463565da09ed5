package importer

import (
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/importbatch"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/testenv"
)

// batches are the journal of an import.
func (w *world) batches(run id.ID) []*ent.ImportBatch {
	w.T.Helper()
	all, err := w.DB.Ent().ImportBatch.Query().Where(importbatch.ImportRunID(run)).Order(ent.Asc(importbatch.FieldFirstRow)).All(w.System)
	w.Must(err)
	return all
}

// outcomes are the rows of an import's journal, which is to have every row of the file once, and the
// counts of the import, and to name a record wherever one is left (rule J13).
func (w *world) outcomes(run id.ID) []journal.Row {
	w.T.Helper()
	r := w.state(run)
	var rows []journal.Row
	sums := map[string]int{}
	for _, b := range w.batches(run) {
		if b.FirstRow != len(rows)+1 {
			w.T.Errorf("a batch begins with row %d behind %d rows", b.FirstRow, len(rows))
		}
		decoded, err := journal.DecodeOutcomes(b.Outcomes, b.FirstRow, b.Rows)
		w.Must(err)
		rows = append(rows, decoded...)
		sums["created"] += b.CreatedCount
		sums["updated"] += b.UpdatedCount
		sums["unchanged"] += b.UnchangedCount
		sums["skipped"] += b.SkippedCount
		sums["failed"] += b.FailedCount
		if b.Images != nil {
			if r.DryRun || r.Kind == enum.Users {
				w.T.Errorf("images of a %s import, dry run %v", r.Kind, r.DryRun)
			}
			_, _, err := journal.DecodeImages(b.Images, b.Rows)
			w.Must(err)
		}
	}
	testenv.Equal(w.T, "counts of the journal", sums, map[string]int{
		"created": r.CreatedCount, "updated": r.UpdatedCount, "unchanged": r.UnchangedCount, "skipped": r.SkippedCount, "failed": r.FailedCount,
	})
	issues := map[int]bool{}
	for _, i := range w.ledger(run) {
		issues[i.Row] = true
	}
	for i, row := range rows {
		passed := row.Result == journal.Skipped || row.Result == journal.Failed
		changed := row.Result == journal.Created || row.Result == journal.Updated
		switch none := row.Record == (id.ID{}); {
		case row.Number != i+1:
			w.T.Errorf("row %d has the number %d", i+1, row.Number)
		case passed != issues[row.Number]:
			w.T.Errorf("row %d: %v, issues %v", row.Number, row.Result, issues[row.Number])
		case none && !r.DryRun && !passed, !none && row.Result == journal.Failed, !none && r.DryRun && row.Result == journal.Created:
			w.T.Errorf("row %d: %v of the record %v", row.Number, row.Result, row.Record)
		case changed && !r.DryRun && kindOfRecord[r.Kind] != id.KindOf(row.Record):
			w.T.Errorf("row %d is about %v", row.Number, row.Record)
		}
	}
	return rows
}

var kindOfRecord = map[enum.ImportKind]id.Kind{enum.Customers: id.Company, enum.Contacts: id.Contact, enum.Users: id.User}

// became is the rows of a journal, each as line:result:email.
func (w *world) became(run id.ID) string {
	w.T.Helper()
	short := map[journal.Result]string{journal.Created: "C", journal.Updated: "U", journal.Unchanged: "=", journal.Skipped: "S", journal.Failed: "F"}
	var out []string
	for _, r := range w.outcomes(run) {
		who := ""
		if r.Record != (id.ID{}) {
			switch id.KindOf(r.Record) {
			case id.Contact:
				who = w.DB.Ent().Contact.GetX(w.System, r.Record).Email
			case id.User:
				who = w.DB.Ent().User.GetX(w.System, r.Record).Email
			default:
				who = w.DB.Ent().Company.GetX(w.System, r.Record).Name
			}
			who, _, _ = strings.Cut(who, "@")
		}
		out = append(out, fmt.Sprintf("%d:%s:%s", r.Line, short[r.Result], who))
	}
	return strings.Join(out, " ")
}

// J13: what became of each row is kept, and the record, whatever the batches.
func TestJ13RowsOfContacts(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		w.contactsOf(w.outside, w.plain, "email,first_name,id\nold@r.example,Old,\nout@r.example,Out,7\n", o)
		const file = "email,first_name,id\nnew@r.example,\"N\new\",\nold@r.example,Old,\nnobody,X,\nNEW@r.example,Newer,\nold@r.example,Other,\nnewest@r.example,Newest,7\nlast@r.example,Last,\n"
		run, _ := w.contactsOf(w.outside, w.plain, file, o)
		testenv.Equal(t, "the rows", w.became(run.ID), "2:C:NEW 4:=:old 5:F: 6:U:NEW 7:U:old 8:U:newest 9:C:last")
		e := w.engine(o)
		run = w.of(e, w.outside, enum.Contacts, w.plain, strings.ReplaceAll(strings.ReplaceAll(file, "newest", "latest"), "last@", "dry@"), dry)
		w.work(e)
		testenv.Equal(t, "of a dry run", w.became(run.ID), "2:U:NEW 4:U:old 5:F: 6:U:NEW 7:U:old 8:U:newest 9:C:")
	})
}

// J13: users and customers likewise; a company of others is not shown.
func TestJ13RowsOfUsersAndCustomers(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, _ := w.usersOf(w.outside, w.plain, "email,first_name,last_name,password\nann@u.example,Ann,A,secret-7\nann@u.example,Anna,A,\nann@u.example,,,\nmaria@partner.example,M,M,secret-8\nbob@u.example,Bob,B,x\n")
		testenv.Equal(t, "users", w.became(run.ID), "2:C:ann 3:U:ann 4:=:ann 5:F: 6:F:")
		for _, rows := range []int{1, 1000} {
			e := w.engine(Options{BatchRows: rows})
			name := fmt.Sprintf("New %d", rows)
			file := "name\n" + name + "\nOld Customer\nPlain\n" + name + "\nPartner\n\"\a\"\n"
			run = w.start(e, file, dry)
			w.work(e)
			testenv.Equal(t, "customers, dry", w.became(run.ID), "2:C: 3:S:Old Customer 4:S: 5:S: 6:S:Partner 7:F:")
			run = w.start(e, file)
			w.work(e)
			testenv.Equal(t, "customers", w.became(run.ID), "2:C:"+name+" 3:S:Old Customer 4:S: 5:S: 6:S:Partner 7:F:")
		}
	})
}
