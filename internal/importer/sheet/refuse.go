package sheet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/email"
)

// problem is why the columns are refused, if they are: all that is wrong with them at once
// (rule F3).
func (m *matching) problem(mappings []Mapping) *csvfile.Problem {
	if !m.maps(mappings) && m.headless() {
		return m.refuseHeadless()
	}
	repeated, unknown := m.repeated(), m.unrecognized()
	field, why := m.v.missing(m.layout)
	all := slices.Concat(repeated, unknown)
	if field == "" && len(all) == 0 {
		return nil
	}
	if p := m.otherKind(field, len(unknown)); p != nil {
		return p
	}
	var says []string
	if len(repeated) > 0 {
		says = append(says, m.saysRepeated(repeated))
	}
	if len(unknown) > 0 {
		says = append(says, saysUnknown(unknown))
	}
	if field != "" {
		says = append(says, fmt.Sprintf("the column %s is missing: %s", field, why))
		all = append(all, csvfile.ColumnProblem{Reason: csvfile.MissingColumn, Name: field})
	}
	return &csvfile.Problem{
		Reason: all[0].Reason, Column: all[0].Name, Suggestion: all[0].Suggestion, Accepted: m.v.names(),
		Columns: all, Message: strings.Join(says, ". "),
	}
}

// repeated are the columns that mean the same as one before.
func (m *matching) repeated() []csvfile.ColumnProblem {
	var all []csvfile.ColumnProblem
	seen := map[string]bool{}
	for i, field := range m.layout.Fields {
		if field == "" || IsRejectColumn(field) {
			continue
		}
		if seen[field] {
			all = append(all, csvfile.ColumnProblem{Reason: csvfile.DuplicateColumn, Name: ColumnName(m.header[i]), Number: i + 1, Field: field})
		}
		seen[field] = true
	}
	return all
}

// unrecognized are the columns of which nothing is known, each with what it may mean.
func (m *matching) unrecognized() []csvfile.ColumnProblem {
	var all []csvfile.ColumnProblem
	for i, h := range m.header {
		if m.unknown[i] && h != "" {
			all = append(all, csvfile.ColumnProblem{Reason: csvfile.UnknownColumn, Name: ColumnName(h), Number: i + 1, Suggestion: m.layout.Suggestion(m.v, i)})
		}
	}
	return all
}

// Suggestion is the field that a column which is not recognized most likely means, also where it is
// left out with all others; empty where none is near.
func (l *Layout) Suggestion(v Vocabulary, column int) string {
	if !l.unrecognized[column] {
		return ""
	}
	return v.Suggest(l.File.Header[column], l.Has)
}

// mentioned is how many columns a message names; the problem's Columns have all.
const mentioned = 10

func (m *matching) saysRepeated(all []csvfile.ColumnProblem) string {
	pairs := make([]string, 0, mentioned)
	for _, c := range all[:min(len(all), mentioned)] {
		first := m.header[m.layout.Column(c.Field)]
		pairs = append(pairs, fmt.Sprintf("the columns %q and %q both mean %s", shortName(first), shortName(c.Name), c.Field))
	}
	return strings.Join(pairs, ", ") + andMore(len(all)) + "; keep one of them"
}

func saysUnknown(all []csvfile.ColumnProblem) string {
	const remedy = "map it to a field, or leave it out (unknownColumns: LEAVE_OUT leaves out all such columns)"
	if len(all) == 1 {
		if s := all[0].Suggestion; s != "" {
			return fmt.Sprintf("the column %q is not recognized; did you mean %s? M%s", shortName(all[0].Name), s, remedy[1:])
		}
		return fmt.Sprintf("the column %q is not recognized; %s", shortName(all[0].Name), remedy)
	}
	names := make([]string, 0, mentioned)
	for _, c := range all[:min(len(all), mentioned)] {
		name := fmt.Sprintf("%q", shortName(c.Name))
		if c.Suggestion != "" {
			name += " (did you mean " + c.Suggestion + "?)"
		}
		names = append(names, name)
	}
	return fmt.Sprintf("%d columns are not recognized: %s%s; map each to a field, or leave them out, one by one or all of them (unknownColumns: LEAVE_OUT)",
		len(all), strings.Join(names, ", "), andMore(len(all)))
}

func andMore(n int) string {
	if n <= mentioned {
		return ""
	}
	return fmt.Sprintf(" and %d more", n-mentioned)
}

// otherKind refuses a file that this kind cannot take, and another one could as it stands, naming
// that one (rule F5). Where no column is missing that must be there, and only some are not known, the
// names must speak for the other kind twice as much: a file of users with one column more is no
// file of contacts. Columns that the caller mapped to a field speak for the kind that was asked for.
func (m *matching) otherKind(missing string, unknown int) *csvfile.Problem {
	if missing == "" && unknown == 0 || slices.ContainsFunc(m.meanings, func(means meaning) bool { return means.source == enum.Explicit }) {
		return nil
	}
	var best *Vocabulary
	most := m.v.claim(m.header)
	if missing == "" {
		most = 2*most - 1
	}
	for i := range m.v.Others {
		if other := &m.v.Others[i]; other.takes(m.header) && other.claim(m.header) > most {
			best, most = other, other.claim(m.header)
		}
	}
	if best == nil {
		return nil
	}
	why := Plural(unknown, "column") + " not recognized"
	if missing != "" {
		why = "the column " + missing + " is missing"
	}
	return &csvfile.Problem{Reason: csvfile.WrongKind, Suggestion: string(best.Kind), Accepted: m.v.names(),
		Message: fmt.Sprintf("this looks like a file of %s, which knows all of its columns; import it as that kind (as %s: %s)", best.Kind, m.v.Kind, why)}
}

// claim is how much the headers speak for the kind: names more than aliases.
func (v Vocabulary) claim(headers []string) int {
	n := 0
	for _, h := range headers {
		switch m := v.meaning(h); {
		case m.field == "":
		case m.source == enum.FromName:
			n += 2
		default:
			n++
		}
	}
	return n
}

// takes reports whether the kind could import a file of these columns as it stands.
func (v Vocabulary) takes(headers []string) bool {
	l := Layout{Fields: make([]string, len(headers))}
	seen := map[string]bool{}
	for i, h := range headers {
		field := v.meaning(h).field
		switch {
		case field != "" && !seen[field]:
			l.Fields[i], seen[field] = field, true
		case field != "" || RejectColumn(h) == "" && h != "":
			return false
		}
	}
	missing, _ := v.missing(l)
	return missing == ""
}

// maps reports whether one of the mappings names a column of the file, so that it has names.
func (m *matching) maps(mappings []Mapping) bool {
	if len(mappings) == 0 {
		return false
	}
	keys := make(map[string]bool, len(m.header))
	for _, h := range m.header {
		keys[Key(h)] = true
	}
	return slices.ContainsFunc(mappings, func(given Mapping) bool { return keys[Key(given.Header)] })
}

// headless reports whether what should be column names is a row of data: no kind knows or is near
// to any of it, and it looks like data. A single column may be a list of names; and in a kind of
// file that has passwords, what is no name may be one.
func (m *matching) headless() bool {
	// One cell of a user without an email's column may be a word that columns are called by, and another the password.
	if missing, _ := m.v.missing(m.layout); missing != "" && m.v.HasSecrets() && slices.ContainsFunc(m.header, looksLikeEmail) {
		return true
	}
	kinds := append([]Vocabulary{m.v}, m.v.Others...)
	for _, kind := range kinds {
		if kind.Score(m.header) > 0 {
			return false
		}
	}
	for _, kind := range kinds {
		if slices.ContainsFunc(m.header, func(h string) bool { return kind.Suggest(h, nil) != "" }) {
			return false
		}
	}
	named := slices.DeleteFunc(slices.Clone(m.header), func(h string) bool { return h == "" })
	return len(named) == 1 || m.v.HasSecrets() || slices.ContainsFunc(m.header, looksLikeData)
}

func looksLikeEmail(text string) bool {
	return utf8.RuneCountInString(text) <= email.MaxLength && email.Valid(text)
}

// looksLikeData reports whether a text is an email address, or mostly a number.
func looksLikeData(text string) bool {
	if looksLikeEmail(text) {
		return true
	}
	letters, numbers := 0, 0
	for _, r := range Cut(text, MaxColumnName) {
		if unicode.IsDigit(r) {
			numbers++
		} else if unicode.IsLetter(r) {
			letters++
		}
	}
	return numbers > letters
}

func (m *matching) refuseHeadless() *csvfile.Problem {
	l := &m.layout
	l.Headless, l.Guarded = true, true
	field, _ := m.v.missing(*l)
	such := field
	if such != "" {
		such = strings.ToUpper(such[:1]) + strings.ReplaceAll(such[1:], "_", " ")
	}
	return &csvfile.Problem{Reason: csvfile.MissingColumn, Column: field, Accepted: m.v.names(),
		Message: fmt.Sprintf("the first row must hold column names, such as %s; it holds none that is known and seems to be data, which is not shown here. "+
			"Put a row of column names above the data; if the first row has names of your own, map them to fields", such)}
}

// CheckUnnamed refuses columns without a name that have a filled cell, unless they are left out
// (rule F1); filled are their numbers, 1 for the first.
func (l *Layout) CheckUnnamed(v Vocabulary, filled []int) *csvfile.Problem {
	if l.unnamedLeftOut || len(filled) == 0 {
		return nil
	}
	p := &csvfile.Problem{Reason: csvfile.UnknownColumn, Accepted: v.names()}
	numbers := make([]string, len(filled))
	for i, number := range filled {
		if number <= len(l.Sources) {
			l.Sources[number-1] = ""
		}
		p.Columns = append(p.Columns, csvfile.ColumnProblem{Reason: csvfile.UnknownColumn, Number: number})
		numbers[i] = fmt.Sprint(number)
	}
	if len(filled) == 1 {
		p.Message = fmt.Sprintf("column %s has no name, and cells that are filled; name it, or leave it out (unknownColumns: LEAVE_OUT)", numbers[0])
	} else {
		p.Message = fmt.Sprintf("%d columns have no name, and cells that are filled: columns %s; name them, or leave them out (unknownColumns: LEAVE_OUT)",
			len(filled), strings.Join(numbers[:min(len(numbers), mentioned)], ", ")+andMore(len(numbers)))
	}
	return p
}
