package sheet

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"tenantry/internal/csvfile"
	"tenantry/internal/email"
)

// Match says what each header means (rules F3, F5): the caller's mappings first, then
// names and aliases. The layout is as complete as it could be made even where there is a
// problem, so that a preview can show it.
func Match(v Vocabulary, file csvfile.Format, mappings []Mapping) (l Layout, p *csvfile.Problem) {
	l = Layout{File: file, Fields: make([]string, len(file.Header)), Guarded: v.HasSecrets()}
	mapped, problem := resolve(v, file.Header, mappings)
	var unknown *csvfile.Problem
	unrecognised := map[int]bool{}
	defer func() { l.derive(v.Columns, unrecognised) }()
	chosen, unmapped := 0, []string{}
	for i, h := range file.Header {
		if m, ok := mapped[Key(h)]; ok {
			if m.Field != nil {
				l.Fields[i] = *m.Field
				chosen++
			}
			continue
		}
		unmapped = append(unmapped, h)
		field, ok := v.byKey[Key(h)]
		switch {
		case ok:
			l.Fields[i] = field
		case RejectColumn(h) != "":
			l.Fields[i] = RejectColumn(h)
		default:
			unrecognised[i] = true
			if unknown == nil {
				unknown = unknownColumn(v, i, h)
			}
		}
	}
	for i, field := range l.Fields {
		c, _ := v.Column(field)
		if c.Secret {
			l.Secret = append(l.Secret, i)
		}
		if c.Custom {
			l.Custom = append(l.Custom, i)
		}
	}
	if problem != nil {
		return l, problem
	}
	if chosen == 0 && noNames(v, file.Header) {
		l.Headless, l.Guarded = true, true
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
func noNames(v Vocabulary, header []string) bool {
	for _, kind := range append([]Vocabulary{v}, v.Others...) {
		if kind.Score(header) > 0 {
			return false
		}
	}
	return slices.ContainsFunc(header, func(h string) bool {
		return utf8.RuneCountInString(h) <= email.MaxLength && email.Valid(h)
	})
}

// resolve checks the caller's mappings against the kind and the file.
func resolve(v Vocabulary, headers []string, mappings []Mapping) (map[string]Mapping, *csvfile.Problem) {
	mapped := make(map[string]Mapping, len(mappings))
	in := make(map[string]bool, len(headers))
	for _, h := range headers {
		in[Key(h)] = true
	}
	for _, m := range mappings {
		key := Key(m.Header)
		if _, twice := mapped[key]; twice {
			return mapped, &csvfile.Problem{Reason: csvfile.DuplicateColumn, Column: ColumnName(m.Header),
				Message: fmt.Sprintf("two mappings name the column %q; give one", shortName(m.Header))}
		}
		if !in[key] {
			return mapped, &csvfile.Problem{Reason: csvfile.MissingColumn, Column: ColumnName(m.Header),
				Message:  fmt.Sprintf("a mapping names the column %q, which the file does not have", shortName(m.Header)),
				Accepted: shortNames(headers)}
		}
		if m.Field != nil {
			if _, ok := v.Column(*m.Field); !ok {
				return mapped, &csvfile.Problem{Reason: csvfile.UnknownColumn, Column: ColumnName(m.Header), Suggestion: v.Nearest(*m.Field),
					Message:  fmt.Sprintf("the column %q is mapped to %q, which is no field of %s", shortName(m.Header), shortName(*m.Field), v.Kind),
					Accepted: v.names()}
			}
		}
		mapped[key] = m
	}
	return mapped, nil
}

// ColumnName is a column's name as answers give it.
func ColumnName(h string) string { return Cut(h, MaxColumnName) }

// shortName is a column's name as messages quote it.
func shortName(h string) string { return Cut(h, 100) }

func shortNames(headers []string) []string {
	short := make([]string, len(headers))
	for i, h := range headers {
		short[i] = shortName(h)
	}
	return short
}

func unknownColumn(v Vocabulary, i int, h string) *csvfile.Problem {
	p := &csvfile.Problem{Reason: csvfile.UnknownColumn, Column: ColumnName(h), Suggestion: v.Nearest(h), Accepted: v.names()}
	switch {
	case Key(h) == "":
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
		if field == "" || IsRejectColumn(field) {
			continue
		}
		h := l.File.Header[i]
		if other, ok := first[field]; ok {
			return &csvfile.Problem{Reason: csvfile.DuplicateColumn, Column: ColumnName(h),
				Message: fmt.Sprintf("the columns %q and %q both mean %s; keep one of them", shortName(other), shortName(h), field)}
		}
		first[field] = h
	}
	return nil
}

// otherKind refuses a file whose columns fit another kind better, naming it (rule F5).
// Columns that the caller mapped to a field speak for the kind that was asked for.
func otherKind(v Vocabulary, headers []string, mapped int) *csvfile.Problem {
	own := v.knows(headers) + mapped
	best, most := v.Kind, own
	for _, other := range v.Others {
		if n := other.knows(headers); n > most {
			best, most = other.Kind, n
		}
	}
	if best == v.Kind {
		return nil
	}
	return &csvfile.Problem{Reason: csvfile.WrongKind, Suggestion: string(best), Accepted: v.names(),
		Message: fmt.Sprintf("this looks like a file of %s (%d of its columns are known there, %d as %s); import it as that kind",
			best, most, own, v.Kind)}
}

// missing names a column that must be there (rules F3, I5).
func missing(v Vocabulary, l Layout) *csvfile.Problem {
	field, why := v.missing(l)
	if field == "" {
		return nil
	}
	return &csvfile.Problem{Reason: csvfile.MissingColumn, Column: field, Accepted: v.names(),
		Message: fmt.Sprintf("the column %s is missing: %s", field, why)}
}
