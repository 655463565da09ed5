package csvfile

import (
	"bufio"
	"encoding/csv"
	"io"
)

// Writer writes a CSV file that every import reads back to the same cells (J12) and no
// spreadsheet runs (F7): UTF-8, RFC 4180 quoting, each cell escaped. Lines end in LF, not CRLF: encoding/csv changes the line breaks inside
// cells along with those between rows, and a cell must come back as it was.
type Writer struct {
	csv *csv.Writer
	row []string
}

// NewWriter writes to w, buffered: Flush at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{csv: csv.NewWriter(w)} }

// NewSpreadsheetWriter is NewWriter for a file that spreadsheets open: it begins with a byte
// order mark, without which they do not take it for UTF-8, and has the delimiter that the
// file's owner uses.
func NewSpreadsheetWriter(w io.Writer, delimiter byte) *Writer {
	buffer := bufio.NewWriter(w) // csv.Writer goes on with it, so that the mark is no write of its own
	_, _ = buffer.Write(bomUTF8) // there is room for it
	out := NewWriter(buffer)
	out.csv.Comma = rune(delimiter)
	return out
}

// Write writes one row of cells, which are valid UTF-8 and not yet escaped: a cell
// that comes from a Record goes through UnescapeFormula first. A row of nothing but blank cells
// is passed over when it is read (F1).
func (w *Writer) Write(cells []string) error {
	w.row = w.row[:0]
	for _, cell := range cells {
		w.row = append(w.row, EscapeFormula(cell))
	}
	return w.csv.Write(w.row)
}

// WriteRecord writes the cells of a [Record] as they are, so that a [Reader] reads the same cells.
// They are escaped already where whoever wrote the file has done so.
func (w *Writer) WriteRecord(cells []string) error { return w.csv.Write(cells) }

// Flush writes what is buffered, and gives the first error there was.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}
