package contacts

import (
	"tenantry/ent/enum"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// assignments are the projects or the desks that a company's rows name.
type assignments struct {
	standard   id.ID // the default one
	ids        map[id.ID]bool
	byExternal map[string]id.ID
	byName     map[string][]id.ID
	deleted    map[id.ID]bool // their contacts are in the default one

	// names are those of all that the company has, as soon as a row names one that it has not.
	names []string
	near  *sheet.Names
}

func newAssignments() assignments {
	return assignments{ids: map[id.ID]bool{}, byExternal: map[string]id.ID{}, byName: map[string][]id.ID{}, deleted: map[id.ID]bool{}}
}

// find resolves a cell: default, our id, an external id, or a name that just one has (rule I14).
func (s *assignments) find(cell string, k id.Kind) (of id.ID, ok bool) {
	if cell == byDefault {
		return s.standard, true
	}
	if ours, err := id.Parse(cell, k); err == nil && s.ids[ours] {
		return ours, true
	}
	if of, ok := s.byExternal[cell]; ok {
		return of, true
	}
	if named := s.byName[cell]; len(named) == 1 {
		return named[0], true
	}
	return id.ID{}, false
}

// create takes one into the company that a row has made.
func (s *assignments) create(of id.ID, name string) {
	if !s.ids[of] {
		s.ids[of], s.byName[name], s.names, s.near = true, append(s.byName[name], of), append(s.names, name), nil
	}
}

// nearest is the name of one that the cell most likely means, empty where none is near.
func (s *assignments) nearest(cell string) string {
	if s.near == nil {
		s.near = sheet.NewNames(s.names)
	}
	return s.near.Nearest(cell)
}

// assigned are the words for projects, or desks.
type assigned struct {
	kind   id.Kind
	code   enum.IssueCode
	what   string
	column int
}

// assign finds the project or desk of a row.
//
// A contact always has one, so there is none to clear; and it has one already where an import
// fills blanks alone, so that nothing is created for it then (rule R5).
func (j *rowPlan) assign(a assigned, s *assignments, now id.ID) id.ID {
	f := j.row.FieldAt(a.column)
	fill := j.known != nil && kind.FillsBlanks(j.row)
	if f.Cleared() && j.known != nil && !fill {
		f.CannotClear("a contact's "+a.what, "write default for the default one")
	}
	if !f.Filled() {
		return now
	}
	of, ok := s.find(f.Value, a.kind)
	if ok && j.known != nil && of == now {
		f.Matches(f.Value)
	}
	if !ok && f.Sound() {
		of = j.assignNew(a, s, f, fill)
	}
	if fill {
		return now
	}
	return of
}

// assignNew creates the project or desk that the company has not, or says why not.
func (j *rowPlan) assignNew(a assigned, s *assignments, f sheet.Field, fill bool) id.ID {
	shown := sheet.Cut(f.Value, 100)
	if n := len(s.byName[f.Value]); n > 1 {
		f.Reject(a.code, "%d %ss of the company are named %q; give an id or an external id", n, a.what, shown)
		return id.ID{}
	}
	made, why := j.create(a.kind, f.Value, len(s.names), fill)
	if made != (id.ID{}) {
		return made
	}
	data := sheet.Data{Suggestion: s.nearest(f.Value)}
	if normalize.Key(f.Value) == byDefault {
		data.Suggestion = byDefault
	}
	f.RejectWith(a.code, data, "the company has no %s %q%s; give its id, its external id, its name, or default%s", a.what, shown, why, meant(data.Suggestion))
	return id.ID{}
}

// meant ends a message with what was probably meant.
func meant(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return "; perhaps " + quoted(suggestion) + " is meant"
}
