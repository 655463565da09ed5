package sheet_test

import (
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/sheet"
)

// F5: a mapping translates values, ignoring case, before they are validated; what is not in it
// stays; an issue shows what the file holds.
func TestF5ValuesAreTranslated(t *testing.T) {
	t.Parallel()
	status := to("Status", "active")
	status.Values = []sheet.ValueMapping{{From: "Im Dienst", To: "true"}, {From: "ÜBER", To: "=1+1"}, {From: "weg", To: ""}, {From: "", To: "false"}, {From: "=alt", To: "yes"}}
	h := []string{"email", "Status", "Fax"}
	l, p := sheet.Match(builtIn(enum.Users), csvfile.Format{Header: h, Columns: len(h), Delimiter: ','}, []sheet.Mapping{status, out("Fax")}, enum.RefuseUnknown)
	if p != nil {
		t.Fatal(p)
	}
	raw, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var own []sheet.Column
	if l, err = sheet.DecodeLayout(raw, own); err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{
		"im dienst": "true", " IM\u00a0DIENST ": "true", "im dienst!": "im dienst!", "weg": "", "": "false", " ": "false", "'=alt": "yes", "true": "true",
		"u\u0308ber": "=1+1 UNSAFE_CONTENT über", strings.Repeat(" ", 30_000) + "weg": "",
	} {
		r := l.Read(&csvfile.Record{Row: 1, Line: 2, Fields: 3, Cells: []string{"a@x.example", cell, "=weg"}})
		got := r.Values[1]
		for _, i := range r.Issues() {
			got += " " + string(i.Code) + " " + *i.Value
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", sheet.Cut(cell, 20), got, want)
		}
	}
}
