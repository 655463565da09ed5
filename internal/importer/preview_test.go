package importer

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
)

// F8: the template imports as it stands once its example rows are replaced.
func TestF8TheTemplateImports(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		m, err := e.Template(w.as(w.maria), enum.Customers, nil)
		w.must(err)
		if m.FileName != "customers.csv" || m.Kind != enum.Customers || len(m.Columns) != 3 || m.MaxRows != 1_000_000 {
			t.Errorf("%+v", m)
		}
		head, examples, _ := strings.Cut(m.Content, "\n")
		if examples == "" {
			t.Error("there is no example")
		}
		run, issues := w.imported(head + "\nAcme,a@b.example,tom@partner.example\n")
		equal(t, "counts", counts(run), "COMPLETED 1+0+0+0+0 of 1")
		equal(t, "issues", issues, []string{})
		// As it is, it is a file like any other: only the example's person is unknown.
		_, issues = w.imported(m.Content)
		equal(t, "the example's issues", issues, []string{"1:partner_admin_email:UNKNOWN_PARTNER_ADMIN"})
	})
}

// What a preview tells is what the import will find, as far as the file alone tells, and
// nothing is kept of it.
func TestPreviewShowsWhatTheFileAloneTells(t *testing.T) {
	inWorlds(t, func(t *testing.T, w *world) {
		e := w.engine(Options{})
		look := func(text string, m ...Mapping) *Preview {
			p, err := e.Preview(w.as(w.maria), PreviewInput{File: File{Body: strings.NewReader(text)}, Kind: enum.Customers, Mappings: m})
			w.must(err)
			return p
		}
		p := look("Company;Nmae;import_problem\nAcme;x;old\n\nacme;y;old\n=x;"+strings.Repeat("z", 300)+";\n;;z\n", out("Nmae"))
		var got []string
		for _, i := range p.Issues {
			got = append(got, strings.Join([]string{*i.Column, string(i.Code), *i.Value}, "|"))
		}
		equal(t, "issues", got, []string{"Company|DUPLICATE_IN_FILE|acme", "Company|UNSAFE_CONTENT|=x", "Company|REQUIRED|"})
		equal(t, "samples", p.Samples, [][]string{{"Acme", "x", "old"}, {"acme", "y", "old"}, {"=x", strings.Repeat("z", 200), ""}, {"", "", "z"}})
		equal(t, "columns", p.Columns, []PreviewColumn{{"Company", "name", ""}, {"Nmae", "", "name"}, {"import_problem", "import_problem", ""}})
		if p.Rows != 4 || p.Problem != nil || p.Delimiter() != ";" {
			t.Errorf("%d rows, problem %v, delimiter %q", p.Rows, p.Problem, p.Delimiter())
		}
		// Behind a problem of the columns it goes on, and behind one of the file it stops.
		if p := look("Nmae\nAcme\nBeta\n"); p.Problem == nil || p.Problem.Suggestion != "name" || p.Rows != 2 || len(p.Samples) != 2 || len(p.Issues) != 0 {
			t.Errorf("%+v", p)
		}
		if p := look(""); p.Problem == nil || p.Problem.Reason != "EMPTY" || p.Samples == nil || p.Issues == nil {
			t.Errorf("%+v", p)
		}
		if p := look("name\n" + strings.Repeat("=x\n", 3000)); p.Rows != 3000 || len(p.Issues) != previewIssues || len(p.Samples) != sampleRows {
			t.Errorf("%d rows, %d issues, %d samples", p.Rows, len(p.Issues), len(p.Samples))
		}
		w.keptNothing("previews")
	})
}
