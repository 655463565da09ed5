package sheet_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/sheet"
)

// F3, F5: whatever a header says, each column comes to mean one known field or the file is
// refused with a reason, and letter case, spaces, hyphens and underscores make no difference.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{
		"name", "Company name,contact email,partner-admin_email", "email,first name,id,labels", "e-mail,EMAIL", "email,password,active", ",", "import_problem,name", "import_row,import code,name,importproblem",
		"\u0130d", "e\u200bmail,first\u00a0name", "na\u0308me,contact_mail", "company_id,labels_id,created at", "nam", "_", "---,email",
	} {
		f.Add(seed, "_")
	}
	f.Fuzz(func(t *testing.T, text, filler string) {
		headers := strings.Split(text, ",")
		if !utf8.ValidString(text) || len(headers) > csvfile.MaxColumns {
			t.Skip()
		}
		for _, kind := range []enum.ImportKind{enum.Customers, enum.Contacts, enum.Users} {
			v := builtIn(kind)
			l, problem := sheet.Match(v, csvfile.Format{Header: headers, Columns: len(headers)}, nil, enum.RefuseUnknown)
			if len(l.Fields) != len(headers) {
				t.Fatalf("%q: %d fields", headers, len(l.Fields))
			}
			seen := map[string]bool{}
			for i, field := range l.Fields {
				if field == "" || sheet.IsRejectColumn(field) {
					if field == "" && problem == nil && headers[i] != "" {
						t.Fatalf("%q is accepted as %s with nothing known of column %d", headers, kind, i)
					}
					continue
				}
				if _, known := v.Column(field); !known || seen[field] && problem == nil {
					t.Fatalf("%q as %s: column %d means %q", headers, kind, i, field)
				}
				seen[field] = true
			}
			if problem != nil {
				if problem.Reason == "" || problem.Message == "" || !utf8.ValidString(problem.Message) {
					t.Fatalf("%q as %s: %+v", headers, kind, problem)
				}
				if s := problem.Suggestion; problem.Reason == csvfile.UnknownColumn && s != "" {
					if _, known := v.Column(s); !known {
						t.Fatalf("%q as %s: %q is suggested", headers, kind, s)
					}
				}
			}
			// Spelt otherwise it is the same.
			if strings.Trim(filler, " -_\t") != "" {
				continue
			}
			other := slices.Clone(headers)
			for i, h := range other {
				if isASCII(h) {
					other[i] = filler + strings.ToUpper(strings.Join(strings.Split(h, ""), filler))
				}
			}
			again, wrong := sheet.Match(v, csvfile.Format{Header: other, Columns: len(other)}, nil, enum.RefuseUnknown)
			if (wrong == nil) != (problem == nil) || !slices.Equal(again.Fields, l.Fields) {
				t.Fatalf("%q as %s means %q, %q means %q", headers, kind, l.Fields, other, again.Fields)
			}
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
