package importer

import (
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/testenv"
)

// F8: the template imports as it stands once its example rows are replaced.
func TestF8TheTemplateImports(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		m, err := e.Template(w.As(w.maria), enum.Customers, nil)
		w.Must(err)
		if m.FileName != "customers.csv" || m.Kind != enum.Customers || len(m.Columns) != 4 || m.MaxRows != 1_000_000 {
			t.Errorf("%+v", m)
		}
		head, examples, _ := strings.Cut(m.Content, "\n")
		if examples == "" {
			t.Error("there is no example")
		}
		run, issues := w.imported(head + "\nAcme,C-1,a@b.example,tom@partner.example\n")
		testenv.Equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+0 of 1")
		testenv.Equal(t, "issues", issues, []string{})
		// As it is, it is a file like any other: only the example's person is unknown.
		_, issues = w.imported(m.Content)
		testenv.Equal(t, "the example's issues", issues, []string{"1:partner_admin_email:UNKNOWN_PARTNER_ADMIN"})
	})
}

// What a preview tells of the first rows is what the import will find, and nothing is kept
// of it.
func TestPreviewShowsWhatTheImportWillFind(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		look := func(text string, m ...sheet.Mapping) *Preview {
			p, err := e.Preview(w.As(w.maria), Request{File: File{Body: strings.NewReader(text)}, Kind: enum.Customers, Mappings: m})
			w.Must(err)
			return p
		}
		p := look("Company;Nmae;import_problem\nAcme;x;old\n\nacme;y;old\n=x;"+strings.Repeat("z", 300)+";\n;;z\n", out("Nmae"))
		var got []string
		for _, i := range p.Issues {
			got = append(got, strings.Join([]string{*i.Column, string(i.Code), *i.Value}, "|"))
		}
		testenv.Equal(t, "issues", got, []string{"Company|DUPLICATE_IN_FILE|acme", "Company|UNSAFE_CONTENT|=x", "Company|REQUIRED|"})
		testenv.Equal(t, "samples", p.Samples, [][]string{{"Acme", "", "old"}, {"acme", "", "old"}, {"=x", "", ""}, {"", "", "z"}})
		testenv.Equal(t, "columns", p.Columns, []PreviewColumn{{Header: "Company", Field: "name", Source: enum.FromAlias}, {Header: "Nmae", Source: enum.LeftOut}, {Header: "import_problem", Field: "import_problem", Source: enum.FromName}})
		if p.Rows != 4 || p.Problem != nil || p.Layout.Delimiter() != ";" {
			t.Errorf("%d rows, problem %v, delimiter %q", p.Rows, p.Problem, p.Layout.Delimiter())
		}
		// A long cell is cut; what is not recognised, and nobody has left out, is shown.
		p = look("name;Nmae\n" + strings.Repeat("z", 300) + ";x\n")
		testenv.Equal(t, "samples of what is not recognised", p.Samples, [][]string{{strings.Repeat("z", 200), "x"}})
		// Behind a problem of the columns it goes on, and behind one of the file it stops.
		if p := look("Nmae\nAcme\nBeta\n"); p.Problem == nil || p.Problem.Suggestion != "name" || p.Rows != 2 || len(p.Samples) != 2 || len(p.Issues) != 0 {
			t.Errorf("%+v", p)
		}
		if p := look(""); p.Problem == nil || p.Problem.Reason != "EMPTY" || p.Samples == nil || p.Issues == nil {
			t.Errorf("%+v", p)
		}
		// I6, I7: who is there decides.
		p = look(three + "old  customer,nobody,tom@partner.example\nBeta,a@b.example,gone@partner.example\n")
		testenv.Equal(t, "issues of those who are there", codes(p), "1:name:ALREADY_EXISTS 2:partner_admin_email:UNKNOWN_PARTNER_ADMIN")
		if p := look("name\n" + strings.Repeat("=x\n", 3000)); p.Rows != 3000 || len(p.Issues) != previewIssues || len(p.Samples) != sampleRows {
			t.Errorf("%d rows, %d issues, %d samples", p.Rows, len(p.Issues), len(p.Samples))
		}
		w.keptNothing("previews")
	})
}

// codes lists a preview's issues as row:column:CODE.
func codes(p *Preview) string {
	var out []string
	for _, i := range p.Issues {
		out = append(out, fmt.Sprintf("%d:%s:%s", i.Row, deref(i.Column), i.Code))
	}
	return strings.Join(out, " ")
}

// K3, I9–I14: a preview of contacts validates custom fields by the company's types, and all that
// the rows refer to, also what earlier rows of the file have done.
func TestPreviewJudgesContactsByTheCompanysOwn(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		w.furnish(w.partner, "p1", []string{"VIP"}, "NUMBER:seats", "BOOLEAN:is_paying", "DATE:renewal_date", "TEXT:plan")
		p, err := w.engine(Options{}).Preview(w.As(w.maria), Request{Kind: enum.Contacts, File: File{Body: strings.NewReader(
			"id,email,first_name,project,desk,labels,seats,is_paying,renewal_date,plan\n" +
				"ext-1,ann@x.example,Ann,p1,default,VIP,7.5,TRUE,2026-12-31,gold\n" +
				",bob@x.example,Bob,,,,seven,perhaps,31.12.2026," + strings.Repeat("x", 10_001) + "\n" +
				",cem@x.example,Cem,p2,d2,vip:VIP,,,,\n" +
				"ext-2,ANN@x.example,,,,,,,,\n" +
				"ext-1,dan@x.example,,,,,,,,\n" +
				",dan@x.example,,,,,,,,\n" +
				",ann@x.example,,,,,,,,\n" +
				",,,,,,,,,x\n")}})
		w.Must(err)
		testenv.Equal(t, "issues", codes(p), "2:seats:INVALID_VALUE 2:is_paying:INVALID_VALUE 2:renewal_date:INVALID_VALUE 2:plan:TOO_LONG "+
			"3:project:UNKNOWN_PROJECT 3:desk:UNKNOWN_DESK 3:labels:UNKNOWN_LABEL "+
			"4:email:EMAIL_TAKEN 7:first_name:REQUIRED 8:email:REQUIRED 8:first_name:REQUIRED")
		w.keptNothing("a preview of contacts")
	})
}

// U4, U6, I15: a preview of users tells whom the import may not touch, and no password.
func TestPreviewJudgesUsersByTheDirectory(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		p, err := w.engine(Options{}).Preview(w.As(w.maria), Request{Kind: enum.Users, File: File{Body: strings.NewReader(people +
			"maria@partner.example,,,secret-1,false\n" +
			"OUTSIDE@plain.example,Out,Side,secret-2,\n" +
			"new@partner.example,,Only,short,perhaps\n" +
			"tom@partner.example,Tom,,secret-3,no\n")}})
		w.Must(err)
		testenv.Equal(t, "issues", codes(p), "1:password:FORBIDDEN 1:active:FORBIDDEN 2:email:EMAIL_TAKEN 3:first_name:REQUIRED 3:password:TOO_SHORT 3:active:INVALID_VALUE")
		for _, i := range p.Issues {
			if strings.Contains(i.Message+deref(i.Value), "secret") || strings.Contains(i.Message+deref(i.Value), "short,") {
				t.Errorf("%s shows a password: %s", i.Code, i.Message)
			}
		}
		w.keptNothing("a preview of users")
	})
}

// A preview validates as many of the first rows as make up a batch, whatever long cells they have.
func TestPreviewOfLongCellsIsBounded(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		p, err := w.engine(Options{BatchBytes: 1_000}).Preview(w.As(w.maria), Request{Kind: enum.Customers,
			File: File{Body: strings.NewReader("name\n" + strings.Repeat("="+strings.Repeat("x", 299)+"\n", 20))}})
		w.Must(err)
		if p.Rows != 20 || len(p.Issues) != 4 || len(p.Samples) != sampleRows {
			t.Errorf("%d rows, %d issues, %d samples", p.Rows, len(p.Issues), len(p.Samples))
		}
	})
}
