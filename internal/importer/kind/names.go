package kind

import (
	_ "embed" // the lists
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tenantry/ent/enum"
	"tenantry/internal/importer/sheet"
)

// The names that columns bear in other people's files. They are facts about other tools and other
// languages, and not about a field, so that they are kept in lists of their own, beside the tables
// of fields, which have the one name that is ours.
var (
	//go:embed aliases.csv
	aliasList string
	//go:embed synonyms.csv
	synonymList string
)

// namesOf are the names of a kind's fields.
type namesOf map[enum.ImportKind]map[string]*names

// names are the other names of a field.
type names struct {
	aliases  []sheet.Alias
	synonyms []string
}

// otherNames reads the lists once. They are part of the program: a mistake in them is found by
// its tests, and panics.
var otherNames = sync.OnceValue(func() namesOf {
	all := namesOf{}
	for _, row := range rowsOf(aliasList, 5) {
		n := all.field(row[0], row[1])
		preference, err := 0, error(nil)
		if row[2] != "always" {
			preference, err = strconv.Atoi(row[2])
		}
		if err != nil {
			panic(fmt.Errorf("aliases.csv: %q is no preference: %w", row[2], err))
		}
		n.aliases = append(n.aliases, sheet.Alias{Name: row[3], Preference: preference})
	}
	for _, row := range rowsOf(synonymList, 4) {
		for kind := range strings.FieldsSeq(row[0]) {
			n := all.field(kind, row[1])
			n.synonyms = append(n.synonyms, strings.Split(row[3], "|")...)
		}
	}
	return all
})

// rowsOf are the rows of a list, without its header.
func rowsOf(list string, columns int) [][]string {
	r := csv.NewReader(strings.NewReader(list))
	r.Comment, r.FieldsPerRecord = '#', columns
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Errorf("a list of columns' names: %w", err))
	}
	return rows[1:]
}

// field is the entry of a field.
func (n namesOf) field(kind, field string) *names {
	k := enum.ImportKind(kind)
	if n[k] == nil {
		n[k] = map[string]*names{}
	}
	if n[k][field] == nil {
		n[k][field] = &names{}
	}
	return n[k][field]
}

// name gives the columns of a kind their other names.
func name(kind enum.ImportKind, columns []sheet.Column) {
	known := otherNames()[kind]
	for i := range columns {
		if n := known[columns[i].Name]; n != nil {
			columns[i].Aliases, columns[i].Synonyms = slices.Clone(n.aliases), n.synonyms
		}
	}
}
