package sheet_test

import (
	"fmt"
	"strings"
	"testing"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/sheet"
)

// remembering is the memory of these mappings, one import after another, as it comes back from
// the store.
func remembering(t *testing.T, imports ...[]sheet.Mapping) sheet.Memory {
	t.Helper()
	var m sheet.Memory
	for _, mappings := range imports {
		next, _, err := m.With(mappings)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := next.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if m, err = sheet.DecodeMemory(raw); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// sources matches headers where this is remembered; it gives field:SOURCE, or what is wrong.
func sources(kind enum.ImportKind, m sheet.Memory, unknown enum.UnknownColumns, headers string, mappings ...sheet.Mapping) string {
	v := builtIn(kind)
	v.Remembered = m
	h := strings.Split(headers, ",")
	l, p := sheet.Match(v, csvfile.Format{Header: h, Columns: len(h)}, mappings, unknown)
	if p != nil {
		return string(p.Reason) + ":" + p.Column
	}
	all := make([]string, len(h))
	for i := range h {
		all[i] = l.Fields[i] + ":" + string(l.Sources[i])
	}
	return strings.Join(all, " ")
}

// F5: what a header was mapped to is used again where nothing else is said: after explicit
// mappings, names and aliases.
func TestF5MappingsAreRemembered(t *testing.T) {
	t.Parallel()
	german := remembering(t, []sheet.Mapping{to("Vorname", "first_name"), to("Nachname", "last_name"), to("Surname", "middle_name"), out("Fax"), to("Weg", "no_more")})
	for _, c := range []struct {
		what, headers, want string
		mappings            []sheet.Mapping
		unknown             enum.UnknownColumns
	}{
		{"used again", "E-Mail,VOR-NAME,Nachname", "email:NAME first_name:REMEMBERED last_name:REMEMBERED", nil, enum.RefuseUnknown},
		{"an explicit mapping goes before", "email,Vorname", "email:NAME username:EXPLICIT", []sheet.Mapping{to("Vorname", "username")}, enum.RefuseUnknown},
		{"left out by name", "email,Vorname", "email:NAME :LEFT_OUT", []sheet.Mapping{out("Vorname")}, enum.RefuseUnknown},
		{"an alias goes before", "email,Surname", "email:NAME last_name:ALIAS", nil, enum.RefuseUnknown},
		{"another column means it already", "email,first_name,Vorname", "UNKNOWN_COLUMN:Vorname", nil, enum.RefuseUnknown},
		{"… which is left out then", "email,first_name,Vorname", "email:NAME first_name:NAME :LEFT_OUT", nil, enum.LeaveOutUnknown},
		{"what was left out is not remembered", "email,Fax", "UNKNOWN_COLUMN:Fax", nil, enum.RefuseUnknown},
		{"the field is gone", "email,Weg", "UNKNOWN_COLUMN:Weg", nil, enum.RefuseUnknown},
		{"with the others left out", "email,Vorname,Fax", "email:NAME first_name:REMEMBERED :LEFT_OUT", nil, enum.LeaveOutUnknown},
	} {
		if got := sources(enum.Contacts, german, c.unknown, c.headers, c.mappings...); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	forgotten := remembering(t, []sheet.Mapping{to("Vorname", "first_name")}, []sheet.Mapping{out("VORNAME")})
	if got := sources(enum.Contacts, forgotten, enum.RefuseUnknown, "email,Vorname"); got != "UNKNOWN_COLUMN:Vorname" {
		t.Errorf("a header that was left out since: %s", got)
	}
	// The newest counts; and two headers that were mapped to one field in two imports are not both it.
	m := remembering(t, []sheet.Mapping{to("Vorname", "username")}, []sheet.Mapping{to("Vorname", "first_name")}, []sheet.Mapping{to("Rufname", "first_name")})
	if got := sources(enum.Contacts, m, enum.RefuseUnknown, "email,Vorname"); got != "email:NAME first_name:REMEMBERED" {
		t.Error(got)
	}
	if got := sources(enum.Contacts, m, enum.LeaveOutUnknown, "email,Vorname,Rufname"); got != "email:NAME first_name:REMEMBERED :LEFT_OUT" {
		t.Error(got)
	}
}

// F5: no more is remembered than is bounded, and the oldest is forgotten first.
func TestF5TheMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var imports [][]sheet.Mapping
	for i := range 4 {
		var one []sheet.Mapping
		for n := range 150 {
			one = append(one, to(fmt.Sprintf("header %d", 150*i+n), "first_name"))
		}
		imports = append(imports, one)
	}
	m := remembering(t, imports...)
	got := m.Headers()
	if len(got) != sheet.MaxRemembered || strings.Contains(fmt.Sprint(got), "header99 ") || !strings.Contains(fmt.Sprint(got), "header100 ") {
		t.Errorf("%d: %q", len(got), got)
	}
	// Bytes count too, and an import whose mappings do not fit leaves a sound memory.
	var large []sheet.Mapping
	for n := range sheet.MaxMappings {
		h := fmt.Sprintf("%d%s", n, strings.Repeat("Ä", sheet.MaxColumnName))
		large = append(large, sheet.Mapping{Header: h, Field: large0(), Values: []sheet.ValueMapping{{From: strings.Repeat("f", 200), To: strings.Repeat("t", 200)}}})
	}
	m = remembering(t, imports[0], large)
	raw, err := m.Encode()
	if err != nil || len(raw) > sheet.MaxRememberedBytes || len(raw) < sheet.MaxRememberedBytes-2_000 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	if _, changed, err := m.With([]sheet.Mapping{large[len(large)-1], out("x")}); changed || err != nil {
		t.Errorf("changed %v by what is remembered, %v", changed, err)
	}
}

func large0() *string { s := "first_name"; return &s }
