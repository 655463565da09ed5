package contacts

import (
	"slices"
	"strings"

	"tenantry/ent/generated/ent"
	records "tenantry/internal/contacts"
	"tenantry/internal/csvfile"
	"tenantry/internal/id"
	"tenantry/internal/normalize"
)

// identity is what the id column says (rule I9): the id in the other system, by which the
// contact is found elsewhere too; ours where there is none, or one that a file may not hold.
// Where the contact is gone, or in another company, ours is an external id like any other.
func identity(c *records.Record) string {
	if !plain(c.ExternalID) || csvfile.Rounded(c.ExternalID) {
		return c.ID.String()
	}
	return c.ExternalID
}

// assignment is a project or a desk.
type assignment struct {
	id             id.ID
	name, external string
	isDefault      bool
}

// byDefault names the default project or desk (rule I14).
const byDefault = "default"

// cellsOf tells what the column of projects, or of desks, says of each (rule I14): default, the
// external id, or the name where it means no other, so that the file means the same in another
// company that has one of that name; else our id.
func cellsOf[T any](all []T, of func(T) assignment) func(id.ID) string {
	taken := map[string]int{byDefault: 1} // how many a cell could mean
	for _, one := range all {
		s := of(one)
		taken[s.name]++
		if s.external != "" && s.external != s.name {
			taken[s.external]++
		}
	}
	said := make(map[id.ID]string, len(all))
	there := make(map[id.ID]bool, len(all))
	for _, one := range all {
		s := of(one)
		there[s.id] = true
		_, notID := id.ParseAny(s.name)
		switch {
		case s.isDefault:
			said[s.id] = byDefault
		case s.external != byDefault && plain(s.external):
			said[s.id] = s.external
		case taken[s.name] == 1 && notID != nil && plain(s.name) && !csvfile.Unsafe(s.name) && !csvfile.Markup(s.name):
			said[s.id] = s.name
		}
	}
	return func(ours id.ID) string {
		if cell, ok := said[ours]; ok {
			return cell
		}
		if !there[ours] { // deleted, so its contacts are in the default one
			return byDefault
		}
		return ours.String()
	}
}

// plain reports whether a cell of the text is read as just the text.
func plain(s string) bool { return s != "" && normalize.Line(s) == s }

var escaped = strings.NewReplacer(`\`, `\\`, `:`, `\:`)

// labelCells are what the columns of labels say (rule I11): the names; and the ids of those that
// a cell has no room for. Where there is no room for those either, the rest is left out: an
// import only adds.
func labelCells(labels []*ent.Label) (names, ids string) {
	slices.SortFunc(labels, func(a, b *ent.Label) int { return strings.Compare(a.Name, b.Name) })
	join := func(to *string, part string) bool {
		if *to != "" {
			part = ":" + part
		}
		if len(*to)+len(part) >= csvfile.MaxCell { // and a ' in front
			return false
		}
		*to += part
		return true
	}
	for _, l := range labels {
		if !plain(l.Name) || !join(&names, escaped.Replace(l.Name)) {
			join(&ids, l.ID.String())
		}
	}
	return names, ids
}
