package sheet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/normalize"
)

// Vocabulary knows what the headers of one kind of file mean, in one company. Make it with
// [NewVocabulary].
type Vocabulary struct {
	Kind    enum.ImportKind
	Columns []Column
	Others  []Vocabulary // of the other kinds, to recognize their files (rule F5)
	// Elsewhere finds those of the keys that are columns of other companies' own into which a
	// row may go; nil: rows stay in the company.
	Elsewhere func(keys []string) ([]Column, error)
	// Remembered is what headers were mapped to in the company's earlier imports of this kind.
	Remembered Memory

	byKey   map[string]meaning // by the key of a name or an alias
	similar similar
	missing func(l Layout) (field, why string)
}

// meaning is what a header means.
type meaning struct {
	field      string // canonical name; empty: nothing is known of it
	source     enum.ColumnSource
	preference int // see Alias
}

// NewVocabulary makes a kind's vocabulary of its built-in columns, behind which come the
// company's own, which cannot take their names. An alias of a built-in column gives way to a
// column of the company's own, which may be older than the alias. missing names a column that a
// file must have and this one has not, and says why (rules F3, I5); empty where there is none.
func NewVocabulary(kind enum.ImportKind, builtIn, custom []Column, missing func(l Layout) (field, why string)) Vocabulary {
	v := Vocabulary{Kind: kind, Columns: slices.Concat(builtIn, custom), byKey: map[string]meaning{}, missing: missing}
	for _, c := range v.Columns {
		v.know(c.Name, meaning{field: c.Name, source: enum.FromName})
	}
	for _, c := range v.Columns {
		for _, a := range c.Aliases {
			v.know(a.Name, meaning{field: c.Name, source: enum.FromAlias, preference: a.Preference})
		}
	}
	v.similar = newSimilar(v.Columns)
	return v
}

// know notes what a header of the name means, where nothing else has it.
func (v *Vocabulary) know(name string, means meaning) {
	if key := Key(name); v.byKey[key].field == "" {
		v.byKey[key] = means
	}
}

// meaning is what the header means by itself.
func (v Vocabulary) meaning(header string) meaning {
	key := Key(header)
	if m, ok := v.byKey[key]; ok {
		return m
	}
	if name, ok := strings.CutSuffix(key, requiredMark); ok {
		return v.byKey[name]
	}
	return meaning{}
}

// requiredMark ends, in the files of some tools, the names of columns that must be filled.
const requiredMark = "[required]"

// For is the vocabulary for a file of these columns: where its rows may name other companies,
// it knows what is a column there (rule I13).
func (v Vocabulary) For(headers []string, mappings []Mapping) (Vocabulary, error) {
	said := map[string]*string{}
	for _, m := range mappings {
		said[Key(m.Header)] = m.Field
	}
	var unknown []string
	ask := func(name string) {
		key := Key(name)
		if key != "" && len(key) <= longestKey && normalize.Storable(key) && v.byKey[key].field == "" && RejectColumn(name) == "" {
			unknown = append(unknown, key)
		}
	}
	spans := false
	for _, h := range headers {
		field, mapped := said[Key(h)]
		if means := v.meaning(h).field; !mapped && means != "" {
			field, mapped = &means, true
		} else if m, ok := v.Remembered.of(h); !mapped && ok {
			ask(h)
			field, mapped = m.Field, true
		}
		switch {
		case !mapped:
			ask(h)
		case field != nil:
			ask(*field)
			spans = spans || v.isCompany(*field)
		}
	}
	if v.Elsewhere == nil || !spans || len(unknown) == 0 {
		return v, nil
	}
	more, err := v.Elsewhere(unknown)
	if err != nil {
		return v, fmt.Errorf("reading other companies' columns: %w", err)
	}
	v.Columns, v.byKey = slices.Concat(v.Columns, more), maps.Clone(v.byKey)
	for _, c := range more {
		v.know(c.Name, meaning{field: c.Name, source: enum.FromName})
	}
	return v, nil
}

// longestKey is how many bytes the key of a column of the company's own has at most: a name
// of 200 characters, each of which case folding may make longer.
const longestKey = 200 * 3 * utf8.UTFMax

// Score is how many of the headers the kind recognizes, for finding a file's delimiter and its
// header. What was mapped earlier counts, and so do a rejects file's own columns.
func (v Vocabulary) Score(headers []string) int { return v.ScoreWith(nil)(headers) }

// ScoreWith is Score where headers are mapped, which counts too.
func (v Vocabulary) ScoreWith(mappings []Mapping) func(headers []string) int {
	mapped := fieldsByHeader(mappings)
	return func(headers []string) int {
		n := 0
		for _, h := range headers {
			if v.fieldOf(h, mapped) != "" || RejectColumn(h) != "" {
				n++
			}
		}
		return n
	}
}

// SufficesWith reports whether headers, some of which may be mapped, have what a file cannot be
// without.
func (v Vocabulary) SufficesWith(mappings []Mapping) func(headers []string) bool {
	mapped := fieldsByHeader(mappings)
	return func(headers []string) bool {
		l := Layout{Fields: make([]string, len(headers))}
		for i, h := range headers {
			l.Fields[i] = v.fieldOf(h, mapped)
		}
		missing, _ := v.missing(l)
		return missing == ""
	}
}

// Likely is how many of the headers are what a field is called in some language, though they are not
// recognized by themselves (rule F5). What is merely near to a name does not count.
func (v Vocabulary) Likely(headers []string) int {
	n := 0
	for _, h := range headers {
		if len(h) <= longestKey && v.similar.exact[loose(h)] != "" {
			n++
		}
	}
	return n
}

// fieldsByHeader are the fields to which headers are mapped, by their keys.
func fieldsByHeader(mappings []Mapping) map[string]string {
	mapped := make(map[string]string, len(mappings))
	for _, m := range mappings {
		mapped[Key(m.Header)] = m.field()
	}
	return mapped
}

// fieldOf is what a header means, as far as that can be said without the others.
func (v Vocabulary) fieldOf(header string, mapped map[string]string) string {
	if field, ok := mapped[Key(header)]; ok {
		return field
	}
	if field := v.meaning(header).field; field != "" {
		return field
	}
	remembered, _ := v.Remembered.of(header)
	return remembered.field()
}

// Column is the one of the canonical name.
func (v Vocabulary) Column(name string) (Column, bool) {
	for _, c := range v.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// HasSecrets reports whether files of this kind have secrets.
func (v Vocabulary) HasSecrets() bool {
	return slices.ContainsFunc(v.Columns, func(c Column) bool { return c.Secret })
}

// names lists the kind's canonical columns.
func (v Vocabulary) names() []string {
	names := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		names[i] = c.Name
	}
	return names
}

// Has reports whether a header of this name means a field.
func (v Vocabulary) Has(header string) bool { return v.meaning(header).field != "" }

// isCompany reports whether the field puts rows into other companies.
func (v Vocabulary) isCompany(field string) bool {
	c, _ := v.Column(field)
	return c.Company
}
