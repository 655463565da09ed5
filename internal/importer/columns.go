package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

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

// rejectColumn is which of them the header means; empty: none.
func rejectColumn(header string) string {
	key := fold.Column(header)
	for _, c := range rejectColumns {
		if key == fold.Column(c) {
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
			if key := fold.Column(spelling); v.byKey[key] == "" {
				v.byKey[key] = c.Name
			}
		}
	}
	return v
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
		said[fold.Column(m.Header)] = m.Field
	}
	var unknown []string
	ask := func(name string) {
		if key := fold.Column(name); key != "" && len(key) <= longestKey && fold.Storable(key) && v.byKey[key] == "" && rejectColumn(name) == "" {
			unknown = append(unknown, key)
		}
	}
	spans := false
	for _, h := range headers {
		key := fold.Column(h)
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
	v.columns, v.byKey = slices.Concat(v.columns, more), maps.Clone(v.byKey)
	for _, c := range more {
		if key := fold.Column(c.Name); v.byKey[key] == "" {
			v.byKey[key] = c.Name
		}
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
		if _, ok := v.byKey[fold.Column(h)]; ok {
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
	key, best, field := fold.Column(h), 4, ""
	if key == "" {
		return ""
	}
	for _, c := range v.columns {
		if c.Secret {
			continue
		}
		for _, spelling := range append([]string{c.Name}, c.Aliases...) {
			s := fold.Column(spelling)
			d := levenshtein.ComputeDistance(key, s)
			if strings.HasPrefix(key, s) || strings.HasPrefix(s, key) && len(key) >= 3 {
				d = min(d, 2)
			}
			if d < best && d*2 <= max(len(key), len(s)) {
				best, field = d, c.Name
			}
		}
	}
	return field
}

// names lists the kind's canonical columns, for messages.
func (v vocabulary) names() string {
	names := make([]string, len(v.columns))
	for i, c := range v.columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
