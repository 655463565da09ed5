package importer

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// mend gives the rejects of an import as cells, header first, for a person to mend.
func (w *world) mend(run *ent.ImportRun) (header []string, rows [][]string) {
	w.T.Helper()
	text, marked := strings.CutPrefix(w.rejects(run), "\ufeff")
	if !marked {
		w.T.Errorf("the rejects file does not begin with a byte order mark")
	}
	r := csv.NewReader(strings.NewReader(text))
	if layout, err := sheet.DecodeLayout(run.Format, nil); err == nil {
		r.Comma = rune(layout.File.Delimiter) // of the upload
	}
	r.FieldsPerRecord = -1 // a row with too many cells has them still
	all, err := r.ReadAll()
	w.Must(err)
	return all[0], all[1:]
}

// J9, U2: passwords are blank in the rejects of users. As they are new users' rows are rejected
// for want of one; with the passwords filled in again, and the rest mended, all are imported.
func TestJ9RejectsOfUsersImportAgain(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		const file = "Password,Last name,E mail,First name,active\n" +
			"=1+1+1+1,Good,good@example.net,All,\n" +
			"secret-kim,Park,kim(at)example.net,Kim,true\n" + // a bad email
			"short,Ng,lee@example.net,Lee,true\n" + // a bad password
			"secret-max,Mora,max@example.net,'=Max,=perhaps\n" + // a name and a truth that are formulas
			",Only,nina@example.net,Nina,no\n" + // no password
			"secret-ola,Berg,ola@example.net\n" + // cells are missing
			"secret-tom,,tom@partner.example,,maybe\n" + // a known user
			",,maria@partner.example,,false\n" // oneself
		leave := mapping(sheet.Mapping{Header: "E mail", Field: new("email")})
		run := w.of(w.engine(Options{}), w.maria, enum.Users, w.partner, file, leave)
		w.work(w.engine(Options{}))
		first := w.state(run.ID)
		testenv.Equal(t, "counts", counts(first), "COMPLETED 1+0+0+0+7 of 8")
		header, rows := w.mend(first)
		testenv.Equal(t, "the header", header, []string{"Password", "Last name", "E mail", "First name", "active", "import_row", "import_code", "import_problem"})
		for _, row := range rows {
			if row[0] != "" {
				t.Errorf("a password stands in %q", row)
			}
		}

		take := func(rows [][]string) (*ent.ImportRun, []string) {
			run := w.of(w.engine(Options{}), w.maria, enum.Users, w.partner, drawnSheet{header: header, rows: rows}.text(), leave)
			w.work(w.engine(Options{}))
			return w.state(run.ID), w.issues(run.ID)
		}
		again, issues := take(rows)
		testenv.Equal(t, "counts as they are", counts(again), "COMPLETED 0+0+0+0+7 of 7")
		testenv.Equal(t, "issues as they are", issues, []string{
			"1:Password:REQUIRED", "1:E mail:INVALID_EMAIL", "2:Password:REQUIRED", "3:Password:REQUIRED", "3:First name:UNSAFE_CONTENT", "3:active:UNSAFE_CONTENT",
			"4:Password:REQUIRED", "5::WRONG_FIELD_COUNT", "6:active:INVALID_VALUE", "7:active:FORBIDDEN",
		})
		_, rows = w.mend(again) // and what comes back of those is mended
		rows[4] = []string{"secret-ola", "Berg", "ola@example.net", "Ola", "", "", "", ""}
		for i, row := range rows {
			for column, cell := range map[int]map[int]string{
				0: {0: "secret-kim", 2: "kim@example.net"},
				1: {0: "  long enough "},
				2: {0: "secret-max", 3: "Max", 4: "true"},
				3: {0: "secret-nina"},
				5: {0: "secret-tom", 4: "yes"},
				6: {4: ""},
			}[i] {
				row[column] = cell
			}
		}
		mended, issues := take(rows)
		testenv.Equal(t, "issues once mended", issues, []string{})
		testenv.Equal(t, "counts once mended", counts(mended), "COMPLETED 5+1+1+0+0 of 7")
		for _, email := range []string{"kim", "max", "nina", "ola"} {
			if !w.has(email+"@example.net", "secret-"+email) {
				t.Errorf("the password of %s is another", email)
			}
		}
		if !w.has("lee@example.net", "  long enough ") || !w.has("tom@partner.example", "secret-tom") || !w.has("good@example.net", "=1+1+1+1") {
			t.Error("the passwords of lee, tom and good are not what was filled in")
		}
		if mended.RejectsKey != nil {
			t.Error("there are rejects of nothing")
		}
	})
}

// J9: the rejects of contacts, with custom fields, labels, ids and companies as they were.
func TestJ9RejectsOfContactsImportAgain(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "p1", []string{"VIP", "a:b"}, "NUMBER:seats", "DATE:renewal_date")
		w.furnish(w.customer, "p2", []string{"Theirs"})
		w.PartnerAdmin(w.customer, w.maria)
		theirs, nobodys := w.customer.ID.String(), w.plain.ID.String()
		file := "sep=;\nEmail;First name;client id;Project;company_id;labels;seats;renewal-date;Remarks\n" +
			"good@x.example;Good;0001;p1;;VIP;7;2026-12-31;\n" +
			"ann@;Ann;0002;p1;;VIP;007;2026-12-31;\n" +
			"bob@x.example;Bob;0003;p2;;VIP:a\\:b:none;seven;31.12.2026;\"two\nlines\"\n" +
			"cem@x.example;Cem;0004;p2;" + theirs + ";Theirs;1;;\n" +
			"dan@x.example;Dan;0005;;" + nobodys + ";;;;'=1\n" +
			"good@x.example;Other;0006;;;;;;\n" +
			";;;;;;;2026-12-31;\n" +
			"eva@x.example;=Eva;0007;;;;;;\n"
		leave := mapping(out("Remarks"))
		e := w.engine(Options{})
		run := w.of(e, w.maria, enum.Contacts, w.partner, file, leave)
		w.work(e)
		first := w.state(run.ID)
		testenv.Equal(t, "counts", counts(first), "COMPLETED 1+0+0+0+7 of 8")
		header, rows := w.mend(first)
		take := func() (*ent.ImportRun, []string) {
			run := w.of(e, w.maria, enum.Contacts, w.partner, drawnSheet{header: header, rows: rows}.text(), leave)
			w.work(e)
			return w.state(run.ID), w.issues(run.ID)
		}
		again, issues := take()
		testenv.Equal(t, "counts as they are", counts(again), "COMPLETED 0+0+0+0+7 of 7")
		before := slices.Clone(w.issues(run.ID))
		for i := range before { // row 1 was good
			var row int
			_, err := fmt.Sscanf(before[i], "%d:", &row)
			w.Must(err)
			before[i] = fmt.Sprint(row-1) + before[i][strings.IndexByte(before[i], ':'):]
		}
		testenv.Equal(t, "issues as they are", issues, before)
		for row, cells := range map[int]map[int]string{
			0: {0: "ann@x.example"},
			1: {3: "p1", 5: `VIP:a\:b`, 6: "7", 7: "2026-12-31"},
			2: {6: ""},
			3: {4: ""},
			4: {0: "fay@x.example"},
			5: {0: "gil@x.example", 1: "Gil"},
			6: {1: "Eva"},
		} {
			for column, cell := range cells {
				rows[row][column] = cell
			}
		}
		mended, issues := take()
		testenv.Equal(t, "issues once mended", issues, []string{})
		testenv.Equal(t, "counts once mended", counts(mended), "COMPLETED 7+0+0+0+0 of 7")
		testenv.Equal(t, "the contacts", w.listed(w.partner.ID), []string{
			"ann@x.example|Ann|||ann|0002|p1|default|true|PERSONAL|VIP|renewal_date=2026-12-31+seats=7",
			"bob@x.example|Bob|||bob|0003|p1|default|true|PERSONAL|VIP+a:b|renewal_date=2026-12-31+seats=7",
			"dan@x.example|Dan|||dan|0005|default|default|true|PERSONAL||",
			"eva@x.example|Eva|||eva|0007|default|default|true|PERSONAL||",
			"fay@x.example|Other|||fay|0006|default|default|true|PERSONAL||",
			"gil@x.example|Gil|||gil||default|default|true|PERSONAL||renewal_date=2026-12-31",
			"good@x.example|Good|||good|0001|p1|default|true|PERSONAL|VIP|renewal_date=2026-12-31+seats=7",
		})
		testenv.Equal(t, "the customer's", w.listed(w.customer.ID), []string{"cem@x.example|Cem|||cem|0004|p2|default|true|PERSONAL|Theirs|"})
	})
}
