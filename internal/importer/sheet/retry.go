package sheet

import (
	"encoding/json"
	"fmt"
	"slices"

	"tenantry/internal/csvfile"
)

// Place is where a row stands in a file.
type Place struct {
	Row  int // 1 is the first data row
	Line int // physical line on which it begins
}

// MarshalJSON writes the two numbers: a retry stores up to a thousand of them.
func (p Place) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "[%d,%d]", p.Row, p.Line), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Place) UnmarshalJSON(raw []byte) error {
	var numbers [2]int
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return err
	}
	p.Row, p.Line = numbers[0], numbers[1]
	return nil
}

// Correctable are the columns of which a retry may correct the cells (rule J15): those that mean a
// field. The others change nothing.
func (l *Layout) Correctable() []int {
	var columns []int
	for i, field := range l.Fields {
		if field != "" && !IsRejectColumn(field) {
			columns = append(columns, i)
		}
	}
	return columns
}

// CorrectedColumn is the one of these columns that the name means: as the file spells it, or as an issue
// shows it, which cuts it, or as it is recognized (rule F5). -1: none.
func (l *Layout) CorrectedColumn(name string) int {
	columns := l.Correctable()
	for _, means := range []func(header string) bool{
		func(header string) bool { return header == name },
		func(header string) bool { return Cut(header, MaxIssueValue) == name },
		func(header string) bool { return Key(header) == Key(name) },
	} {
		if i := slices.IndexFunc(columns, func(column int) bool { return means(l.File.Header[column]) }); i >= 0 {
			return columns[i]
		}
	}
	return -1
}

// ColumnNames are what the columns are called, as messages and answers show it.
func (l *Layout) ColumnNames(columns []int) []string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = shortName(l.File.Header[column])
	}
	return names
}

// Correct puts corrected cells, by column, into a record; nil: what the row was is not known. Where it is
// not, or where the record has cells too few or too many, so that nobody knows which belongs to which
// column, all correctable columns must be given: missing are those that are not. The cells are
// as a file has them: see [csvfile.Writer.WriteRecord].
func (l *Layout) Correct(rec *csvfile.Record, corrected map[int]string) (cells []string, missing []int) {
	cells = make([]string, len(l.Fields))
	whole := rec != nil
	if whole {
		_, misshapen := l.Misshapen(rec)
		whole = !misshapen
	}
	if whole {
		copy(cells, rec.Cells)
		for _, i := range rec.Overlong {
			cells[i] += cutHere
		}
	}
	for _, column := range l.Correctable() {
		if cell, ok := corrected[column]; ok {
			cells[column] = cell
		} else if !whole {
			missing = append(missing, column)
		}
	}
	return cells, missing
}

// Retry is the layout of a file of some of the rows, which stand at these places of the file of this one.
func (l Layout) Retry(file csvfile.Format, places []Place) Layout {
	l.File, l.Retried = file, places
	return l
}
