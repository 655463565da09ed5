package importer

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/csvfile"
	"tenantry/internal/fault"
)

// rejects reads an import's rejects file as its importer downloads it.
func (w *world) rejects(run *ent.ImportRun) string {
	w.t.Helper()
	file, _, err := w.engine(Options{}).OpenRejects(w.system, *run.CreatedByID, run.ID)
	w.must(err)
	defer file.Close()
	text, err := io.ReadAll(file)
	w.must(err)
	return string(text)
}

func mapping(mappings ...Mapping) func(*StartInput) {
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
		equal(t, "counts", counts(run), "COMPLETED 1+0+0+1+5 of 7")
		const formula = "a cell may not begin with =, +, -, @, a tab or a carriage return unless it is a plain number or a phone number: spreadsheets would run it as a formula"
		equal(t, "the rejects", w.rejects(run), strings.Join([]string{
			`Partner admin,Note,E-Mail,Company,import_problem`,
			`nobody," 'quoted' ",nobody,"` + " Two\r\nlines " + `","Partner admin: ""nobody"" is no active user of your company; add the user first, or name another; E-Mail: ""nobody"" is no email address such as office@example.com"`,
			`tom@partner.example,'=1+1,a@b.example,'=SUM(A1),"Note: ` + formula + `; Company: ` + formula + `"`,
			`tom@partner.example,,a@b.example,'=SUM(A1),"Company: ` + formula + `"`,
			`tom@partner.example,,a@b.example,Beta,"the row has 7 cells, the header 5 columns; quote cells that hold the delimiter ("";"")",more,'=x`,
			`tom@partner.example,,,,"the row has 2 cells, the header 5 columns; quote cells that hold the delimiter ("";"")"`, ``,
		}, "\n"))
	})
}

// J9: what comes back imports again, to the same judgement as it is and cleanly once mended.
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
			"D,"+huge+",a@b.example,tom@partner.example\n"+
			"E,x,a@b.example,tom@partner.example,too,many\n"+
			"<script>F,x,a@b.example,\n", leave)
		equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+7 of 8")
		file := w.rejects(run)
		again, after := w.imported(file, leave)
		equal(t, "counts of the rejects", counts(again), "COMPLETED 0+0+0+0+7 of 7")
		for i := range before { // row 1 was good
			var row int
			_, err := fmt.Sscanf(before[i], "%d:", &row)
			w.must(err)
			before[i] = fmt.Sprint(row-1) + before[i][strings.IndexByte(before[i], ':'):]
		}
		equal(t, "issues of the rejects", after, before)
		// With its one more column the row that has too many counts one more of both.
		equal(t, "the rejects of the rejects", w.rejects(again), strings.Replace(file, "has 6 cells, the header 4", "has 7 cells, the header 5", 1))

		rows, err := csv.NewReader(strings.NewReader(strings.Replace(file, ",too,many", "", 1))).ReadAll()
		w.must(err)
		for i, cells := range rows[1:] {
			cells[0], cells[1], cells[2], cells[3] = fmt.Sprint("Mended ", i), "", "a@b.example", "tom@partner.example"
		}
		mended, issues := w.imported(sheet{header: rows[0], rows: rows[1:]}.text(), leave)
		equal(t, "counts once mended", counts(mended), "COMPLETED 7+0+0+0+0 of 7")
		equal(t, "issues once mended", issues, []string{})
		if mended.RejectsKey != nil {
			t.Error("there are rejects of nothing")
		}
		if _, _, err := w.engine(Options{}).OpenRejects(w.system, w.maria.ID, mended.ID); !fault.Is(err, fault.NotFound) {
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
			lines, err := csv.NewReader(strings.NewReader(w.rejects(run))).ReadAll()
			w.must(err)
			if len(lines) != rows+1 {
				t.Fatalf("%s: %d lines", c.what, len(lines))
			}
			for i, l := range lines[1:] {
				if n := strings.Count(l[3], "; "); n != c.each-1 {
					t.Fatalf("%s: row %d has %d problems: %s", c.what, i+1, n+1, l[3])
				}
			}
		}
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
		w.must(err)
		for what, file := range map[string]string{"UTF-16LE": string(little), "UTF-16BE": string(big), "windows-1252": ansi} {
			run, issues := w.imported(file, dry)
			equal(t, what, counts(run), "COMPLETED 1+0+0+0+1 of 2")
			equal(t, what, issues, []string{"2:contact_email:INVALID_EMAIL"})
			if got := w.rejects(run); !strings.HasPrefix(got, "name,contact_email,partner_admin_email,import_problem\nMüller €,nobody,tom@partner.example,") {
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
		w.must(w.decode(c))
		batches := make(chan *batch, 1)
		w.must(e.batches(w.system, c, batches))
		w.must(e.commit(w.system, e.kinds[enum.Customers], <-batches))
		_, err := e.writeRejects(w.system, c)
		w.must(err)
		before := w.blobKeys("rejects/")
		w.lapse(run.ID)
		w.work(e)
		r := w.state(run.ID)
		equal(t, "counts", counts(r), "COMPLETED 1+0+0+0+1 of 2")
		if keys := w.blobKeys("rejects/"); !slices.Equal(keys, before) || *r.RejectsKey != keys[0] {
			t.Errorf("rejects %v, then %v", before, keys)
		}
		if n := strings.Count(w.rejects(r), "\n"); n != 2 {
			t.Errorf("the rejects have %d lines", n)
		}
		equal(t, "notifications", len(w.notes(w.maria.ID, enum.ImportFinished)), 1)
		equal(t, "tom's", len(w.notes(w.tom.ID, enum.PartnerAdminAdded)), 1)
	})
}

// J11: the rejects are for those who see the import.
func TestJ11RejectsAreDownloadedByWhoSeesTheImport(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		run, _ := w.imported("name\n=x\n", func(in *StartInput) { in.File.Name = "List.CSV" })
		file, name, err := e.OpenRejects(w.system, w.user(w.partner, "boss@partner.example", enum.Admin, true).ID, run.ID)
		if err != nil || name != "List-rejects.csv" {
			t.Fatalf("a fellow administrator: %q, %v", name, err)
		}
		w.must(file.Close())
		for _, u := range []*ent.User{w.tom, w.inside, w.outside} {
			if _, _, err := e.OpenRejects(w.system, u.ID, run.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", u.Email, err)
			}
		}
		if _, _, err := e.OpenRejects(w.system, w.gone.ID, run.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an inactive user: %v", err)
		}
		w.must(w.blobs.Delete(w.system, *run.RejectsKey))
		if _, _, err := e.OpenRejects(w.system, w.maria.ID, run.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a file that is kept no longer: %v", err)
		}
	})
}
