package csvfile

import (
	"io"
	"unicode/utf8"
)

// Position is a place between two records.
type Position struct {
	Offset int64 `json:"offset"` // bytes of the stored file before it, whatever the encoding
	Row    int   `json:"row"`    // rows before it
	Line   int   `json:"line"`   // physical line that begins there, 1-based
}

// Record is one row that is not blank. Its cells share one string, so keeping one of them keeps
// the row's text.
type Record struct {
	Row     int   // 1 is the first row after the header; blank rows are not counted
	Line    int   // physical line on which it begins, 1-based
	Offset  int64 // where it begins in the stored file, in bytes
	End     int64 // where the next record begins
	EndLine int   // physical line at End
	// Cells are as they were but in UTF-8: not trimmed, not unescaped; a few more than MaxColumns at most,
	// or than the file has columns. Blank ones behind the last column do not count (F1), and those
	// that are missing in columns without a name behind all others are there.
	Cells    []string
	Fields   int   // how many it really had, by the same count; may exceed len(Cells)
	Overlong []int // indexes of cells over MaxCell bytes, which are cut to that between two characters
}

// After is where reading goes on after the record.
func (r *Record) After() Position { return Position{Offset: r.End, Row: r.Row, Line: r.EndLine} }

// inlineCells is how many cells lie in one allocation with their record.
const inlineCells = 16

type roomyRecord struct {
	Record
	inline [inlineCells]string
	wide   []string // for records with more cells
}

// record makes the scanner's record, in the place of an earlier one.
func (s *scanner) record(row int, in *roomyRecord) *Record {
	n, fields := s.width()
	cells := in.inline[:]
	if n > inlineCells {
		if len(in.wide) < n {
			in.wide = make([]string, n)
		}
		cells = in.wide
	}
	rec := &in.Record
	rec.Cells = cells[:n:n]
	clear(rec.Cells)
	rec.Row, rec.Fields = row, fields
	rec.Line, rec.Offset = s.begin.Line, s.begin.Offset
	rec.EndLine, rec.End = s.line, s.offset

	text, ends := s.text, s.ends
	rec.Overlong = s.overlong
	if s.overlong != nil {
		text, ends = s.cut()
	}
	for len(rec.Overlong) > 0 && rec.Overlong[len(rec.Overlong)-1] >= n {
		rec.Overlong = rec.Overlong[:len(rec.Overlong)-1]
	}
	all, from := string(text), 0
	for i, end := range ends[:min(n, len(ends))] {
		rec.Cells[i] = all[from:end]
		from = end
	}
	return rec
}

// width is how many cells the record gets, and how many fields it counts as (F1).
func (s *scanner) width() (cells, fields int) {
	switch f := &s.shape; {
	case s.fields > f.columns && s.surplus <= f.columns+f.behind: // blank ones, or in columns without a name
		return f.columns, f.columns
	case s.fields > f.columns:
		return min(len(s.ends), s.surplus), s.surplus
	case s.fields >= f.named && s.fields < f.columns:
		return f.columns, f.columns
	}
	return len(s.ends), s.fields
}

// cut gives the text, with the ends of its cells, with none over MaxCell. It changes what is gathered.
func (s *scanner) cut() (text []byte, ends []int) {
	text, ends = s.text[:0], s.ends[:0]
	from := 0
	for _, end := range s.ends {
		size := end - from
		if size > MaxCell {
			for size = MaxCell; !utf8.RuneStart(s.text[from+size]); size-- {
			}
		}
		text = append(text, s.text[from:from+size]...) // never behind what is still to be read
		ends = append(ends, len(text))
		from = end
	}
	return text, ends
}

// records goes through the rows of a text: what Inspect and Reader have in common.
type records struct {
	src   *source
	scan  *scanner
	block []byte // still to be scanned
	row   int    // rows met
}

// next goes to the next record that is not blank; the scanner has it. At the end: io.EOF.
func (r *records) next() error {
	for {
		n, done, p := r.scan.scan(r.block)
		r.block = r.block[n:]
		if p != nil {
			return p
		}
		if !done {
			if len(r.block) > 0 {
				continue
			}
			block, err := r.src.next(r.scan.line)
			if err == nil {
				r.block = block
				continue
			}
			if err != io.EOF {
				return err
			}
			if done, p = r.scan.finish(); p != nil {
				return p
			}
			if !done {
				return err
			}
		}
		if r.scan.inked {
			r.row++
			return nil
		}
	}
}
