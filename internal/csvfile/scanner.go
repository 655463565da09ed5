package csvfile

import "unicode/utf8"

// MaxCell is how many bytes of UTF-8 one cell may have (K5).
const MaxCell = 32 << 10

// MaxColumns is how many columns a file may have (F3).
const MaxColumns = 200

// maxFields is how many fields of a record are kept but one: beside its columns a file may
// have some that do not count (see Options.Uncounted).
const maxFields = MaxColumns + 3

// keptCell is how much of a cell's text is gathered: enough to see that it is too long,
// and to cut it between two characters.
const keptCell = MaxCell + utf8.UTFMax

// spareText is how much memory a scanner keeps from one record to the next.
const spareText = 256 << 10

type state uint8

const (
	fieldStart state = iota // where a quote opens a quoted field
	unquoted
	quoted
	quotedCR   // in quotes behind a CR: a LF belongs to it
	quoteMet   // in quotes behind a quote: closed, or the first of two
	recordCR   // the record ended in CR: a LF belongs to it
	recordDone // the next byte begins a record
)

// scanner finds the records in text that comes in pieces (F1). It is a state machine
// over bytes of UTF-8, since all that it looks for is ASCII.
type scanner struct {
	src     *source // tells how many bytes a text is in the stored file; nil: as many as it has
	delim   byte
	collect bool // gather cells, not only count fields
	stops   [256]bool

	state  state
	offset int64 // of the next byte, in the stored file
	line   int   // physical line of the next byte

	// The record under way, or just done.
	begin     Position
	quoteLine int  // where the quote opened that is open
	inked     bool // it is not blank
	fields    int
	text      []byte // of the cells that are kept, one after another
	ends      []int  // of each of them in text
	overlong  []int
	cell      int // begin in text, and
	cellLen   int // true length, of the cell under way
}

func newScanner(src *source, delim byte, at Position) *scanner {
	s := &scanner{src: src, delim: delim, offset: at.Offset, line: at.Line, state: recordDone}
	s.stops['"'], s.stops['\r'], s.stops['\n'], s.stops[delim] = true, true, true, true
	return s
}

// reset forgets the record that is done.
func (s *scanner) reset() {
	s.state = fieldStart
	s.begin = Position{Offset: s.offset, Line: s.line}
	s.inked, s.fields = false, 0
	if cap(s.text) > spareText {
		s.text = nil
	}
	s.text, s.ends, s.overlong = s.text[:0], s.ends[:0], nil
	s.cell, s.cellLen = 0, 0
}

// scan takes text up to the end of a record, or all of it, and says how much that was and
// whether a record is done. Of a record that ends in CR this is only known with the byte
// behind. After a problem the scanner is of no use.
func (s *scanner) scan(b []byte) (n int, done bool, p *Problem) {
	if len(b) == 0 {
		return 0, false, nil
	}
	if s.state == recordDone {
		s.reset()
	}
	n, p = s.run(b)
	if s.src == nil {
		s.offset += int64(n)
	} else {
		s.offset += s.src.width(b[:n])
	}
	return n, s.state == recordDone, p
}

func (s *scanner) run(b []byte) (int, *Problem) {
	i := 0
	for i < len(b) {
		switch s.state {
		case fieldStart:
			if b[i] == '"' {
				s.state, s.quoteLine = quoted, s.line
				i++
				continue
			}
			s.state = unquoted
			fallthrough
		case unquoted:
			from := i
			for i < len(b) && !s.stops[b[i]] {
				i++
			}
			if i > from {
				s.take(b[from:i])
			}
			if i == len(b) {
				return i, nil
			}
			if b[i] == '"' {
				return i, problem(Malformed, s.line, acceptedQuoting, "a quote stands inside a cell that does not begin with one")
			}
			s.close(b[i])
			i++
		case quoted:
			from := i
			for i < len(b) && b[i] != '"' && b[i] != '\n' && b[i] != '\r' {
				i++
			}
			switch {
			case i == len(b):
			case b[i] == '"':
				s.state = quoteMet
			case b[i] == '\r':
				s.state = quotedCR
				fallthrough
			default:
				s.line++
				i++
			}
			if i > from {
				s.take(b[from:i])
			}
			if s.state == quoteMet {
				i++
			}
		case quotedCR:
			if b[i] == '\n' {
				s.take(b[i : i+1])
				i++
			}
			s.state = quoted
		case quoteMet:
			switch c := b[i]; c {
			case '"':
				s.take(b[i : i+1])
				s.state = quoted
			case s.delim, '\r', '\n':
				s.close(c)
			default:
				return i, problem(Malformed, s.line, acceptedQuoting, "text stands behind a closing quote")
			}
			i++
		case recordCR:
			if b[i] == '\n' {
				i++
			}
			s.state = recordDone
		}
		if s.state == recordDone {
			return i, nil
		}
	}
	return i, nil
}

// close ends a field at the delimiter or line end c.
func (s *scanner) close(c byte) {
	s.endField()
	switch c {
	case '\n':
		s.line++
		s.state = recordDone
	case '\r':
		s.line++
		s.state = recordCR
	default:
		s.state = fieldStart
	}
}

// finish ends the text: a last record needs no line end. It says whether there was one.
func (s *scanner) finish() (done bool, p *Problem) {
	switch s.state {
	case recordDone:
		return false, nil
	case quoted, quotedCR:
		return false, problem(Malformed, s.quoteLine, acceptedQuoting, "a quote opens here that is never closed")
	case fieldStart, unquoted, quoteMet:
		s.endField()
	}
	s.state = recordDone
	return true, nil
}

// take has the text for the field under way.
func (s *scanner) take(text []byte) {
	if !s.inked {
		s.inked = inked(text)
	}
	if !s.collect || s.fields > maxFields {
		return
	}
	s.cellLen += len(text)
	if room := keptCell - (len(s.text) - s.cell); len(text) > room {
		text = text[:room]
	}
	s.text = append(s.text, text...)
}

func (s *scanner) endField() {
	if s.collect && s.fields <= maxFields {
		if s.cellLen > MaxCell {
			s.overlong = append(s.overlong, s.fields)
		}
		s.ends = append(s.ends, len(s.text))
		s.cell, s.cellLen = len(s.text), 0
	}
	s.fields++
}
