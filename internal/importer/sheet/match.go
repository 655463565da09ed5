package sheet

import (
	"fmt"
	"maps"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
)

// Match says what each header means (rules F3, F5): by the caller's mappings, else by its own name
// or alias, else by what it was mapped to in an earlier import. unknown says what becomes of the
// others. The layout is as complete as it could be made even where there is a problem, so that a
// preview can show it. Of a column without a name the cells decide: see [Layout.CheckUnnamed].
func Match(v Vocabulary, file csvfile.Format, mappings []Mapping, unknown enum.UnknownColumns) (Layout, *csvfile.Problem) {
	n := len(file.Header)
	m := matching{
		v: v, header: file.Header, meanings: make([]meaning, n), unknown: map[int]bool{},
		layout: Layout{File: file, Fields: make([]string, n), Sources: make([]enum.ColumnSource, n), Guarded: v.HasSecrets()},
	}
	mapped, problem := resolve(v, file.Header, file.Unnamed, mappings)
	m.recognize(mapped)
	m.layout.unrecognized = maps.Clone(m.unknown)
	if unknown == enum.LeaveOutUnknown {
		m.leaveOutUnknown()
	}
	l := &m.layout
	for i, field := range l.Fields {
		c, _ := v.Column(field)
		if c.Secret {
			l.Secret = append(l.Secret, i)
		}
		if c.Custom {
			l.Custom = append(l.Custom, i)
		}
	}
	// What a mapping names is no column of a file without column names, of which nothing is shown.
	if problem == nil || problem.Reason == csvfile.MissingColumn && !m.maps(mappings) && m.headless() {
		problem = m.problem(mappings)
	}
	l.derive(v.Columns, m.unknown)
	return m.layout, problem
}

// matching is a header that is being matched.
type matching struct {
	v        Vocabulary
	header   []string
	layout   Layout
	meanings []meaning    // of the columns that mean a field
	unknown  map[int]bool // the columns that are not recognized, and of which nothing is said
}

// recognize finds what each column means.
func (m *matching) recognize(mapped map[string]Mapping) {
	l := &m.layout
	_, l.unnamedLeftOut = mapped[""]
	for i, h := range m.header {
		if given, ok := mapped[Key(h)]; ok {
			if l.Sources[i] = enum.LeftOut; given.Field != nil {
				m.take(i, meaning{*given.Field, enum.Explicit, -1}, given.Values)
			}
			continue
		}
		means := m.v.meaning(h)
		switch {
		case means.field != "":
			var values []ValueMapping
			if before, ok := m.v.Remembered.of(h); ok && *before.Field == means.field {
				values = before.Values
			}
			m.take(i, means, values)
		case RejectColumn(h) != "":
			l.Fields[i], l.Sources[i] = RejectColumn(h), enum.FromName
		case h == "":
			l.Sources[i] = enum.LeftOut // unless a cell is filled
			m.unknown[i] = true         // as far as a preview shows its cells
		default:
			m.unknown[i] = true
		}
	}
	for i, h := range m.header {
		before, ok := m.v.Remembered.of(h)
		if _, known := m.v.Column(before.field()); ok && known && m.unknown[i] && !l.Has(before.field()) {
			delete(m.unknown, i)
			m.take(i, meaning{before.field(), enum.Remembered, 0}, before.Values)
		}
	}
}

func (m *matching) take(column int, means meaning, values []ValueMapping) {
	l := &m.layout
	m.meanings[column], l.Fields[column], l.Sources[column] = means, means.field, means.source
	if len(values) > 0 {
		if l.Values == nil {
			l.Values = map[int][]ValueMapping{}
		}
		l.Values[column] = values
	}
}

// leaveOutUnknown leaves out what is not recognized, and what is known by a name that gives way
// to another column of the file.
func (m *matching) leaveOutUnknown() {
	l := &m.layout
	for i := range m.header {
		if m.unknown[i] || m.givesWay(i) {
			l.Fields[i], l.Sources[i] = "", enum.LeftOut
			delete(l.Values, i)
		}
	}
	m.unknown, l.unnamedLeftOut = nil, true
}

// givesWay reports whether another column means the same by a name that is to be preferred.
func (m *matching) givesWay(column int) bool {
	own := m.meanings[column]
	if own.preference <= 0 {
		return false
	}
	for _, other := range m.meanings {
		if other.field == own.field && other.preference < own.preference {
			return true
		}
	}
	return false
}

// resolve checks the caller's mappings against the kind and the file, which has some columns
// without a name behind those of the headers.
func resolve(v Vocabulary, headers []string, behind int, mappings []Mapping) (map[string]Mapping, *csvfile.Problem) {
	mapped := make(map[string]Mapping, len(mappings))
	in := make(map[string]bool, len(headers))
	for _, h := range headers {
		in[Key(h)] = true
	}
	in[""] = in[""] || behind > 0
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
				return mapped, &csvfile.Problem{Reason: csvfile.UnknownColumn, Column: ColumnName(m.Header), Suggestion: v.Suggest(*m.Field, nil),
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
