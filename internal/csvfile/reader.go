package csvfile

import "io"

// Format is what Inspect found out about a file and a Reader has to know. It is stored
// with the import, as JSON.
type Format struct {
	Encoding   Encoding `json:"encoding"`
	Delimiter  byte     `json:"delimiter"`            // one of , ; tab |
	HeaderLine int      `json:"headerLine,omitempty"` // physical line on which the column names begin, 1-based; 0 in files that older versions accepted
	Header     []string `json:"header"`               // column names: decoded, unescaped, trimmed; blank ones are ""
	Columns    int      `json:"columns"`              // len(Header)
	// Unnamed is how many more columns there are behind those, in a file with very many; none has a name.
	Unnamed    int   `json:"unnamed,omitempty"`
	DataOffset int64 `json:"dataOffset"` // where the record behind the header begins, in bytes of the stored file
	DataLine   int   `json:"dataLine"`   // physical line there, 1-based
}

// Start is where the data begins.
func (f Format) Start() Position { return Position{Offset: f.DataOffset, Line: f.DataLine} }

// Reader reads the rows of a file that Inspect has accepted, from any position. It is not
// safe for concurrent use.
type Reader struct {
	rows   records
	record roomyRecord // the last one
	err    error
}

// NewReader reads from at on; r stands already at byte at.Offset of the stored file. A
// position is Format.Start, or a Record's After; any other may lie inside a record.
func NewReader(r io.Reader, f Format, at Position) *Reader {
	src := newSource(r, f.Encoding, 0)
	scan := newScanner(src, f.Delimiter, at)
	scan.collect = true
	scan.shape = shapeOf(f.Header, f.Unnamed)
	return &Reader{rows: records{
		src: src, scan: scan, row: at.Row,
	}}
}

// Next gives the next row that is not blank, and io.EOF after the last. The record and its list of
// cells are another row's with the next call; the cells' texts are the caller's to keep. A file that is
// no longer what was inspected gives a *Problem; errors of the underlying reader come
// wrapped. After an error every call gives the same one.
func (r *Reader) Next() (*Record, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.err = r.rows.next(); r.err != nil {
		return nil, r.err
	}
	return r.rows.scan.record(r.rows.row, &r.record), nil
}
