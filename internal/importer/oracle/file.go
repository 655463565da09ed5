package oracle

import "fmt"

// Kind is what the rows of a file become.
type Kind int

// The kinds of files.
const (
	Customers Kind = iota
	Contacts
	Users
)

// File is a parsed file.
type File struct {
	Header []string // as the file spells it
	Fields []string // for each column its canonical name or a custom field's variable name; empty: left out
	Rows   []Row
}

// Row is one row of a file that is not blank.
type Row struct {
	Line  int // of the file, on which it begins
	Cells []string
}

// Job is an import: who imports what into which company.
type Job struct {
	Kind     Kind
	Importer *User
	Company  *Company
	File     File
	Options  Options
	Forms    Forms
	Numbers  []int // of the rows; nil: from 1 on
}

// Options are what is to become of rows (R3, R5, I9).
type Options struct {
	SkipExisting, FillBlanks, SkipMissing bool
	Create                                map[string]bool // labels, projects, desks
	ClearWith                             string          // empty: nothing clears
	ReplaceExternalIDs                    bool
}

// Issue is one problem of one row. The column is empty where the row as a whole is meant,
// or a field that the file does not have.
type Issue struct {
	Row, Line int
	Column    string
	Code      string
	OtherRow  int // of EMAIL_TAKEN: the last row before it that names the other contact (I9)

	Left, Now string // of an undo: the value that the import had left, and the one that is kept (J14)
}

func (i Issue) String() string {
	s := fmt.Sprintf("%d:%d:%s:%s", i.Row, i.Line, i.Column, i.Code)
	if i.OtherRow > 0 {
		s += fmt.Sprintf(":%d", i.OtherRow)
	}
	if i.Left != "" || i.Now != "" {
		s += fmt.Sprintf(":%q:%q", i.Left, i.Now)
	}
	return s
}

// Result is what came of the rows.
type Result struct {
	Created, Updated, Deleted, Unchanged, Skipped, Failed int

	Issues []Issue // by row, then column, then code
	Rows   []RowResult

	done *done // for an undo of it
}

// RowResult is what came of a row.
type RowResult struct {
	Number, Line int
	Outcome      string   // CREATED, UPDATED, DELETED, UNCHANGED, SKIPPED or FAILED
	Contact      *Contact // whom a row of contacts has created, updated or left unchanged; of an undo, whom it is about; else nil
	Company      *Company // likewise of a row of customers; nil of one that has created none
}
