// Package field describes the fields of a record once: what each is called in files and in
// mutations, how long it may be, how a record holds it and in which column it is stored.
//
// The package that owns a table has a list of such fields. Files are parsed, records read
// and written, exports and templates made by walking that list, so that a field that is in
// it has all of these.
package field

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"tenantry/ent/enum"
	"tenantry/internal/normalize"
)

// Field is one field of records of the type R.
type Field[R any] struct {
	// Name is the column's name in files, such as first_name. Empty: files do not have it.
	Name string
	// Description and Example are for templates, previews and docs/csv.md.
	Description, Example string
	// Noun is what messages call it, such as "the first name".
	Noun string
	// Required: a row that makes a record needs it.
	Required bool
	// Filled: where a file has it, it is filled in every row.
	Filled bool
	// Secret: its cells are taken exactly as they are and shown nowhere (rules F6, U2).
	Secret bool
	// Exact: its cells may have control and format characters (rule K5).
	Exact bool
	// List: its cells are lists, separated by colons (rule I11).
	List bool
	// Company: its cells put a row into another company (rule I13).
	Company bool
	// Limit is the most code points that it may have (rule K5). 0: it has no such limit.
	Limit int
	// Planned: what becomes of a cell is decided by the kind's plan, because the field
	// identifies the record or refers to others. Every other field of files is taken over
	// from the cell as it stands, and so needs a Value and a Column.
	Planned bool
	// Parts: its cells are the parts of other fields, see From; it is no field of a record.
	Parts bool
	// From is the field with Parts whose cells fill this one where a file has no column of this
	// one, and Part is which part of such a cell does.
	From string
	Part func(cell string) string
	// Fixed: only a new record takes it.
	Fixed bool
	// Argument is the field's name in mutations, such as firstName. Empty: they do not have it.
	Argument string
	// Export is the field's place among the columns of an export. 0: exports do not have it.
	Export int
	// Column is the table's column. Empty: the field is stored elsewhere.
	Column string
	// SearchKey is the column of the key by which records are searched. Empty: they are not
	// searched by this field.
	SearchKey string

	Value[R]
}

// Problem is what is wrong with a text that was to be a value: the code that a row of an
// import gets for it, and a message that says what would be accepted.
type Problem struct {
	Code    enum.IssueCode
	Message string

	// The same as data, as far as it applies.
	Limit      int      // the length that is exceeded; 0: none is
	Accepted   []string // values or forms that would be accepted
	Suggestion string   // what was probably meant
}

// TooLong is the problem of a text of so many characters.
func TooLong(characters, limit int) *Problem {
	return &Problem{Code: enum.TooLong, Limit: limit, Message: fmt.Sprintf("the value has %d characters; at most %d are accepted", characters, limit)}
}

// Plain reports whether the field's cells are taken over as they stand.
func (f *Field[R]) Plain() bool { return f.Name != "" && !f.Planned && !f.Parts }

// Check says what of the list is only declared: a field of files whose cells nobody would
// take over, or that would be stored nowhere, and one of exports of which nobody knows what
// they say. planned and exported are the names of the fields for which the kind does this.
func Check[R any](fields []Field[R], planned, exported []string) error {
	var wrong []error
	report := func(f Field[R], what string) {
		wrong = append(wrong, fmt.Errorf("the field %q %s", cmp.Or(f.Name, f.Argument), what))
	}
	keys, places := map[string]string{}, map[int]bool{}
	for _, f := range fields {
		if f.Name != "" {
			key := normalize.Column(f.Name)
			if of, taken := keys[key]; taken {
				report(f, "is called as "+of+" is")
			}
			keys[key] = f.Name
		}
		switch {
		case f.From != "" && (f.Part == nil || !f.Plain() || !slices.ContainsFunc(fields, func(of Field[R]) bool { return of.Name == f.From && of.Parts })):
			report(f, "is filled from a field that has no parts, or from none of them")
		case f.Planned && !slices.Contains(planned, f.Name):
			report(f, "is left to a plan that does not know it")
		case f.Plain() && f.parse == nil:
			report(f, "has no value that a cell could be put into")
		case f.Plain() && f.Column == "":
			report(f, "is stored nowhere")
		case f.SearchKey != "" && (f.Column == "" || f.format == nil):
			report(f, "is searched by, and has no text that is stored")
		case f.Column != "" && f.put == nil:
			report(f, "has a column, and no value for it")
		}
		if f.Export == 0 {
			continue
		}
		if f.format == nil && !slices.Contains(exported, f.Name) {
			report(f, "is in exports, and nobody knows what they say")
		}
		if places[f.Export] {
			report(f, "has the place of another one in exports")
		}
		places[f.Export] = true
	}
	return errors.Join(wrong...)
}

// Parse puts what a cell of a file of these forms says into the record; the cell is neither blank nor longer than the
// limit if there is no problem.
func (f *Field[R]) Parse(into *R, cell string, forms Forms) *Problem {
	if f.Limit > 0 && len(cell) > f.Limit {
		if n := utf8.RuneCountInString(cell); n > f.Limit {
			return TooLong(n, f.Limit)
		}
	}
	return f.parse(into, cell, forms)
}

// Exported are the fields that exports have, in the order of their columns.
func Exported[R any](fields []Field[R]) []Field[R] {
	list := slices.DeleteFunc(slices.Clone(fields), func(f Field[R]) bool { return f.Export == 0 })
	slices.SortFunc(list, func(a, b Field[R]) int { return cmp.Compare(a.Export, b.Export) })
	return list
}

// Named is the field of files that has the name; nil where there is none.
func Named[R any](fields []Field[R], name string) *Field[R] {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}
