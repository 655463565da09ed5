package sheet

import (
	"fmt"
	"maps"
	"slices"
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

	byKey   map[string]string // header key of a name or alias → canonical name
	keys    []string          // of byKey, in the order of the columns
	missing func(l Layout) (field, why string)
}

// NewVocabulary makes a kind's vocabulary of its built-in columns, behind which come the
// company's own, which cannot take their names. missing names a column that a file must have
// and this one has not, and says why (rules F3, I5); empty where there is none.
func NewVocabulary(kind enum.ImportKind, builtIn, custom []Column, missing func(l Layout) (field, why string)) Vocabulary {
	v := Vocabulary{Kind: kind, Columns: slices.Concat(builtIn, custom), byKey: map[string]string{}, missing: missing}
	for _, c := range v.Columns {
		for _, spelling := range append([]string{c.Name}, c.Aliases...) {
			v.know(Key(spelling), c.Name)
		}
	}
	return v
}

// know notes what a header of the key means, where nothing else has it.
func (v *Vocabulary) know(key, name string) {
	if v.byKey[key] == "" {
		v.byKey[key] = name
		v.keys = append(v.keys, key)
	}
}

// For is the vocabulary for a file of these columns: where its rows may name other companies,
// it knows what is a column there (rule I13).
func (v Vocabulary) For(headers []string, mappings []Mapping) (Vocabulary, error) {
	said := map[string]*string{}
	for _, m := range mappings {
		said[Key(m.Header)] = m.Field
	}
	var unknown []string
	ask := func(name string) {
		if key := Key(name); key != "" && len(key) <= longestKey && normalize.Storable(key) && v.byKey[key] == "" && RejectColumn(name) == "" {
			unknown = append(unknown, key)
		}
	}
	spans := false
	for _, h := range headers {
		key := Key(h)
		field, mapped := said[key]
		switch {
		case !mapped:
			ask(h)
			spans = spans || v.isCompany(v.byKey[key])
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
	v.Columns, v.byKey, v.keys = slices.Concat(v.Columns, more), maps.Clone(v.byKey), slices.Clone(v.keys)
	for _, c := range more {
		v.know(Key(c.Name), c.Name)
	}
	return v, nil
}

// longestKey is how many bytes the key of a column of the company's own has at most: a name
// of 200 characters, each of which case folding may make longer.
const longestKey = 200 * 3 * utf8.UTFMax

// knows reports how many of the headers the kind recognises.
func (v Vocabulary) knows(headers []string) int {
	n := 0
	for _, h := range headers {
		if _, ok := v.byKey[Key(h)]; ok {
			n++
		}
	}
	return n
}

// Score is knows for choosing a file's delimiter: a rejects file's own columns count too.
func (v Vocabulary) Score(headers []string) int {
	n := v.knows(headers)
	for _, h := range headers {
		if RejectColumn(h) != "" {
			n++
		}
	}
	return n
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

// Nearest is the field whose name or alias is spelt most like the header; empty where
// none is near. It is never a secret one: what is suggested by mistake would become somebody's
// password (rule F5).
func (v Vocabulary) Nearest(h string) string {
	key := []rune(Key(h))
	best, field := tooFar, ""
	if len(key) == 0 {
		return ""
	}
	for _, spelling := range v.keys {
		name := v.byKey[spelling]
		if c, _ := v.Column(name); c.Secret {
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

// names lists the kind's canonical columns.
func (v Vocabulary) names() []string {
	names := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		names[i] = c.Name
	}
	return names
}

// Has reports whether a header of this name means a field.
func (v Vocabulary) Has(header string) bool { return v.byKey[Key(header)] != "" }

// isCompany reports whether the field puts rows into other companies.
func (v Vocabulary) isCompany(field string) bool {
	c, _ := v.Column(field)
	return c.Company
}
