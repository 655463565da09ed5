package importer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/testenv"
)

// fix is a row to be retried, with cells as column, value, column, value …
func fix(row int, cells ...string) RetryRow {
	r := RetryRow{Row: row}
	for i := 0; i < len(cells); i += 2 {
		r.Cells = append(r.Cells, RetryCell{cells[i], cells[i+1]})
	}
	return r
}

// retried retries rows as the user and works until nothing is left.
func (w *world) retried(u *ent.User, of *ent.ImportRun, rows ...RetryRow) *ent.ImportRun {
	w.T.Helper()
	e := w.engine(Options{})
	run, err := e.Retry(w.As(u), RetryInput{Import: of.ID, Rows: rows})
	w.Must(err)
	w.work(e)
	return w.state(run.ID)
}

// unresolved lists the ledger's rows that no retry has imported.
func (w *world) unresolved(run *ent.ImportRun) (rows []int) {
	w.T.Helper()
	for _, i := range w.ledger(run.ID) {
		if !i.Resolved && !slices.Contains(rows, i.Row) {
			rows = append(rows, i.Row)
		}
	}
	return rows
}

// rejectedRows are the numbers of the rows in the rejects file.
func (w *world) rejectedNumbers(run *ent.ImportRun) (numbers []string) {
	w.T.Helper()
	_, rows := w.mend(run)
	for _, row := range rows {
		numbers = append(numbers, row[len(row)-3])
	}
	return numbers
}

const failing = "sep=;\n\nE-Mail;First name;Vorwahl;labels\n" +
	"ann@x.example;Ann;;VIP\n" + // row 1, line 4
	";Bob;;\n" +
	"\n" + // blank
	"cem@;=Cem;'=x;none\n" + // row 3, line 7
	"\"dan@x.example\";\"D\nan\";;none\n" + // row 4, lines 8 and 9
	"eva@x.example\n" + // row 5, line 10
	"fay@x.example;Fay;;\n"

// failed imports it.
func (w *world) failed() *ent.ImportRun {
	w.T.Helper()
	w.furnish(w.partner, "", []string{"VIP"})
	e := w.engine(Options{})
	run := w.of(e, w.maria, enum.Contacts, w.partner, failing, mapping(out("Vorwahl")))
	w.work(e)
	run = w.state(run.ID)
	testenv.Equal(w.T, "counts at first", counts(run), "COMPLETED 2+0+0+0+4 of 6")
	return run
}

// J15: rows are imported with the corrected cells and the others as they were; their numbers and lines are
// those of the file; and the first import says what became of them.
func TestJ15CorrectedRowsAreImportedAndResolved(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first := w.failed()
		before := w.rejects(first)
		run := w.retried(w.maria, first, fix(4, "Labels", "VIP"), fix(2, "E-Mail", "bob@x.example"), fix(3, "First name", "Cem"))
		testenv.Equal(t, "counts", counts(run), "COMPLETED 2+0+0+0+1 of 3")
		if run.RetriesID == nil || *run.RetriesID != first.ID || run.FileName != first.FileName || run.CompanyID != first.CompanyID {
			t.Errorf("the retry is %+v", run)
		}
		var lines []string
		for _, i := range w.ledger(run.ID) {
			lines = append(lines, fmt.Sprintf("%d@%d:%s:%s", i.Row, i.Line, deref(i.Column), i.Code))
		}
		testenv.Equal(t, "issues of the retry", lines, []string{"3@7:E-Mail:INVALID_EMAIL", "3@7:labels:UNKNOWN_LABEL"})
		testenv.Equal(t, "rejects of the retry", w.rejectedNumbers(run), []string{"3"})
		testenv.Equal(t, "contacts", w.listed(w.partner.ID), []string{
			"ann@x.example|Ann|||ann||default|default|true|PERSONAL|VIP|", "bob@x.example|Bob|||bob||default|default|true|PERSONAL||",
			"dan@x.example|D an|||dan||default|default|true|PERSONAL|VIP|", "fay@x.example|Fay|||fay||default|default|true|PERSONAL||",
		})
		after := w.state(first.ID)
		testenv.Equal(t, "counts of the first", counts(after), counts(first))
		if after.ResolvedCount != 2 || after.Revision <= first.Revision {
			t.Errorf("%d rows are resolved, revision %d after %d", after.ResolvedCount, after.Revision, first.Revision)
		}
		testenv.Equal(t, "unresolved", w.unresolved(first), []int{3, 5})
		testenv.Equal(t, "rejects of the first", w.rejectedNumbers(after), []string{"3", "5"})
		// But for those rows, the file is what it was to the byte.
		want := before
		for gone, lines := range map[string]int{";Bob;": 1, "dan@x.example": 2} { // a cell of his has a line break
			from := strings.Index(want, "\n"+gone) + 1
			want = want[:from] + strings.SplitN(want[from:], "\n", lines+1)[lines]
		}
		testenv.Equal(t, "the rejects", w.rejects(after), want)

		// A retry of the retry resolves its row in both; then the last one goes as well.
		second := w.retried(w.maria, run, fix(3, "E-Mail", "cem@x.example", "labels", ""))
		testenv.Equal(t, "counts of the second", counts(second), "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "unresolved of the retry", len(w.unresolved(run)), 0)
		testenv.Equal(t, "unresolved", w.unresolved(first), []int{5})
		if r := w.state(run.ID); r.ResolvedCount != 1 || RejectsLeft(r) {
			t.Errorf("the retry has %d resolved rows and rejects %v", r.ResolvedCount, RejectsLeft(r))
		}
		third := w.retried(w.maria, first, fix(5, "e mail", "eva@x.example", "first name", "Eva", "labels", "VIP"))
		testenv.Equal(t, "counts of the third", counts(third), "COMPLETED 1+0+0+0+0 of 1")
		last := w.state(first.ID)
		if last.ResolvedCount != 4 || RejectsLeft(last) {
			t.Errorf("%d rows are resolved, rejects: %v", last.ResolvedCount, RejectsLeft(last))
		}
		if _, _, err := w.engine(Options{}).OpenRejects(w.System, viewer.Principal{User: w.maria.ID}, first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("rejects of nothing: %v", err)
		}
		notes := w.notes(w.maria.ID, enum.ImportFinished)
		testenv.Equal(t, "the notification", notes[1], "Retry of rows of contacts.csv: 2 of 3 rows imported: "+
			"Into Partner: 2 rows imported (2 created, 0 updated, 0 unchanged), 1 not (0 skipped, 1 failed).")
		if log := strings.Join(w.importLog(w.partner.ID), "\n"); !strings.Contains(log, `started a retry of rows of an import of contacts from "contacts.csv": 3 rows`) {
			t.Errorf("the log: %s", log)
		}
	})
}

// J15: the message of each refusal says what would be right, and nothing is kept.
func TestJ15RefusedRetriesKeepNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first := w.failed()
		e := w.engine(Options{})
		run := w.of(e, w.maria, enum.Contacts, w.partner, failing, mapping(out("Vorwahl")), dry)
		w.work(e)
		dryRun := w.state(run.ID)
		queued := w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name\n,x\n")
		skips := w.of(e, w.outside, enum.Contacts, w.plain, "email,first_name\na@x.example,A\nb@,B\n", func(in *StartInput) { in.Options.Missing = enum.SkipMissing })
		w.Must(func() error { _, err := e.Cancel(w.As(w.maria), queued.ID); return err }())
		w.work(e)
		before, imports := w.blobKeys("uploads/"), w.DB.Ent().ImportRun.Query().CountX(w.System)
		good := fix(2, "E-Mail", "bob@x.example")
		many := make([]RetryRow, MaxRetryRows+1)
		for i := range many {
			many[i] = fix(i + 1)
		}
		for _, c := range []struct {
			what string
			of   *ent.ImportRun
			by   *ent.User
			rows []RetryRow
			want string
		}{
			{"no rows", first, w.maria, nil, "INVALID_ARGUMENT rows is empty; give 1 to 1000 rows at input.rows"},
			{"too many", first, w.maria, many, "LIMIT_EXCEEDED rows has 1001 entries; at most 1000 are accepted at a time at input.rows"},
			{"twice", first, w.maria, []RetryRow{good, good}, "INVALID_ARGUMENT row 2 is given twice, at 0 and 1; give all of its cells at once at input.rows.1"},
			{"imported", first, w.maria, []RetryRow{good, fix(1)}, "FAILED_PRECONDITION row 1 has not failed; only failed rows are retried, and `issues` lists them at input.rows.1.row"},
			{"no such row", first, w.maria, []RetryRow{fix(7)}, "FAILED_PRECONDITION row 7 has not failed; only failed rows are retried, and `issues` lists them at input.rows.0.row"},
			{"row 0", first, w.maria, []RetryRow{fix(0)}, "INVALID_ARGUMENT row is 0; 1 is the first data row at input.rows.0.row"},
			{"skipped", skips, w.outside, []RetryRow{fix(1)}, "FAILED_PRECONDITION row 1 was skipped (NO_SUCH_RECORD) and has not failed; only failed rows are retried at input.rows.0.row"},
			{"a column that is near", first, w.maria, []RetryRow{fix(2, "E-Mial", "x")}, `INVALID_ARGUMENT the file has no column "E-Mial"; did you mean "E-Mail"? at input.rows.0.cells.0.column`},
			{"no column", first, w.maria, []RetryRow{fix(2, "quux", "x")}, `INVALID_ARGUMENT the file has no column "quux"; give cells of E-Mail, First name, labels at input.rows.0.cells.0.column`},
			{"left out", first, w.maria, []RetryRow{fix(2, "vorwahl", "x")}, `INVALID_ARGUMENT the import passes over the column "vorwahl", so that a cell of it changes nothing; give cells of E-Mail, First name, labels at input.rows.0.cells.0.column`},
			{"a column twice", first, w.maria, []RetryRow{fix(2, "E-Mail", "x", "e mail", "y")}, `INVALID_ARGUMENT the column "E-Mail" is given twice for row 2; give one cell at input.rows.0.cells.1.column`},
			{"too long", first, w.maria, []RetryRow{fix(2, "E-Mail", strings.Repeat("x", csvfile.MaxCell+1))}, `INVALID_ARGUMENT the cell of "E-Mail" in row 2 has 32769 bytes; at most 32768 are accepted at input.rows.0.cells.0.value`},
			{"a NUL", first, w.maria, []RetryRow{fix(2, "E-Mail", "a\x00")}, `INVALID_ARGUMENT the cell of "E-Mail" in row 2 has a NUL or bytes that are not UTF-8 at input.rows.0.cells.0.value`},
			{"blank", first, w.maria, []RetryRow{fix(2, "First name", " ")}, `INVALID_ARGUMENT row 2 would be blank; fill a cell of it, or leave the row out at input.rows.0.cells`},
			{"a row of too few cells", first, w.maria, []RetryRow{fix(5, "First name", "Eva")}, `INVALID_ARGUMENT row 5 has cells too few or too many, so that it is not known which belongs to which column; give a cell for each of its columns; of row 5 these are missing: E-Mail, labels at input.rows.0.cells`},
			{"a dry run", dryRun, w.maria, []RetryRow{good}, "FAILED_PRECONDITION this was a dry run, which has imported nothing; import the file, and then retry the rows that fail at input.id"},
			{"none failed", queued, w.maria, []RetryRow{good}, "FAILED_PRECONDITION no row of the import has failed at input.id"},
			{"who does not see it", first, w.outside, []RetryRow{good}, "NOT_FOUND there is no such import at input.id"},
		} {
			_, err := e.Retry(w.As(c.by), RetryInput{Import: c.of.ID, Rows: c.rows})
			f := fault.Of(err)
			if f == nil {
				t.Errorf("%s: %v", c.what, err)
				continue
			}
			if got := f.Kind.Code() + " " + f.Message + " at " + strings.Join(f.Field, "."); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s:\n got %s\nwant %s", c.what, got, c.want)
			}
		}
		if _, err := e.Retry(context.Background(), RetryInput{Import: first.ID, Rows: []RetryRow{good}}); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("nobody: %v", err)
		}
		w.retried(w.maria, first, good)
		_, err := e.Retry(w.As(w.maria), RetryInput{Import: first.ID, Rows: []RetryRow{good}})
		if f := fault.Of(err); f == nil || f.Message != "a retry has imported row 2 since; leave it out" {
			t.Errorf("resolved already: %v", err)
		}
		running := w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name\n,x\n")
		if _, err := e.Retry(w.As(w.maria), RetryInput{Import: running.ID, Rows: []RetryRow{fix(1)}}); !fault.Is(err, fault.FailedPrecondition) || !strings.Contains(err.Error(), "wait for its end") {
			t.Errorf("before the end: %v", err)
		}
		if keys := w.blobKeys("uploads/"); len(keys) != len(before)+2 || w.DB.Ent().ImportRun.Query().CountX(w.System) != imports+2 {
			t.Errorf("uploads %v, then %v", before, keys)
		}
	})
}

// J15: once the upload is gone a row must be given whole; then it is imported like any other.
func TestJ15WithoutTheUploadRowsAreGivenWhole(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first := w.failed()
		w.Must(w.blobs.Delete(w.System, first.UploadKey))
		for _, purged := range []bool{false, true} { // between the file and the row, and after both
			if purged {
				w.Exec(`UPDATE import_runs SET upload_key = ''`)
			}
			_, err := w.engine(Options{}).Retry(w.As(w.maria), RetryInput{Import: first.ID, Rows: []RetryRow{fix(2, "E-Mail", "bob@x.example")}})
			f := fault.Of(err)
			want := "the uploaded file is kept no longer, so that its other cells are not known; give a cell for each of its columns; of row 2 these are missing: First name, labels"
			if f == nil || f.Kind != fault.FailedPrecondition || f.Message != want {
				t.Errorf("a part of a row: %v", err)
			}
		}
		run := w.retried(w.maria, first, fix(2, "E-Mail", "bob@x.example", "First name", "Bob", "labels", ""), fix(4, "E-Mail", "dan@", "First name", "", "labels", "VIP"))
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+1 of 2")
		testenv.Equal(t, "issues", w.issues(run.ID), []string{"4:E-Mail:INVALID_EMAIL", "4:First name:REQUIRED"})
		testenv.Equal(t, "the line", w.ledger(run.ID)[0].Line, 8)
		testenv.Equal(t, "rejects of the first", w.rejectedNumbers(w.state(first.ID)), []string{"3", "4", "5"})
	})
}

// J15, U2: retries of users are given whole, since their file is gone; passwords are taken as they are, encrypted
// at rest, and shown nowhere.
func TestJ15RetriesOfUsersKeepTheirPasswords(t *testing.T) {
	const secret = "=hunter2\"hunter2, "
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.of(e, w.maria, enum.Users, w.partner, people+
			"kim@example.net,Kim,Park,short,\nlee@example.net,Lee,Ng,long enough,\nmax@example.net,,Mora,long enough,\nnia@example.net,Nia,Orr,tiny,\n")
		w.work(e)
		first := w.state(run.ID)
		testenv.Equal(t, "counts at first", counts(first), "COMPLETED 1+0+0+0+3 of 4")
		_, err := e.Retry(w.As(w.maria), RetryInput{Import: first.ID, Rows: []RetryRow{fix(1, "password", secret)}})
		f := fault.Of(err)
		want := "a file that may have passwords is deleted when its import ends, so that its other cells are not known; " +
			"give a cell for each of its columns; of row 1 these are missing: email, first_name, last_name, active"
		if f == nil || f.Message != want {
			t.Errorf("a part of a row: %v", err)
		}
		k := "the key"
		in := RetryInput{Import: first.ID, IdempotencyKey: &k, Rows: []RetryRow{
			fix(4, "email", "nia@example.net", "first_name", "Nia", "last_name", "Orr", "password", secret+"4", "active", "perhaps"),
			fix(1, "email", "kim@example.net", "first_name", "Kim", "last_name", "Park", "password", secret, "active", ""),
		}}
		retry, err := e.Retry(w.As(w.maria), in)
		w.Must(err)
		stored, err := w.blobs.OpenAt(w.System, retry.UploadKey, 0)
		w.Must(err)
		bytes, err := io.ReadAll(stored)
		w.Must(err)
		w.Must(stored.Close())
		if !strings.HasPrefix(string(bytes), "age-encryption.org/v1") || retry.UploadSecret == nil {
			t.Errorf("the stored file begins %.40q", bytes)
		}
		w.work(e)
		testenv.Equal(t, "counts", counts(w.state(retry.ID)), "COMPLETED 1+0+0+0+1 of 2")
		testenv.Equal(t, "issues", w.issues(retry.ID), []string{"4:active:INVALID_VALUE"})
		if !w.has("kim@example.net", secret) {
			t.Error("the password is another")
		}
		again, err := e.Retry(w.As(w.maria), in)
		if err != nil || again.ID != retry.ID {
			t.Errorf("the same key: %v, %v", again, err)
		}
		done := w.state(retry.ID)
		if done.UploadKey != "" || done.UploadSecret != nil || len(w.blobKeys("uploads/")) != 0 {
			t.Errorf("the file of the retry is kept: %q, %v", done.UploadKey, w.blobKeys("uploads/"))
		}
		var shown strings.Builder
		shown.WriteString(w.rejects(done) + w.rejects(w.state(first.ID)) + string(done.Format))
		for _, i := range append(w.ledger(done.ID), w.ledger(first.ID)...) {
			shown.WriteString(i.Message + deref(i.Value))
		}
		if strings.Contains(shown.String(), "hunter2") {
			t.Errorf("a password is shown: %s", shown.String())
		}
		testenv.Equal(t, "rejects of the first", w.rejectedNumbers(w.state(first.ID)), []string{"3", "4"})
	})
}

// J2, J15: wherever the worker of a retry dies, each row is imported and resolved once.
func TestJ15AWorkerThatDiesInARetryDoublesNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const rows = 7
		var file strings.Builder
		file.WriteString("email,first_name\n")
		var fixes []RetryRow
		for i := range rows {
			fmt.Fprintf(&file, "p%d@x.example,\n", i)
			fixes = append(fixes, fix(i+1, "first_name", "P"))
		}
		for crash := range 4 {
			w.Exec(`DELETE FROM import_runs`)
			w.Exec(`DELETE FROM contacts`)
			e := w.engine(Options{})
			run := w.of(e, w.outside, enum.Contacts, w.plain, file.String())
			w.work(e)
			first := w.state(run.ID)
			testenv.Equal(t, "counts at first", counts(first), "COMPLETED 0+0+0+0+7 of 7")
			retry, err := e.Retry(w.As(w.outside), RetryInput{Import: first.ID, Rows: fixes})
			w.Must(err)
			dying := w.engine(Options{BatchRows: 2})
			dying.hook(hooked{loaded: func(turn int) error {
				if turn == crash {
					return errCrashed
				}
				return nil
			}})
			if _, err := dying.RunNext(w.System); err == nil {
				t.Fatal("the worker has not died")
			}
			w.lapse(retry.ID)
			half := w.state(first.ID)
			if done := w.state(retry.ID); half.ResolvedCount != done.CreatedCount || rows-half.ResolvedCount != len(w.unresolved(first)) {
				t.Errorf("crash %d: %d rows are resolved, %d imported", crash, half.ResolvedCount, done.CreatedCount)
			}
			w.work(e)
			testenv.Equal(t, "counts", counts(w.state(retry.ID)), "COMPLETED 7+0+0+0+0 of 7")
			if r := w.state(first.ID); r.ResolvedCount != rows || len(w.unresolved(first)) != 0 {
				t.Errorf("crash %d: %d rows are resolved", crash, r.ResolvedCount)
			}
			testenv.Equal(t, "contacts", len(w.listed(w.plain.ID)), rows)
		}
	})
}

// J15: the same key and rows are the same retry, also once it has resolved them; anything else is refused.
func TestJ15IdempotencyKeys(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first := w.failed()
		e := w.engine(Options{})
		k := "k"
		try := func(rows ...RetryRow) (*ent.ImportRun, error) {
			return e.Retry(w.As(w.maria), RetryInput{Import: first.ID, Rows: rows, IdempotencyKey: &k})
		}
		good := fix(2, "E-Mail", "bob@x.example")
		retry, err := try(good)
		w.Must(err)
		for _, ended := range []bool{false, true} {
			if ended {
				w.work(e)
			}
			if again, err := try(good); err != nil || again.ID != retry.ID {
				t.Errorf("ended %v: %v, %v", ended, again, err)
			}
			if _, err := try(fix(2, "E-Mail", "other@x.example")); !fault.Is(err, fault.Invalid) {
				t.Errorf("ended %v, other cells: %v", ended, err)
			}
		}
		if _, err := w.tryStart(e, w.maria, "name\nA\n", key("k")); !fault.Is(err, fault.Invalid) {
			t.Errorf("an import of the key: %v", err)
		}
		w.Exec(`UPDATE idempotency_keys SET created_at = `+w.DB.Dialect().NowPlus("$1"), -keyLifetime-1)
		if _, err := try(good); !fault.Is(err, fault.FailedPrecondition) {
			t.Errorf("the key of yesterday stands for a retry still: %v", err)
		}
	})
}

// J15, J6: who may no longer import into the company may not retry, though they see the import.
func TestJ15RetriesTakeTheRightsOfNow(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name\nx@x.example,\n")
		w.work(e)
		w.Exec(`UPDATE users SET role = 'MEMBER' WHERE id = $1`, w.maria.ID)
		_, err := e.Retry(w.As(w.userOf(w.maria.Email)), RetryInput{Import: run.ID, Rows: []RetryRow{fix(1, "first_name", "X")}})
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("a member: %v", err)
		}
	})
}

// J15, I13: a corrected cell that names another company hides the retry from the company's administrators.
func TestJ15ARetryMayNameOtherCompanies(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.PartnerAdmin(w.customer, w.maria)
		e := w.engine(Options{})
		run := w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name,company_id\nx@x.example,X,nowhere\ny@x.example,Y,nowhere\n")
		w.work(e)
		own := w.retried(w.maria, run, fix(1, "company_id", ""))
		other := w.retried(w.maria, run, fix(2, "company_id", w.customer.ID.String()))
		testenv.Equal(t, "own", counts(own), "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "other", counts(other), "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "spans", []bool{own.SpansCompanies, other.SpansCompanies}, []bool{false, true})
		testenv.Equal(t, "resolved", w.state(run.ID).ResolvedCount, 2)
	})
}

// J15: a row that an earlier retry of the first import has resolved is resolved in all of its retries.
func TestJ15ARowIsResolvedInAllRetries(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		first := w.failed()
		a := w.retried(w.maria, first, fix(2, "E-Mail", "bob@"), fix(3, "E-Mail", "cem"))
		b := w.retried(w.maria, a, fix(2, "E-Mail", "bob at"))
		c := w.retried(w.maria, first, fix(2, "E-Mail", "bob@x.example"))
		testenv.Equal(t, "counts", counts(c), "COMPLETED 1+0+0+0+0 of 1")
		for _, r := range []*ent.ImportRun{first, a, b} {
			if slices.Contains(w.unresolved(r), 2) || w.state(r.ID).ResolvedCount != 1 {
				t.Errorf("row 2 is not resolved in %v", r.ID)
			}
		}
		testenv.Equal(t, "rejects", w.rejectedNumbers(w.state(a.ID)), []string{"3"})
	})
}

// J15: customers that exist by now are skipped, which resolves nothing.
func TestJ15ASkippedRowStaysUnresolved(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, _ := w.imported(three + "A,a@b.example,nobody\nB,a@b.example,nobody\n")
		retry := w.retried(w.maria, run, fix(1, "name", "Old Customer"), fix(2, "partner_admin_email", "tom@partner.example"))
		testenv.Equal(t, "counts", counts(retry), "COMPLETED 1+0+0+1+0 of 2")
		testenv.Equal(t, "unresolved", w.unresolved(run), []int{1})
		testenv.Equal(t, "resolved", w.state(run.ID).ResolvedCount, 1)
	})
}

// J15: cells that the file had are read as they were, whatever they hold, and so are corrected ones.
func TestJ15CellsAreAsInAFile(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.plain, "", nil, "TEXT:plan", "TEXT:note")
		cells := []string{"a,b", `say "hi"`, "two\nlines", "two\r\nlines", "\tx", " y ", "'=kept", "''=kept", "-", "\ufeffz", `\.`, strings.Repeat("ü", csvfile.MaxCell/2)}
		e := w.engine(Options{})
		file := "email,first_name,plan,note\n"
		for i, cell := range cells {
			file += fmt.Sprintf("p%d@x.example,F,%s,\n", i, quoted(cell))
		}
		w.work(e)
		w.of(e, w.outside, enum.Contacts, w.plain, file)
		w.work(e)
		want := w.listed(w.plain.ID)
		w.Exec(`DELETE FROM contacts`)
		run := w.of(e, w.outside, enum.Contacts, w.plain, strings.ReplaceAll(file, ",F,", ",,"))
		w.work(e)
		var rows []RetryRow
		for i, cell := range cells {
			row := fix(i+1, "first_name", "F")
			if i%2 == 0 {
				row.Cells = append(row.Cells, RetryCell{"plan", cell})
			}
			rows = append(rows, row)
		}
		retry := w.retried(w.outside, run, rows...)
		testenv.Equal(t, "issues", w.issues(retry.ID), []string{"7:plan:UNSAFE_CONTENT", fmt.Sprintf("%d:plan:TOO_LONG", len(cells))})
		testenv.Equal(t, "contacts", w.listed(w.plain.ID), want)
	})
}
