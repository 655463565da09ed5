package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/fold"
	"tenantry/internal/id"
)

// Column is one field that a kind of import knows (the tables of docs/rules.md).
type Column struct {
	Name        string // canonical, such as first_name
	Aliases     []string
	Required    bool // for a new record
	Secret      bool // its cells are taken exactly as they are and shown nowhere (rules F6, U2)
	Exact       bool // its cells may have control and format characters (rule K5)
	Description string
	Example     string

	custom bool // a field of the company's own (rule K3)
}

// What a rejects file adds (rule J9), in its order; every import recognises these columns and
// passes over them. In a [Layout] each stands as a field of its name.
const (
	rowColumn     = "import_row"     // the row's number in the import that rejected it
	codeColumn    = "import_code"    // its problems' codes, each once
	problemColumn = "import_problem" // their messages
)

var rejectColumns = [...]string{rowColumn, codeColumn, problemColumn}

func isRejectColumn(field string) bool { return slices.Contains(rejectColumns[:], field) }

// maxColumnName is how many characters of a column's name count, in comparisons and in
// answers: no column that is known has so many. A file's may have 32 KiB each.
const maxColumnName = 250

// columnKey is what the name of a column is compared by.
func columnKey(name string) string { return fold.Column(cutRunes(name, maxColumnName)) }

// rejectColumn is which of them the header means; empty: none.
func rejectColumn(header string) string {
	key := columnKey(header)
	for _, c := range rejectColumns {
		if key == columnKey(c) {
			return c
		}
	}
	return ""
}

// companyColumn puts a row into another company (rule I13).
const companyColumn = "company_id"

// maxMappings bounds ImportCsvInput.columns.
const maxMappings = csvfile.MaxColumns

// Mapping is the caller's word on one header; Field nil: leave the column out.
type Mapping struct {
	Header string  `json:"header"`
	Field  *string `json:"field"`
}

// vocabulary knows what the headers of one kind of file mean, in one company.
type vocabulary struct {
	kind    enum.ImportKind
	columns []Column
	byKey   map[string]string // header key of a name or alias → canonical name
	keys    []string          // of byKey, in the order of the columns
	missing func(l Layout) (field, why string)
	others  []vocabulary // of the other kinds, to recognise their files (rule F5)

	company   id.ID // whose files it knows
	elsewhere func(keys []string) ([]Column, error)
}

// vocabularyOf makes the entry's vocabulary with the company's own columns behind the
// built-in ones, whose names they cannot take.
func vocabularyOf(of entry, custom []Column) vocabulary {
	v := vocabulary{kind: of.kind, columns: slices.Concat(of.columns, custom), byKey: map[string]string{}, missing: of.missing}
	for _, c := range v.columns {
		for _, spelling := range append([]string{c.Name}, c.Aliases...) {
			v.know(columnKey(spelling), c.Name)
		}
	}
	return v
}

// know notes what a header of the key means, where nothing else has it.
func (v *vocabulary) know(key, name string) {
	if v.byKey[key] == "" {
		v.byKey[key] = name
		v.keys = append(v.keys, key)
	}
}

// vocabulary is the kind's in the company.
func (e *Engine) vocabulary(ctx context.Context, k enum.ImportKind, company id.ID) (vocabulary, error) {
	var own vocabulary
	var others []vocabulary
	for _, of := range catalog {
		var custom []Column
		if of.custom != nil {
			var err error
			if custom, err = of.custom(ctx, e, company); err != nil {
				return vocabulary{}, fmt.Errorf("reading the company's own columns: %w", err)
			}
		}
		if v := vocabularyOf(of, custom); of.kind == k {
			own = v
			if of.elsewhere != nil {
				own.elsewhere = func(keys []string) ([]Column, error) { return of.elsewhere(ctx, e, keys) }
			}
		} else {
			others = append(others, v)
		}
	}
	own.others, own.company = others, company
	return own, nil
}

// of is the vocabulary for a file of these columns: where its rows may name other companies,
// it knows what is a column there (rule I13).
func (v vocabulary) of(headers []string, mappings []Mapping) (vocabulary, error) {
	said := map[string]*string{}
	for _, m := range mappings {
		said[columnKey(m.Header)] = m.Field
	}
	var unknown []string
	ask := func(name string) {
		if key := columnKey(name); key != "" && len(key) <= longestKey && fold.Storable(key) && v.byKey[key] == "" && rejectColumn(name) == "" {
			unknown = append(unknown, key)
		}
	}
	spans := false
	for _, h := range headers {
		key := columnKey(h)
		field, mapped := said[key]
		switch {
		case !mapped:
			ask(h)
			spans = spans || v.byKey[key] == companyColumn
		case field != nil:
			ask(*field)
			spans = spans || *field == companyColumn
		}
	}
	if v.elsewhere == nil || !spans || len(unknown) == 0 {
		return v, nil
	}
	more, err := v.elsewhere(unknown)
	if err != nil {
		return v, fmt.Errorf("reading other companies' columns: %w", err)
	}
	v.columns, v.byKey, v.keys = slices.Concat(v.columns, more), maps.Clone(v.byKey), slices.Clone(v.keys)
	for _, c := range more {
		v.know(columnKey(c.Name), c.Name)
	}
	return v, nil
}

// longestKey is how many bytes the key of a column of the company's own has at most: a name
// of 200 characters, each of which case folding may make longer.
const longestKey = 200 * 3 * utf8.UTFMax

// knows reports how many of the headers the kind recognises.
func (v vocabulary) knows(headers []string) int {
	n := 0
	for _, h := range headers {
		if _, ok := v.byKey[columnKey(h)]; ok {
			n++
		}
	}
	return n
}

// score is knows for choosing a file's delimiter: a rejects file's own columns count too.
func (v vocabulary) score(headers []string) int {
	n := v.knows(headers)
	for _, h := range headers {
		if rejectColumn(h) != "" {
			n++
		}
	}
	return n
}

func (v vocabulary) column(name string) (Column, bool) {
	for _, c := range v.columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// guarded reports whether files of this kind have secrets.
func (v vocabulary) guarded() bool {
	return slices.ContainsFunc(v.columns, func(c Column) bool { return c.Secret })
}

// nearest is the field whose name or alias is spelt most like the header; empty where
// none is near. It is never a secret one: what is suggested by mistake would become somebody's
// password (rule F5).
func (v vocabulary) nearest(h string) string {
	key := []rune(columnKey(h))
	best, field := tooFar, ""
	if len(key) == 0 {
		return ""
	}
	for _, spelling := range v.keys {
		name := v.byKey[spelling]
		if c, _ := v.column(name); c.Secret {
			continue
		}
		s := []rune(spelling)
		d := distance(key, s, best)
		if begins(key, s) || begins(s, key) && len(key) >= 3 {
			d = min(d, 2)
		}
		if d < best && d*2 <= max(len(key), len(s)) {
			best, field = d, name
		}
	}
	return field
}

func begins(s, prefix []rune) bool {
	return len(s) >= len(prefix) && slices.Equal(s[:len(prefix)], prefix)
}

// tooFar is how many letters make a name another one.
const tooFar = 4

// distance is how many letters must be put in, taken out or replaced to make one text of the
// other (Levenshtein's); most, which is tooFar at most, where it is that or more. Only what
// can be nearer is computed, so that the time grows with the length and not with its square.
func distance(a, b []rune, most int) int {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) >= most {
		return most
	}
	row := make([]int, len(b)+1) // of the table, for the beginning of a so far
	for j := range row {
		row[j] = min(j, most)
	}
	for i, letter := range a {
		from, to := max(1, i+2-most), min(len(b), i+most)
		before := row[from-1] // the field above on the left
		if from > 1 {
			row[from-1] = most
		} else {
			row[0] = min(i+1, most)
		}
		nearest := row[from-1]
		for j := from; j <= to; j++ {
			d := before
			if b[j-1] != letter {
				d++
			}
			before = row[j]
			row[j] = min(d, before+1, row[j-1]+1, most)
			nearest = min(nearest, row[j])
		}
		if nearest >= most {
			return most
		}
	}
	return row[len(b)]
}

// names lists the kind's canonical columns, for messages.
func (v vocabulary) names() string {
	names := make([]string, len(v.columns))
	for i, c := range v.columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
