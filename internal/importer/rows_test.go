package importer

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/viewer"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/testenv"
)

// rowsOf lists rows of the import as number@line OUTCOME email; - where there is no record, gone where there is none any more.
func (w *world) rowsOf(e *Engine, run *ent.ImportRun, q RowsQuery) []string {
	w.T.Helper()
	found, err := e.Rows(w.System, []id.ID{run.ID}, q)
	w.Must(err)
	emails := map[id.ID]string{{}: "-"}
	for _, c := range w.DB.Ent().Contact.Query().Select(contact.FieldID, contact.FieldEmail).AllX(w.System) {
		emails[c.ID] = c.Email
	}
	out := []string{}
	for _, r := range found[run.ID] {
		line := fmt.Sprintf("%d@%d %s %s", r.Number, r.Line, r.Outcome, cmp.Or(emails[r.Record], "gone"))
		if r.Resolved {
			line += " resolved"
		}
		out = append(out, line)
	}
	return out
}

const everyOutcome = "email,first_name\n" +
	"a@x.example,A\n" +
	"b@x.example,\n" + // fails
	"known@x.example,K\n" + // changes
	"\n" +
	"known@x.example,K\n" + // is unchanged
	"c@x.example,C\n" +
	"d@,D\n" + // fails
	"e@x.example,E\n"

// J13: each row's outcome and record, whatever the batches; by outcome, from both ends, page by page.
func TestJ13EveryRowsOutcomeIsListed(t *testing.T) {
	anyBatches(t, func(t *testing.T, w *world, o Options) {
		e := w.engine(o)
		w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name\nknown@x.example,Old\n")
		w.work(e)
		run := w.of(e, w.outside, enum.Contacts, w.plain, everyOutcome)
		testenv.Equal(t, "before the first batch", w.rowsOf(e, run, RowsQuery{Most: 9}), []string{})
		w.work(e)
		all := []string{
			"1@2 CREATED a@x.example", "2@3 FAILED -", "3@4 UPDATED known@x.example", "4@6 UNCHANGED known@x.example",
			"5@7 CREATED c@x.example", "6@8 FAILED -", "7@9 CREATED e@x.example",
		}
		at := func(n int) *int { return &n }
		for _, c := range []struct {
			q    RowsQuery
			want []string
		}{
			{RowsQuery{Most: 9}, all},
			{RowsQuery{Most: 3}, all[:3]},
			{RowsQuery{Most: 3, Last: true}, all[4:]},
			{RowsQuery{Most: 2, After: at(2)}, all[2:4]},
			{RowsQuery{Most: 9, After: at(2), Before: at(5)}, all[2:4]},
			{RowsQuery{Most: 1, After: at(2), Before: at(5), Last: true}, all[3:4]},
			{RowsQuery{Most: 9, After: at(7)}, []string{}},
			{RowsQuery{Most: 9, Before: at(1)}, []string{}},
			{RowsQuery{Most: 9, After: at(-1), Before: at(1_000_000)}, all},
			{RowsQuery{Most: 9, Outcomes: []enum.RowOutcome{enum.RowFailed}}, []string{all[1], all[5]}},
			{RowsQuery{Most: 1, After: at(2), Outcomes: []enum.RowOutcome{enum.RowFailed}}, []string{all[5]}},
			{RowsQuery{Most: 2, Last: true, Outcomes: []enum.RowOutcome{enum.RowFailed, enum.RowCreated}}, all[5:]},
			{RowsQuery{Most: 2, Outcomes: []enum.RowOutcome{enum.RowUpdated, enum.RowUnchanged}}, all[2:4]},
			{RowsQuery{Most: 2, Outcomes: []enum.RowOutcome{enum.RowSkipped, enum.RowDeleted}}, []string{}},
			{RowsQuery{}, []string{}},
		} {
			testenv.Equal(t, fmt.Sprintf("%+v", c.q), w.rowsOf(e, run, c.q), c.want)
		}
		for outcome, want := range map[string]int{"": 7, "CREATED": 3, "UPDATED": 1, "UNCHANGED": 1, "SKIPPED": 0, "FAILED": 2, "DELETED": 0} {
			var outcomes []enum.RowOutcome
			if outcome != "" {
				outcomes = []enum.RowOutcome{enum.RowOutcome(outcome)}
			}
			counts, err := e.CountRows(w.System, []id.ID{run.ID}, outcomes)
			w.Must(err)
			testenv.Equal(t, "rows "+outcome, counts[run.ID], want)
		}

		// A retry has the numbers and lines of the file; what it has imported is resolved in the first one (J15).
		retry := w.retried(w.outside, run, fix(6, "email", "d@x.example"), fix(2, "email", "b@"))
		testenv.Equal(t, "the retry", w.rowsOf(e, retry, RowsQuery{Most: 9}), []string{"2@3 FAILED -", "6@8 CREATED d@x.example"})
		testenv.Equal(t, "behind the first", w.rowsOf(e, retry, RowsQuery{Most: 9, After: at(1)}), []string{"6@8 CREATED d@x.example"})
		all[5] += " resolved"
		testenv.Equal(t, "the first", w.rowsOf(e, run, RowsQuery{Most: 9}), all)
		// Several imports at once.
		both, err := e.Rows(w.System, []id.ID{run.ID, retry.ID}, RowsQuery{Most: 1, Outcomes: []enum.RowOutcome{enum.RowFailed}})
		w.Must(err)
		testenv.Equal(t, "of both", []int{both[run.ID][0].Number, both[retry.ID][0].Number}, []int{2, 2})
	})
}

// J13: an undo goes through the rows from behind; they are listed in the file's order all the same.
func TestJ13RowsOfAnUndoAreInTheFilesOrder(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 2})
		run := w.of(e, w.outside, enum.Contacts, w.plain, called("A", "a", "b", "c", "d", "e"))
		w.work(e)
		undone := func(of *ent.ImportRun) *ent.ImportRun {
			w.Exec(`UPDATE import_batches SET id = -id WHERE import_run_id = $1`, of.ID) // in flight they may be written in any order
			undo, err := e.Undo(w.As(w.outside), UndoInput{Import: of.ID})
			w.Must(err)
			w.work(e)
			return undo
		}
		undo := undone(run)
		all := []string{"1@2 DELETED gone", "2@3 DELETED gone", "3@4 DELETED gone", "4@5 DELETED gone", "5@6 DELETED gone"}
		at := func(n int) *int { return &n }
		testenv.Equal(t, "all", w.rowsOf(e, undo, RowsQuery{Most: 9}), all)
		testenv.Equal(t, "the first", w.rowsOf(e, undo, RowsQuery{Most: 2}), all[:2])
		testenv.Equal(t, "the last", w.rowsOf(e, undo, RowsQuery{Most: 2, Last: true}), all[3:])
		found, err := e.Rows(w.System, []id.ID{undo.ID}, RowsQuery{Most: 2})
		w.Must(err)
		testenv.Equal(t, "the next", w.rowsOf(e, undo, RowsQuery{Most: 2, After: &found[undo.ID][1].Place}), all[2:4])
		testenv.Equal(t, "those before", w.rowsOf(e, undo, RowsQuery{Most: 9, Before: at(found[undo.ID][1].Place)}), all[:1])
		both, err := e.Rows(w.System, []id.ID{undo.ID, run.ID}, RowsQuery{Most: 1})
		w.Must(err)
		testenv.Equal(t, "of both", []int{both[run.ID][0].Number, both[undo.ID][0].Number}, []int{1, 1})
		again := undone(undo)
		testenv.Equal(t, "undone in turn", w.rowsOf(e, again, RowsQuery{Most: 2}), []string{"1@2 CREATED a@x.example", "2@3 CREATED b@x.example"})
	})
}

// J13: the list as a file has our ids, and cells that no spreadsheet runs; it is for whoever sees the import.
func TestJ13TheListOfRowsIsAFile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 3})
		run := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name,id\n+a@x.example,- A,x1\nb@,,x2\nc@x.example,C,\n", func(in *StartInput) { in.File.Name = "List.CSV" })
		w.work(e)
		send := func(u *ent.User, run *ent.ImportRun, outcomes ...enum.RowOutcome) (name, text string) {
			file, err := e.OpenRows(w.System, viewer.Principal{User: u.ID}, run.ID, outcomes)
			w.Must(err)
			var out bytes.Buffer
			w.Must(file.Send(w.System, &out))
			return file.Name, out.String()
		}
		ours := func(email string) string {
			return w.DB.Ent().Contact.Query().Where(contact.Email(email)).OnlyIDX(w.System).String()
		}
		const header = "\ufeffrow,line,outcome,code,resolved,id,external_id,email,first_name,last_name\n"
		name, text := send(w.outside, run)
		testenv.Equal(t, "the name", name, "List-rows.csv")
		testenv.Equal(t, "the rows", text, header+
			"1,2,CREATED,,false,"+ours("+a@x.example")+",x1,'+a@x.example,'- A,\n"+
			"2,3,FAILED,INVALID_EMAIL; REQUIRED,false,,,,,\n"+
			"3,4,CREATED,,false,"+ours("c@x.example")+",,c@x.example,C,\n")
		_, text = send(w.outside, run, enum.RowFailed, enum.RowSkipped)
		testenv.Equal(t, "the failed rows", text, header+"2,3,FAILED,INVALID_EMAIL; REQUIRED,false,,,,,\n")
		gone := ours("c@x.example")
		w.Exec(`DELETE FROM contacts WHERE id = $1`, gone)
		if _, text = send(w.outside, run); !strings.HasSuffix(text, "\n3,4,CREATED,,false,,,,,\n") {
			t.Errorf("a record that is gone: %s", text)
		}
		for _, u := range []*ent.User{w.tom, w.inside, w.maria} {
			if _, err := e.OpenRows(w.System, viewer.Principal{User: u.ID}, run.ID, nil); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", u.Email, err)
			}
		}
		if _, err := e.OpenRows(w.System, viewer.Principal{User: w.outside.ID}, run.ID, []enum.RowOutcome{"NONSENSE"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("no outcome: %v", err)
		}

		customers, _ := w.imported("name,external_id\nAcme,x1\nOld Customer,x2\n")
		_, text = send(w.maria, customers)
		var lines []string
		for _, line := range strings.Split(text, "\n") {
			cells := strings.Split(line, ",")
			if len(cells) > 6 && strings.Contains(cells[5], "-") {
				cells[5] = "ours"
			}
			lines = append(lines, strings.Join(cells, ","))
		}
		testenv.Equal(t, "customers", lines, []string{
			"\ufeffrow,line,outcome,code,resolved,id,external_id,name,slug", "1,2,CREATED,,false,ours,x1,Acme,acme",
			"2,3,SKIPPED,ALREADY_EXISTS,false,ours,,Old Customer,old-customer", "",
		})
	})
}

// J13: pages of the list follow each other without a gap, though it is sent in pieces that are no batches.
func TestJ13ALongListIsSentInPieces(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{BatchRows: 700})
		const rows = 2*rowsPage + 1
		run := w.start(e, "name\n"+strings.Repeat("=x\n", rows))
		w.work(e)
		file, err := e.OpenRows(w.System, viewer.Principal{User: w.maria.ID}, run.ID, nil)
		w.Must(err)
		var out bytes.Buffer
		w.Must(file.Send(w.System, &out))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != rows+1 {
			t.Fatalf("%d rows are listed, of %d", len(lines)-1, rows)
		}
		for i, line := range lines[1:] {
			if !strings.HasPrefix(line, fmt.Sprintf("%d,%d,FAILED,UNSAFE_CONTENT,", i+1, i+2)) {
				t.Fatalf("row %d is %q", i+1, line)
			}
		}
	})
}
