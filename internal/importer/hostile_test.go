package importer

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// letters are n different ones, none of them ASCII.
func letters(n int) string {
	var s strings.Builder
	for r := rune(0x4E00); n > 0; n-- {
		s.WriteRune(r)
		r++
	}
	return s.String()
}

// K5, R1: addresses that are too long, and would be slow to fold, are so many rows that fail.
func TestK5LongAddressesFailAndNoMore(t *testing.T) {
	long := "a@" + letters(10_000) // just below the limit of a cell
	inWorlds(t, func(t *testing.T, w *world) {
		for kind, file := range map[enum.ImportKind]string{
			enum.Contacts:  "email,first_name\n" + strings.Repeat(long+",Ann\n", 25),
			enum.Users:     "email,first_name,last_name,password\n" + strings.Repeat(long+",Ann,Lee,secret-enough\n", 25),
			enum.Customers: "name,contact_email,partner_admin_email\n" + strings.Repeat("Acme,"+long+","+long+"\n", 25),
		} {
			run := w.of(w.engine(Options{}), w.maria, kind, w.partner, file)
			w.work(w.engine(Options{}))
			testenv.Equal(t, string(kind), counts(w.state(run.ID)), "COMPLETED 0+0+0+0+25 of 25")
		}
	})
}

// R1: at most 50 issues are kept of one row, and the last of them says how many there were.
func TestR1AtMostFiftyIssuesOfARow(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", []string{"VIP"})
		var labels, ids []string
		for i := range 5_000 {
			labels, ids = append(labels, fmt.Sprintf("l%d", i)), append(ids, fmt.Sprintf("i%d", i))
		}
		cell := strings.Join(labels, ":") + ":VIP:l1:l2" // each unknown one once
		run := w.of(w.engine(Options{}), w.maria, enum.Contacts, w.partner,
			"email,first_name,labels,labels_id\nnobody,,"+cell+","+strings.Join(ids, ":")+"\nann@example.org,Ann,VIP,\n")
		w.work(w.engine(Options{}))
		state := w.state(run.ID)
		testenv.Equal(t, "counts", counts(state), "COMPLETED 1+0+0+0+1 of 2")
		kept := w.ledger(run.ID)
		testenv.Equal(t, "kept", len(kept), sheet.MaxRowIssues)
		testenv.Equal(t, "the first", []enum.IssueCode{kept[0].Code, kept[1].Code, kept[2].Code}, []enum.IssueCode{enum.InvalidEmail, enum.Required, enum.UnknownLabel})
		for i, issue := range kept {
			if last := i == sheet.MaxRowIssues-1; last != strings.Contains(issue.Message, "10002 problems") {
				t.Errorf("issue %d says %q", i, issue.Message)
			}
			if utf8.RuneCountInString(deref(issue.Value)) > sheet.MaxIssueValue {
				t.Errorf("issue %d shows %d characters", i, utf8.RuneCountInString(*issue.Value))
			}
		}
		if n := len(w.rejects(state)); n > 3*len(cell) {
			t.Errorf("the rejects have %d bytes", n)
		}
	})
}

// R1: rows with more problems than an ordinary row can have make smaller batches, so that
// memory does not grow with what is wrong.
func TestR1BatchesAreBoundedInTheirIssuesToo(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		var labels []string
		for i := range 60 {
			labels = append(labels, fmt.Sprint(i))
		}
		hostile := strings.Repeat("a@example.org,Ann,"+strings.Join(labels, ":")+"\n", 2_000)
		ordinary := strings.Repeat("a@example.org,Ann,"+strings.Repeat("x", len(strings.Join(labels, ":")))+"\n", 2_000)
		largest := func(rows string) int {
			e := w.engine(Options{BatchBytes: 1 << 20})
			run := w.of(e, w.maria, enum.Contacts, w.partner, "email,first_name,labels\n"+rows)
			c := w.claimed(e)
			w.Must(w.decode(c))
			batches, most := make(chan *batch, 100), 0
			c.total = 10 * e.o.BatchRows // the size of a batch is bounded by bytes alone
			w.Must(e.batches(w.System, w.kind(e, enum.Contacts), c, batches))
			for b := range batches {
				most = max(most, len(b.rows))
			}
			w.Exec(`DELETE FROM import_runs WHERE id = $1`, run.ID)
			return most
		}
		if h, o := largest(hostile), largest(ordinary); o != 2_000 || h > o/15 || h < 20 {
			t.Errorf("%d rows of a hostile file are a batch, %d of an ordinary one", h, o)
		}
	})
}

// F5: what is said of a file's columns does not grow with their names.
func TestF5LongColumnNamesAreCut(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		header := "email"
		for i := range 190 {
			header += fmt.Sprintf(",%d%s", i, letters(400))
		}
		file := header + "\n" + strings.Repeat(strings.Repeat("="+letters(100)+",", 190)+"\n", 20)
		p, err := e.Preview(w.As(w.maria), Request{File: File{Body: strings.NewReader(file)}, Kind: enum.Contacts})
		w.Must(err)
		size := len(p.Problem.Message) + len(p.Problem.Column) + len(strings.Join(p.Problem.Accepted, ""))
		for _, c := range p.Columns {
			size += len(c.Header)
		}
		for _, s := range p.Samples {
			size += len(strings.Join(s, ","))
		}
		if size > 500_000 {
			t.Errorf("the preview has %d bytes", size)
		}
		_, err = w.tryStart(e, w.maria, file, func(in *StartInput) { in.Kind = enum.Contacts })
		if err == nil || len(fmt.Sprintf("%+v", err)) > 10_000 {
			t.Errorf("the refusal has %d bytes", len(fmt.Sprintf("%+v", err)))
		}
		// What a preview calls a column is what a mapping may call it.
		mappings := make([]sheet.Mapping, 0, len(p.Columns))
		for _, c := range p.Columns[1:] {
			mappings = append(mappings, out(c.Header))
		}
		p, err = e.Preview(w.As(w.maria), Request{File: File{Body: strings.NewReader(file)}, Kind: enum.Contacts, Mappings: mappings})
		w.Must(err)
		if p.Problem != nil {
			t.Errorf("with every column left out: %+v", p.Problem)
		}
	})
}

// K5: control and format characters do not come into emails, usernames and names by file; the
// cells of a company's own fields, and ids of other systems, are as they are.
func TestK5FilesBringNoControlCharacters(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "", []string{"Very Important"}, "TEXT:note")
		run := w.of(w.engine(Options{}), w.maria, enum.Contacts, w.partner, "email,first_name,last_name,username,labels,active,note,id\n"+
			"\ufeff\u200bann@example.org,\"An\r\nna\",\x1b[31mRed,a\u202enn,Very\tImportant\u200b,true\u200b,a\u200bb,e\u200b1\n"+
			"bob@example.org,\u200e \x07,,,,,,\n\"cem\n@example.org\",C,,,,,,\n"+
			"dan@example.org,\x01=1+1,,,,,,\n\x1a,,,,,,,\n")
		w.work(w.engine(Options{}))
		testenv.Equal(t, "counts", counts(w.state(run.ID)), "COMPLETED 1+0+0+0+3 of 4")
		testenv.Equal(t, "issues", w.issues(run.ID), []string{"2:first_name:REQUIRED", "3:email:INVALID_EMAIL", "4:first_name:UNSAFE_CONTENT"})
		c := w.DB.Ent().Contact.Query().OnlyX(w.System)
		testenv.Equal(t, "the contact", []string{c.Email, c.FirstName, *c.LastName, c.Username, *c.ExternalID}, []string{"ann@example.org", "An na", "[31mRed", "ann", "e\u200b1"})
		testenv.Equal(t, "the note", w.DB.Ent().CustomFieldValue.Query().OnlyX(w.System).Value, "a\u200bb")
		testenv.Equal(t, "labels", w.DB.Ent().ContactLabel.Query().CountX(w.System), 1)

		run = w.start(w.engine(Options{}), "Name\r\nX\r\n\x1a")
		w.work(w.engine(Options{}))
		testenv.Equal(t, "counts of customers", counts(w.state(run.ID)), "COMPLETED 1+0+0+0+0 of 1")
		run = w.of(w.engine(Options{}), w.maria, enum.Users, w.partner, "email,first_name,last_name,password\nkim@example.net\u200b,K\u200bim,Pa\trk,s3cret-\u200b-enough\n")
		w.work(w.engine(Options{}))
		testenv.Equal(t, "counts of users", counts(w.state(run.ID)), "COMPLETED 1+0+0+0+0 of 1")
		if !w.has("kim@example.net", "s3cret-\u200b-enough") {
			t.Error("the password, which is taken exactly, is another")
		}
	})
}
