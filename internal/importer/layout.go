package importer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/email"
)

// Layout is what an accepted file looks like: stored with the import, so that whichever
// worker goes on with it reads it the same way.
type Layout struct {
	File   csvfile.Format `json:"file"`
	Fields []string       `json:"fields"` // for each column its canonical name; empty: left out
	// Secret are the columns whose cells are taken exactly as they are and shown nowhere.
	Secret []int `json:"secret,omitempty"`
	// Custom are the columns of the company's own fields.
	Custom []int `json:"custom,omitempty"`
	// Guarded: the file has secrets, or may have, so that nothing is shown which may be one
	// by mistake.
	Guarded bool `json:"guarded,omitempty"`

	// What follows from the above is not stored: see derive.
	blank    []bool // columns whose cells are shown nowhere
	leftOut  []bool // columns that the caller leaves out
	line     []bool // columns whose cells stand in one line (rule K5)
	rejects  int    // how many columns are of a rejects file
	code     int    // where import_code is; -1: nowhere
	headless bool   // the first row holds no column names; only in a preview
}

func (l Layout) encode() (json.RawMessage, error) { return json.Marshal(l) }

// derive finds out what is to be hidden, from the headers too, so that it holds for whatever
// was accepted earlier. unknown are the columns that are not recognised and of which the
// caller says nothing: only a preview meets such.
func (l *Layout) derive(unknown map[int]bool) {
	n := len(l.Fields)
	l.blank, l.leftOut, l.rejects, l.code = make([]bool, n), make([]bool, n), 0, slices.Index(l.Fields, codeColumn)
	looks := make([]bool, n)
	for i, field := range l.Fields {
		looks[i] = looksSecret(l.File.Header[i]) || looksSecret(field)
		l.leftOut[i] = field == "" && !unknown[i]
		if isRejectColumn(field) {
			l.rejects++
		}
		l.Guarded = l.Guarded || looks[i]
	}
	l.line = make([]bool, n)
	for i, field := range l.Fields {
		l.line[i] = isLine(field) && !slices.Contains(l.Custom, i)
		l.blank[i] = looks[i] || l.secret(i) || l.leftOut[i] || l.Guarded && field == ""
	}
}

func decodeLayout(raw json.RawMessage) (Layout, error) {
	var l Layout
	if err := json.Unmarshal(raw, &l); err != nil {
		return Layout{}, fmt.Errorf("the stored layout: %w", err)
	}
	if len(l.Fields) == 0 || len(l.Fields) != len(l.File.Header) {
		return Layout{}, fmt.Errorf("the stored layout has %d fields for %d columns", len(l.Fields), len(l.File.Header))
	}
	l.derive(nil)
	return l, nil
}

// has reports whether the file has the field.
func (l Layout) has(field string) bool { return slices.Contains(l.Fields, field) }

// column is where the file has the field; -1 where it does not.
func (l *Layout) column(field string) int { return slices.Index(l.Fields, field) }

func (l *Layout) secret(column int) bool { return slices.Contains(l.Secret, column) }

// listsLabels reports whether the column's cells are lists of labels.
func (l *Layout) listsLabels(column int) bool {
	return l.Fields[column] == "labels" || l.Fields[column] == "labels_id"
}

// hidden reports whether the column's cells are shown nowhere: secrets, what looks like
// them, what is left out; and in files that have secrets, what is not recognised (rules F5, J9).
func (l *Layout) hidden(column int) bool {
	if column >= len(l.Fields) {
		return l.Guarded
	}
	return l.blank[column]
}

// misshapen reports whether the row has cells too few or too many. own is how many of its
// cells are its own: what a rejects file has added to it is not (rule J9). A spreadsheet fills
// up every row; one that was too short is known then by what was added, which stands too far
// to the left.
func (l *Layout) misshapen(rec *csvfile.Record) (own int, yes bool) {
	own, yes = len(rec.Cells), rec.Fields != len(l.Fields)
	if l.code < 0 {
		return own, yes
	}
	for i := 1; i < len(rec.Cells); i++ {
		if first, _, _ := strings.Cut(rec.Cells[i], ";"); first == string(enum.WrongFieldCount) && (yes || i != l.code) && isDigits(rec.Cells[i-1]) {
			return i - 1, true
		}
	}
	return own, yes
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// match says what each header means (rules F3, F5): the caller's mappings first, then
// names and aliases. The layout is as complete as it could be made even where there is a
// problem, so that a preview can show it.
func match(v vocabulary, file csvfile.Format, mappings []Mapping) (l Layout, p *csvfile.Problem) {
	l = Layout{File: file, Fields: make([]string, len(file.Header)), Guarded: v.guarded()}
	mapped, problem := resolve(v, file.Header, mappings)
	var unknown *csvfile.Problem
	unrecognised := map[int]bool{}
	defer func() { l.derive(unrecognised) }()
	chosen, unmapped := 0, []string{}
	for i, h := range file.Header {
		if m, ok := mapped[columnKey(h)]; ok {
			if m.Field != nil {
				l.Fields[i] = *m.Field
				chosen++
			}
			continue
		}
		unmapped = append(unmapped, h)
		field, ok := v.byKey[columnKey(h)]
		switch {
		case ok:
			l.Fields[i] = field
		case rejectColumn(h) != "":
			l.Fields[i] = rejectColumn(h)
		default:
			unrecognised[i] = true
			if unknown == nil {
				unknown = unknownColumn(v, i, h)
			}
		}
	}
	for i, field := range l.Fields {
		c, _ := v.column(field)
		if c.Secret {
			l.Secret = append(l.Secret, i)
		}
		if c.custom {
			l.Custom = append(l.Custom, i)
		}
	}
	if problem != nil {
		return l, problem
	}
	if chosen == 0 && noNames(v, file.Header) {
		l.headless, l.Guarded = true, true
		return l, &csvfile.Problem{Reason: csvfile.MissingColumn, Accepted: v.names(),
			Message: "the first row must hold column names such as email; it holds an email address and no known name, so it seems to be data, which is not shown here"}
	}
	if p := otherKind(v, unmapped, chosen); p != nil {
		return l, p
	}
	if p := duplicate(l); p != nil {
		return l, p
	}
	if unknown != nil {
		return l, unknown
	}
	return l, missing(v, l)
}

// noNames reports whether what should be column names is a row of data: nothing of it is known
// in any kind, and it has an email address.
func noNames(v vocabulary, header []string) bool {
	for _, kind := range append([]vocabulary{v}, v.others...) {
		if kind.score(header) > 0 {
			return false
		}
	}
	return slices.ContainsFunc(header, func(h string) bool {
		return utf8.RuneCountInString(h) <= email.MaxLength && email.Valid(h)
	})
}

// resolve checks the caller's mappings against the kind and the file.
func resolve(v vocabulary, headers []string, mappings []Mapping) (map[string]Mapping, *csvfile.Problem) {
	mapped := make(map[string]Mapping, len(mappings))
	in := make(map[string]bool, len(headers))
	for _, h := range headers {
		in[columnKey(h)] = true
	}
	for _, m := range mappings {
		key := columnKey(m.Header)
		if _, twice := mapped[key]; twice {
			return mapped, &csvfile.Problem{Reason: csvfile.DuplicateColumn, Column: columnName(m.Header),
				Message: fmt.Sprintf("two mappings name the column %q; give one", shortName(m.Header))}
		}
		if !in[key] {
			return mapped, &csvfile.Problem{Reason: csvfile.MissingColumn, Column: columnName(m.Header),
				Message:  fmt.Sprintf("a mapping names the column %q, which the file does not have", shortName(m.Header)),
				Accepted: shortNames(headers)}
		}
		if m.Field != nil {
			if _, ok := v.column(*m.Field); !ok {
				return mapped, &csvfile.Problem{Reason: csvfile.UnknownColumn, Column: columnName(m.Header), Suggestion: v.nearest(*m.Field),
					Message:  fmt.Sprintf("the column %q is mapped to %q, which is no field of %s", shortName(m.Header), shortName(*m.Field), v.kind),
					Accepted: v.names()}
			}
		}
		mapped[key] = m
	}
	return mapped, nil
}

// columnName is a column's name as answers give it.
func columnName(h string) string { return cutRunes(h, maxColumnName) }

// shortName is a column's name as messages quote it.
func shortName(h string) string { return cutRunes(h, 100) }

func shortNames(headers []string) string {
	short := make([]string, len(headers))
	for i, h := range headers {
		short[i] = shortName(h)
	}
	return strings.Join(short, ", ")
}

func unknownColumn(v vocabulary, i int, h string) *csvfile.Problem {
	p := &csvfile.Problem{Reason: csvfile.UnknownColumn, Column: columnName(h), Suggestion: v.nearest(h), Accepted: v.names()}
	switch {
	case columnKey(h) == "":
		p.Message = fmt.Sprintf("column %d has no name; name it, or leave it out explicitly", i+1)
	case p.Suggestion != "":
		p.Message = fmt.Sprintf("the column %q is not recognised; did you mean %s? Map it to a field, or leave it out explicitly", shortName(h), p.Suggestion)
	default:
		p.Message = fmt.Sprintf("the column %q is not recognised; map it to a field, or leave it out explicitly", shortName(h))
	}
	return p
}

func duplicate(l Layout) *csvfile.Problem {
	first := map[string]string{}
	for i, field := range l.Fields {
		if field == "" || isRejectColumn(field) {
			continue
		}
		h := l.File.Header[i]
		if other, ok := first[field]; ok {
			return &csvfile.Problem{Reason: csvfile.DuplicateColumn, Column: columnName(h),
				Message: fmt.Sprintf("the columns %q and %q both mean %s; keep one of them", shortName(other), shortName(h), field)}
		}
		first[field] = h
	}
	return nil
}

// otherKind refuses a file whose columns fit another kind better, naming it (rule F5).
// Columns that the caller mapped to a field speak for the kind that was asked for.
func otherKind(v vocabulary, headers []string, mapped int) *csvfile.Problem {
	own := v.knows(headers) + mapped
	best, most := v.kind, own
	for _, other := range v.others {
		if n := other.knows(headers); n > most {
			best, most = other.kind, n
		}
	}
	if best == v.kind {
		return nil
	}
	return &csvfile.Problem{Reason: csvfile.WrongKind, Suggestion: string(best), Accepted: v.names(),
		Message: fmt.Sprintf("this looks like a file of %s (%d of its columns are known there, %d as %s); import it as that kind",
			best, most, own, v.kind)}
}

// missing names a column that must be there (rules F3, I5).
func missing(v vocabulary, l Layout) *csvfile.Problem {
	field, why := v.missing(l)
	if field == "" {
		return nil
	}
	return &csvfile.Problem{Reason: csvfile.MissingColumn, Column: field, Accepted: v.names(),
		Message: fmt.Sprintf("the column %s is missing: %s", field, why)}
}
