package csvfile

import (
	"bytes"
	"unicode/utf8"
)

// MaxCell is how many bytes of UTF-8 one cell may have (K5).
const MaxCell = 32 << 10

// MaxColumns is how many columns with a name a file may have (F3).
const MaxColumns = 200

// keptFields is how many cells of a record are kept in a file that is no wider than this: beside
// its columns a file may have some that do not count (see Options.Uncounted), and a row one cell
// too many.
const keptFields = MaxColumns + 4

// widest is how many columns are looked through for names: spreadsheets write files of some
// columns with names and many without.
const widest = 1024

// keptCell is how much of a cell's text is gathered: enough to see that it is too long,
// and to cut it between two characters.
const keptCell = MaxCell + utf8.UTFMax

// spareText is how much memory a scanner keeps from one record to the next.
const spareText = 256 << 10

type state uint8

const (
	fieldStart state = iota // where a quote opens a quoted field, also behind blanks
	unquoted                // where a quote is a character like any other
	quoted
	quotedCR    // in quotes behind a CR: a LF belongs to it
	quoteMet    // in quotes behind a quote: closed, or the first of two
	quoteClosed // behind a closing quote and blanks
	recordCR    // the record ended in CR: a LF belongs to it
	recordDone  // the next byte begins a record
)

// scanner finds the records in text that comes in pieces (F1). It is a state machine
// over bytes of UTF-8, since all that it looks for is ASCII.
type scanner struct {
	src     *source // tells how many bytes a text is in the stored file; nil: as many as it has
	delim   byte
	collect bool // gather cells, not only count fields
	stops   [256]bool
	shape   shape

	state  state
	offset int64 // of the next byte, in the stored file
	line   int   // physical line of the next byte

	// The record under way, or just done.
	begin     Position
	quoteLine int  // where the quote opened that is open
	inked     bool // it is not blank
	fields    int
	surplus   int    // fields up to the last that is not blank, if that is behind the columns; else 0
	text      []byte // of the cells that are kept, one after another
	ends      []int  // of each of them in text
	overlong  []int
	cell      int // begin in text, and
	cellLen   int // true length, of the cell under way
}

// newScanner makes one for a file of which the columns are not known yet.
func newScanner(src *source, delim byte, at Position) *scanner {
	s := &scanner{src: src, delim: delim, offset: at.Offset, line: at.Line, state: recordDone, shape: unknownShape}
	s.stops['\r'], s.stops['\n'], s.stops[delim] = true, true, true
	return s
}

// reset forgets the record that is done.
func (s *scanner) reset() {
	s.state = fieldStart
	s.begin = Position{Offset: s.offset, Line: s.line}
	s.inked, s.fields, s.surplus = false, 0, 0
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
			switch c := b[i]; {
			case c == '"':
				if s.cellLen > 0 { // blanks, that do not count
					s.text, s.cellLen = s.text[:s.cell], 0
				}
				s.state, s.quoteLine = quoted, s.line
				i++
				continue
			case (c <= ' ' || c >= utf8.RuneSelf) && !s.stops[c]:
				if n := leadingBlank(b[i:]); n > 0 {
					s.take(b[i : i+n])
					i += n
					continue
				}
			}
			s.state = unquoted
			fallthrough
		case unquoted:
			from := i
			for i < len(b) && !s.stops[b[i]] {
				i++
			}
			if i > from && (s.collect || !s.inked || s.fields >= s.shape.watchFrom) {
				s.take(b[from:i])
			}
			if i == len(b) {
				return i, nil
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
			if b[i] == '"' {
				s.take(b[i : i+1])
				s.state = quoted
				i++
				continue
			}
			s.state = quoteClosed
			fallthrough
		case quoteClosed:
			if c := b[i]; s.stops[c] {
				s.close(c)
				i++
			} else if n := leadingBlank(b[i:]); n > 0 {
				i += n
			} else {
				return i, problem(Malformed, s.line, acceptedQuoting, "text stands behind a closing quote")
			}
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

// column is the index of the field under way.
func (s *scanner) column() int {
	if s.state == recordDone || s.state == recordCR {
		return 0
	}
	return s.fields
}

// finish ends the text: a last record needs no line end, and the end mark of DOS is none of its
// text (F1). It says whether there was one.
func (s *scanner) finish() (done bool, p *Problem) {
	switch s.state {
	case recordDone:
		return false, nil
	case quoted, quotedCR:
		return false, problem(Malformed, s.quoteLine, acceptedQuoting, "a quote opens here that is never closed")
	case fieldStart, unquoted:
		if s.cellLen == len(s.text)-s.cell { // else it is cut, and does not show
			for s.cellLen > 0 && s.text[len(s.text)-1] == 0x1A {
				s.text = s.text[:len(s.text)-1]
				s.cellLen--
			}
		}
		s.endField()
	case quoteMet, quoteClosed:
		s.endField()
	}
	s.state = recordDone
	return true, nil
}

// take has the text for the field under way.
func (s *scanner) take(text []byte) {
	switch {
	case s.fields >= s.shape.watchFrom:
		if inked(text) {
			s.inked = true
			s.met()
		}
	case !s.inked:
		s.inked = inked(text)
	}
	if !s.collect || s.fields >= s.shape.kept || s.shape.skip != nil && s.shape.skips(s.fields) {
		return
	}
	s.cellLen += len(text)
	if room := keptCell - (len(s.text) - s.cell); len(text) > room {
		text = text[:room]
	}
	s.text = append(s.text, text...)
}

func (s *scanner) endField() {
	if s.collect {
		s.keepField()
	}
	s.fields++
}

func (s *scanner) keepField() {
	if s.fields >= s.shape.kept {
		return
	}
	switch {
	case s.cellLen > MaxCell:
		s.overlong = append(s.overlong, s.fields)
	case s.cellLen > 0 && s.text[s.cell] == bomUTF8[0]:
		s.dropMarks()
	}
	s.ends = append(s.ends, len(s.text))
	s.cell, s.cellLen = len(s.text), 0
}

// dropMarks takes byte order marks away that the cell begins with: where files were joined they
// stand at the beginning of a line, and nothing of them reaches a value (F2).
func (s *scanner) dropMarks() {
	for bytes.HasPrefix(s.text[s.cell:], bomUTF8) {
		s.text = append(s.text[:s.cell], s.text[s.cell+len(bomUTF8):]...)
	}
}
