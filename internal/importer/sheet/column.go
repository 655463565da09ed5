package sheet

import (
	"slices"
	"strings"

	"tenantry/internal/csvfile"
	"tenantry/internal/normalize"
)

// Column is one field that a kind of import knows (the tables of docs/rules.md).
type Column struct {
	Name        string   // canonical, such as first_name
	Aliases     []Alias  // other names by which it is recognized
	Synonyms    []string // names by which it is only suggested
	Required    bool     // for a new record
	Secret      bool     // its cells are taken exactly as they are and shown nowhere (rules F6, U2)
	Exact       bool     // its cells may have control and format characters (rule K5)
	Description string
	Example     string
	List        bool // its cells are lists, separated by colons (rule I11)
	Company     bool // its cells put a row into another company (rule I13)
	Parts       bool // its cells are parts of other columns', where a file does not have these
	Custom      bool // a field of the company's own (rule K3)
}

// Alias is another name of a column.
type Alias struct {
	Name string
	// Preference is 0 where the name means the column wherever it stands. Of columns that mean the
	// same by names of a preference above 0, which tools write beside each other, the lowest counts.
	Preference int
}

// Spellings are the name and the aliases.
func (c Column) Spellings() []string {
	all := []string{c.Name}
	for _, a := range c.Aliases {
		all = append(all, a.Name)
	}
	return all
}

// What a rejects file adds (rule J9), in its order; every import recognises these columns and
// passes over them. In a [Layout] each stands as a field of its name.
const (
	RowColumn     = "import_row"     // the row's number in the import that rejected it
	CodeColumn    = "import_code"    // its problems' codes, each once
	ProblemColumn = "import_problem" // their messages
)

var rejectColumns = [...]string{RowColumn, CodeColumn, ProblemColumn}

// IsRejectColumn reports whether a field of a [Layout] is one of them.
func IsRejectColumn(field string) bool { return slices.Contains(rejectColumns[:], field) }

// MaxColumnName is how many characters of a column's name count, in comparisons and in
// answers: no column that is known has so many. A file's may have 32 KiB each.
const MaxColumnName = 250

// Key is what the name of a column is compared by.
func Key(name string) string { return normalize.Column(Cut(name, MaxColumnName)) }

// RejectColumn is which of them the header means; empty: none.
func RejectColumn(header string) string {
	key := Key(header)
	for _, c := range rejectColumns {
		if key == Key(c) {
			return c
		}
	}
	return ""
}

// MaxMappings bounds ImportCsvInput.columns.
const MaxMappings = csvfile.MaxColumns

// Mapping is the caller's word on one header; Field nil: leave the column out.
type Mapping struct {
	Header string         `json:"header"`
	Field  *string        `json:"field"`
	Values []ValueMapping `json:"values,omitempty"` // what is read in the place of some cells
}

// ValueMapping translates the cells that hold one text, ignoring case.
type ValueMapping struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// field is the field that the mapping names; empty where it names none.
func (m Mapping) field() string {
	if m.Field == nil {
		return ""
	}
	return *m.Field
}

// What bounds the values that mappings translate.
const (
	MaxValues     = 200      // of one column
	MaxValue      = 200      // characters of each text
	MaxValueBytes = 64 << 10 // of all texts together
)

// Cut keeps the first characters of a text.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n == most {
			return strings.Clone(s[:i]) // not the whole cell behind it
		}
		n++
	}
	return s
}
