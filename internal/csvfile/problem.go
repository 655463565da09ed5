package csvfile

import "fmt"

// Reason says why a file is refused as a whole (F3). The values are the API's own.
type Reason string

// The reasons this package gives.
const (
	Empty               Reason = "EMPTY"
	NotCSV              Reason = "NOT_CSV"
	UnsupportedEncoding Reason = "UNSUPPORTED_ENCODING"
	Malformed           Reason = "MALFORMED"
	TooLarge            Reason = "TOO_LARGE"
	TooManyRows         Reason = "TOO_MANY_ROWS"
	TooManyColumns      Reason = "TOO_MANY_COLUMNS"
)

// The reasons that only the caller can give, who knows the columns (F5).
const (
	MissingColumn   Reason = "MISSING_COLUMN"
	UnknownColumn   Reason = "UNKNOWN_COLUMN"
	DuplicateColumn Reason = "DUPLICATE_COLUMN"
	WrongKind       Reason = "WRONG_KIND"
)

// What would have been accepted, by subject.
const (
	acceptedFile = "a CSV file with column names in its first row, " +
		"separated by commas, semicolons, tabs or pipes, saved as UTF-8, as UTF-16 with a byte order mark, or in an encoding that is given"
	acceptedEncoding  = "UTF-8, UTF-16 with a byte order mark, or any other encoding of the WHATWG standard that is given; one of them throughout the file"
	acceptedQuoting   = `a cell that holds a quote, a separator or a line break stands wholly in quotes, with each quote in it doubled: "say ""hi"""`
	acceptedDelimiter = "a comma, a semicolon, a tab or a pipe (|)"
	acceptedLine      = "the number of the line that holds the column names, counted from 1 and with blank lines"
	acceptedRows      = "column names in the first row and at least one row of data below"
)

// Problem is why a file is refused. It is matched with errors.As.
type Problem struct {
	Reason     Reason
	Message    string   // for a person: what was wrong, and what would be accepted
	Column     string   // the column at fault, where there is one
	Line       int      // physical line, 1-based; 0 where the whole file is meant
	Limit      int64    // what was exceeded: bytes, rows or columns, by Reason; 0 where there is no limit
	Suggestion string   // the caller's: the nearest field or kind
	Accepted   []string // what would be accepted, alone: values where they can be listed, else a sentence
	// Columns are all that are at fault where several may be: those that are repeated first, those
	// that are missing last, and each in the order of the file (F3). Column and Suggestion are of the first.
	Columns []ColumnProblem
}

// ColumnProblem is one of the columns of a Problem.
type ColumnProblem struct {
	Name       string `json:"name"`                 // as the file spells it, or, of a missing one, the field's; empty: it has none
	Number     int    `json:"number"`               // 1 is the first; 0 where the file does not have it
	Reason     Reason `json:"reason"`               // DuplicateColumn, UnknownColumn or MissingColumn
	Field      string `json:"field,omitempty"`      // the caller's: of a repeated one, what it means as another column does
	Suggestion string `json:"suggestion,omitempty"` // the caller's: the field that is probably meant
}

func (p *Problem) Error() string { return string(p.Reason) + ": " + p.Message }

// ColumnNames are the columns at fault: Columns, or Column alone.
func (p *Problem) ColumnNames() []string {
	var names []string
	for _, c := range p.Columns {
		names = append(names, c.Name)
	}
	if names == nil && p.Column != "" {
		names = []string{p.Column}
	}
	return names
}

// problem builds the Message out of what was wrong, the line, and what is accepted.
func problem(reason Reason, line int, accepted, format string, args ...any) *Problem {
	wrong := fmt.Sprintf(format, args...)
	if line > 0 {
		wrong = fmt.Sprintf("Line %d: %s", line, wrong)
	}
	return &Problem{
		Reason: reason, Line: line, Accepted: []string{accepted},
		Message: wrong + ". Accepted: " + accepted + ".",
	}
}

// limited is a problem with a number that was exceeded.
func limited(reason Reason, line int, limit int64, accepted, format string, args ...any) *Problem {
	p := problem(reason, line, accepted, format, args...)
	p.Limit = limit
	return p
}
