package sheet

import (
	"slices"
	"strconv"
	"strings"

	"tenantry/internal/csvfile"
	"tenantry/internal/tokensecret"
)

// Rejects puts a record's cells and its problems into the file's columns.
type Rejects struct {
	layout *Layout
	Header []string
	drop   []int // reject columns of the file itself, which the new ones replace; the last first
}

// RejectsOf makes the rejects file of a file of the layout.
func RejectsOf(l *Layout) Rejects {
	r := Rejects{layout: l, Header: slices.Clone(l.File.Header)}
	for i, field := range slices.Backward(l.Fields) {
		if IsRejectColumn(field) {
			r.drop = append(r.drop, i)
			r.Header = slices.Delete(r.Header, i, i+1)
		}
	}
	r.Header = append(r.Header, rejectColumns[:]...)
	return r
}

// cutHere ends a cell of which the reader has kept only the beginning, so that the cell is
// too long in the rejects file as well, and is not imported cut.
const cutHere = " … (cut here)"

// Line keeps every cell but those that are shown nowhere. A row that has not the header's
// number of cells has all of its own and no more, so that it is rejected again for as long as
// nobody has mended it (rule R6): filled up, its cells would pass for other columns'.
func (r Rejects) Line(rec *csvfile.Record, codes []string, problems string) []string {
	own, misshapen := r.layout.Misshapen(rec)
	cells := make([]string, own, own+1+len(rejectColumns))
	for i := range cells {
		if misshapen && r.layout.Guarded || !misshapen && r.layout.Hidden(i) || tokensecret.In(rec.Cells[i]) {
			continue
		}
		cells[i] = csvfile.UnescapeFormula(rec.Cells[i]) // the writer puts the ' back where it belongs
		if slices.Contains(rec.Overlong, i) {
			cells[i] += cutHere
		}
	}
	if own == len(rec.Cells) { // what an earlier rejects file has added stands among them
		for _, i := range r.drop {
			if i < len(cells) {
				cells = slices.Delete(cells, i, i+1)
			}
		}
	}
	if misshapen && len(cells) == len(r.Header)-len(rejectColumns) {
		cells = append(cells, "") // one of what was added is missing; it must not look whole for that
	}
	return append(cells, strconv.Itoa(r.layout.Place(rec).Row), strings.Join(codes, "; "), problems)
}
