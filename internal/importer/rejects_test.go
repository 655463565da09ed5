package importer

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/ent/viewer"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// rejects reads an import's rejects file as its importer downloads it.
func (w *world) rejects(run *ent.ImportRun) string {
	w.T.Helper()
	file, _, err := w.engine(Options{}).OpenRejects(w.System, viewer.Principal{User: *run.CreatedByID}, run.ID)
	w.Must(err)
	defer file.Close()
	text, err := io.ReadAll(file)
	w.Must(err)
	return string(text)
}

func mapping(mappings ...sheet.Mapping) func(*StartInput) {
	return func(in *StartInput) { in.Mappings = mappings }
}

func TestJ9FailedRowsComeBackAsTheyWereWithTheirProblems(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		run, _ := w.imported("sep=;\nImport Problem;Partner admin;Note;E-Mail;Company\n"+
			"old;tom@partner.example;\"a;b\";a@b.example;Acme\n"+ // good
			"old;tom@partner.example;;a@b.example;acme\n"+ // skipped: not a failed row
			";nobody; 'quoted' ;nobody;\" Two\r\nlines \"\n"+
			"old;tom@partner.example;'=1+1;a@b.example;'=SUM(A1)\n"+
			"old;tom@partner.example;;a@b.example;=SUM(A1)\n"+
			"old;tom@partner.example;;a@b.example;Beta;more;'=x\n"+
			"old;tom@partner.example\n", mapping(out("note")))
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+1+5 of 7")
		problems := map[int]string{}
		for _, i := range w.ledger(run.ID) {
			if problems[i.Row] != "" {
				problems[i.Row] += "; "
			}
			if i.Column != nil {
				problems[i.Row] += *i.Column + ": "
			}
			problems[i.Row] += i.Message
		}
		of := func(row int) string {
			if strings.ContainsAny(problems[row], `";`) {
				return quoted(problems[row])
			}
			return problems[row]
		}
		testenv.Equal(t, "the rejects", w.rejects(run), strings.Join([]string{
			"\ufeffPartner admin;Note;E-Mail;Company;import_row;import_code;import_problem",
			`nobody;;nobody;"` + " Two\r\nlines " + `";3;"UNKNOWN_PARTNER_ADMIN; INVALID_EMAIL";` + of(3),
			`tom@partner.example;;a@b.example;'=SUM(A1);4;UNSAFE_CONTENT;` + of(4),
			`tom@partner.example;;a@b.example;'=SUM(A1);5;UNSAFE_CONTENT;` + of(5),
			`tom@partner.example;;a@b.example;Beta;more;'=x;6;WRONG_FIELD_COUNT;` + of(6), // R6: as long as it was
			`tom@partner.example;7;WRONG_FIELD_COUNT;` + of(7),                            // as short as it was
			``,
		}, "\n"))
	})
}

// J9: what comes back imports again, with the same result as it is and cleanly once mended.
func TestJ9RejectsImportAgain(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		huge := strings.Repeat("ü", csvfile.MaxCell/2+1)
		leave := mapping(out("note"))
		run, before := w.imported("name,note,contact_email,partner_admin_email\n"+
			"Good,,a@b.example,tom@partner.example\n"+
			",x,a@b.example,tom@partner.example\n"+
			"=A,'',nobody,tom@partner.example\n"+
			"'=B,'=1,a@b.example,tom@partner.example\n"+
			"''=C,''=1,a@b.example,nobody\n"+
			huge+",,a@b.example,tom@partner.example\n"+
			"E,x,a@b.example,tom@partner.example,too,many\n"+
			"<script>F,x,a@b.example,\n", leave)
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+7 of 8")
		header, first := w.mend(run)
		again, after := w.imported(w.rejects(run), leave)
		testenv.Equal(t, "counts of the rejects", counts(again), "COMPLETED 0+0+0+0+7 of 7")
		for i := range before { // row 1 was good
			var row int
			_, err := fmt.Sscanf(before[i], "%d:", &row)
			w.Must(err)
			before[i] = fmt.Sprint(row-1) + before[i][strings.IndexByte(before[i], ':'):]
		}
		testenv.Equal(t, "issues of the rejects", after, before)
		_, rows := w.mend(again)
		for i, cells := range rows { // but for the rows' numbers they are the same
			n := len(cells)
			testenv.Equal(t, "a row's number", cells[n-3], fmt.Sprint(i+1))
			cells[n-3] = first[i][len(first[i])-3]
		}
		testenv.Equal(t, "the rejects of the rejects", rows, first)

		for i, cells := range rows {
			own := []string{fmt.Sprint("Mended ", i), "", "a@b.example", "tom@partner.example"}
			rows[i] = append(own, cells[len(cells)-3:]...)
		}
		mended, issues := w.imported(drawnSheet{header: header, rows: rows}.text(), leave)
		testenv.Equal(t, "counts once mended", counts(mended), "COMPLETED 7+0+0+0+0 of 7")
		testenv.Equal(t, "issues once mended", issues, []string{})
		if mended.RejectsKey != nil {
			t.Error("there are rejects of nothing")
		}
		if _, _, err := w.engine(Options{}).OpenRejects(w.System, viewer.Principal{User: w.maria.ID}, mended.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a rejects file of nothing: %v", err)
		}
	})
}

// A page of the ledger may end in the middle of a row's problems, or right behind them.
func TestJ9RejectsOfManyIssuesLoseAndRepeatNone(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const rows = 1500
		for _, c := range []struct {
			what, row string
			each      int
		}{{"three problems a row", ",nobody,\n", 3}, {"two problems a row", ",nobody,tom@partner.example\n", 2}} {
			run, _ := w.imported(three+strings.Repeat(c.row, rows), dry)
			if n := len(w.ledger(run.ID)); n != c.each*rows {
				t.Fatalf("%s: %d issues", c.what, n)
			}
			_, lines := w.mend(run)
			if len(lines) != rows {
				t.Fatalf("%s: %d lines", c.what, len(lines))
			}
			for i, l := range lines {
				if n := strings.Count(l[5], "_email: ") + strings.Count(l[5], "name: "); n != c.each || l[3] != fmt.Sprint(i+1) {
					t.Fatalf("%s: row %d has %d problems: %s", c.what, i+1, n, l)
				}
			}
		}
	})
}

// A row may have more problems than are read at a time, wherever it stands in the file.
func TestJ9ARowOfManyProblemsLosesNoRow(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, three+",nobody,\n,nobody,\nB,nobody,tom@partner.example\n")
		c := w.claimed(e)
		w.Must(w.decode(c))
		batches := make(chan *batch, 1)
		w.Must(e.batches(w.System, w.kind(e, enum.Customers), c, batches))
		w.Must(e.commit(w.System, <-batches))
		insert, err := w.DB.SQL().PrepareContext(w.System, `INSERT INTO import_issues (import_run_id, "row", ordinal, line, "column", code, message) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
		w.Must(err)
		defer insert.Close()
		for row := 1; row <= 3; row++ {
			for _, n := range []int{rejectsPage - 1, rejectsPage, 2*rejectsPage + 1} {
				w.Exec(`DELETE FROM import_issues WHERE import_run_id = $1 AND "row" = $2`, run.ID, row)
				for i := range n {
					_, err := insert.ExecContext(w.System, run.ID, row, i, row+1, "name", string(enum.Required), fmt.Sprintf("problem %d", i))
					w.Must(err)
				}
				key, err := e.writeRejects(w.System, c)
				w.Must(err)
				if key == nil {
					t.Fatalf("%d problems of row %d: there is no rejects file", n, row)
				}
				file, err := w.blobs.OpenAt(w.System, *key, 0)
				w.Must(err)
				lines, err := csv.NewReader(file).ReadAll()
				w.Must(errors.Join(err, file.Close()))
				if len(lines) != 4 {
					t.Fatalf("%d problems of row %d: %d rows are in the rejects file", n, row, len(lines)-1)
				}
				told := lines[row][len(lines[row])-1]
				if !strings.HasPrefix(told, "name: problem 0; name: problem 1; ") || len(told) > csvfile.MaxCell {
					t.Errorf("%d problems of row %d: %d bytes of them, %.80s", n, row, len(told), told)
				}
			}
			w.Exec(`DELETE FROM import_issues WHERE import_run_id = $1 AND "row" = $2 AND ordinal > 2`, run.ID, row)
		}
	})
}

// F3, J9: the rejects of a file with as many columns as there may be import again.
func TestJ9RejectsOfTheWidestFileImportAgain(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		wide, leave := "name", []sheet.Mapping{}
		for i := range csvfile.MaxColumns - 1 {
			wide += fmt.Sprint(",x", i)
			leave = append(leave, out(fmt.Sprint("x", i)))
		}
		run, _ := w.imported(wide+"\n=A"+strings.Repeat(",", csvfile.MaxColumns-1)+"\n=B\n", mapping(leave...))
		testenv.Equal(t, "counts", counts(run), "COMPLETED 0+0+0+0+2 of 2")
		again, issues := w.imported(w.rejects(run), mapping(leave...))
		testenv.Equal(t, "counts of the rejects", counts(again), "COMPLETED 0+0+0+0+2 of 2")
		testenv.Equal(t, "issues of the rejects", issues, []string{"1:name:UNSAFE_CONTENT", "2::WRONG_FIELD_COUNT", "2:name:UNSAFE_CONTENT"})
		_, err := w.tryStart(w.engine(Options{}), w.maria, wide+",y\nA\n", mapping(append(leave, out("y"))...))
		if f := fault.Of(err); f == nil || f.Extra["reason"] != "TOO_MANY_COLUMNS" {
			t.Errorf("a column more: %v", err)
		}
	})
}

// R6: a row of too few or too many cells stays so, and is rejected again when it comes back
// as it is, or by way of a spreadsheet that fills up every row.
func TestR6AMisshapenRowStaysAsItWas(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", nil, "TEXT:phone", "TEXT:city")
		const head = "email,first_name,phone,city\n"
		take := func(file string) (*ent.ImportRun, []string) {
			e := w.engine(Options{})
			run := w.of(e, w.maria, enum.Contacts, w.partner, file)
			w.work(e)
			return w.state(run.ID), w.issues(run.ID)
		}
		run, issues := take(head + "a@ex.test,Ann,Berlin\nb@ex.test\nc@ex.test,Cem,1,Bonn,more\n,Eva,1,Bonn\n")
		wrong := []string{"1::WRONG_FIELD_COUNT", "2::WRONG_FIELD_COUNT", "3::WRONG_FIELD_COUNT", "4:email:REQUIRED"}
		testenv.Equal(t, "issues", issues, wrong)
		header, rows := w.mend(run)
		testenv.Equal(t, "the header", header, []string{"email", "first_name", "phone", "city", "import_row", "import_code", "import_problem"})
		var own []string
		for _, row := range rows {
			own = append(own, strings.Join(row[:len(row)-1], "|"))
		}
		testenv.Equal(t, "the rows", own, []string{
			"a@ex.test|Ann|Berlin|1|WRONG_FIELD_COUNT", "b@ex.test|2|WRONG_FIELD_COUNT", "c@ex.test|Cem|1|Bonn|more|3|WRONG_FIELD_COUNT",
			"|Eva|1|Bonn|4|REQUIRED",
		})
		first := w.rejects(run)
		filled := drawnSheet{header: header}
		for _, row := range rows {
			filled.rows = append(filled.rows, append(row, make([]string, max(0, len(header)-len(row)))...))
		}
		for what, file := range map[string]string{"as it is": first, "filled up": filled.text()} {
			again, issues := take(file)
			testenv.Equal(t, what, issues, wrong)
			testenv.Equal(t, what+", the rejects of the rejects", w.rejects(again), first)
		}
		if n := len(w.listed(w.partner.ID)); n != 0 {
			t.Errorf("%d contacts came of rows that nobody has mended", n)
		}
		// Mended, the rows are taken.
		for i, cells := range []string{"a@ex.test,Ann,,Berlin", "b@ex.test,Bob,1,Bonn", "c@ex.test,Cem,1,Bonn", "e@ex.test,Eva,1,Bonn"} {
			n := len(rows[i])
			rows[i] = append(strings.Split(cells, ","), rows[i][n-3:]...)
		}
		last, issues := take(drawnSheet{header: header, rows: rows}.text())
		testenv.Equal(t, "mended", counts(last), "COMPLETED 4+0+0+0+0 of 4")
		testenv.Equal(t, "mended", issues, []string{})
	})
}

func TestJ9RejectsOfOtherEncodings(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const text = "name\tcontact_email\tpartner_admin_email\nCafé GmbH\ta@b.example\ttom@partner.example\nMüller €\tnobody\ttom@partner.example\n"
		units := utf16.Encode([]rune(text))
		little, big := []byte{0xFF, 0xFE}, []byte{0xFE, 0xFF}
		for _, u := range units {
			little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
		}
		ansi, err := charmap.Windows1252.NewEncoder().String(text)
		w.Must(err)
		for what, file := range map[string]string{"UTF-16LE": string(little), "UTF-16BE": string(big), "windows-1252": ansi} {
			run, issues := w.imported(file, dry)
			testenv.Equal(t, what, counts(run), "COMPLETED 1+0+0+0+1 of 2")
			testenv.Equal(t, what, issues, []string{"2:contact_email:INVALID_EMAIL"})
			if got := w.rejects(run); !strings.HasPrefix(got, "\ufeffname\tcontact_email\tpartner_admin_email\timport_row\timport_code\timport_problem\nMüller €\tnobody\ttom@partner.example\t2\tINVALID_EMAIL\t") {
				t.Errorf("%s: %q", what, got)
			}
		}
	})
}

// A worker that dies between the rejects file and the final transaction leaves the next one
// to do both again.
func TestJ9ACrashBetweenTheRejectsAndTheEndChangesNothing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run := w.start(e, three+"A,a@b.example,tom@partner.example\nB,nobody,tom@partner.example\n")
		c := w.claimed(e)
		w.Must(w.decode(c))
		batches := make(chan *batch, 1)
		w.Must(e.batches(w.System, w.kind(e, enum.Customers), c, batches))
		w.Must(e.commit(w.System, <-batches))
		_, err := e.writeRejects(w.System, c)
		w.Must(err)
		before := w.blobKeys("rejects/")
		w.lapse(run.ID)
		w.work(e)
		r := w.state(run.ID)
		testenv.Equal(t, "counts", counts(r), "COMPLETED 1+0+0+0+1 of 2")
		if keys := w.blobKeys("rejects/"); !slices.Equal(keys, before) || *r.RejectsKey != keys[0] {
			t.Errorf("rejects %v, then %v", before, keys)
		}
		if n := strings.Count(w.rejects(r), "\n"); n != 2 {
			t.Errorf("the rejects have %d lines", n)
		}
		testenv.Equal(t, "notifications", len(w.notes(w.maria.ID, enum.ImportFinished)), 1)
		testenv.Equal(t, "tom's", len(w.notes(w.tom.ID, enum.PartnerAdminAdded)), 1)
	})
}

// J11: the rejects are for those who see the import.
func TestJ11RejectsAreDownloadedByWhoSeesTheImport(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run, _ := w.imported("name\n=x\n", func(in *StartInput) { in.File.Name = "List.CSV" })
		file, name, err := e.OpenRejects(w.System, viewer.Principal{User: w.User(w.partner, "boss@partner.example", enum.Admin).ID}, run.ID)
		if err != nil || name != "List-rejects.csv" {
			t.Fatalf("a fellow administrator: %q, %v", name, err)
		}
		w.Must(file.Close())
		for _, u := range []*ent.User{w.tom, w.inside, w.outside} {
			if _, _, err := e.OpenRejects(w.System, viewer.Principal{User: u.ID}, run.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", u.Email, err)
			}
		}
		if _, _, err := e.OpenRejects(w.System, viewer.Principal{User: w.gone.ID}, run.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an inactive user: %v", err)
		}
		w.Must(w.blobs.Delete(w.System, *run.RejectsKey))
		if _, _, err := e.OpenRejects(w.System, viewer.Principal{User: w.maria.ID}, run.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a file that is kept no longer: %v", err)
		}
	})
}
