package csvfile

import (
	"fmt"
	"io"
	"strings"
)

// delimiters in the order of preference, all else being equal (F1).
const delimiters = ",;\t|"

// AcceptedDelimiters are the texts that [ParseDelimiter] takes: comma, semicolon, tab and pipe.
func AcceptedDelimiters() []string { return strings.Split(delimiters, "") }

// ParseDelimiter is the delimiter that a caller names (F1): exactly one of [AcceptedDelimiters].
func ParseDelimiter(s string) (byte, error) {
	if len(s) == 1 && strings.Contains(delimiters, s) {
		return s[0], nil
	}
	if len(s) > 20 {
		s = s[:20] + "…"
	}
	return 0, fmt.Errorf("%q is not accepted as delimiter", s)
}

// belowFirst is how many rows below the first that is not blank may be the header (F1).
const belowFirst = 10

// trial is the header as it is with one of the delimiters.
type trial struct {
	find    *search
	scan    *scanner
	decided bool
	problem *Problem // why there is no header
	rows    int      // met that are not blank
	above   int      // of these, those above the header
	fields  int      // of the header
	score   int
	likely  int  // of the first row: see Options.Likely
	lone    bool // the first row has one cell that is filled, as titles have
}

// feed has the next piece of the file's head.
func (t *trial) feed(text []byte) {
	for len(text) > 0 && !t.decided {
		n, done, p := t.scan.scan(text)
		text = text[n:]
		t.step(done, p)
	}
}

// finish ends the trial: there is no more text.
func (t *trial) finish() {
	if !t.decided {
		t.step(t.scan.finish())
		t.stop(nil)
	}
}

// stop decides the trial by the rows that it has met; p is why there are no more. Columns that are
// recognised before a quote that is wrong are in favour of the delimiter too.
func (t *trial) stop(p *Problem) {
	if t.rows > 0 {
		t.decided = true
	} else if p != nil {
		t.decided, t.problem = true, p
		if t.find.score != nil {
			t.score = t.find.score(names(t.scan.record(0, &roomyRecord{})))
		}
	}
}

// step has the next row, or why there is none. The first row that is not blank is the header,
// unless nothing of it is known and a row below has enough that is (F1).
func (t *trial) step(done bool, p *Problem) {
	switch {
	case p != nil:
		t.stop(p)
		return
	case !done:
		return
	case !t.scan.inked:
		if t.find.exactly {
			t.stop(blankHeader(t.scan.begin.Line))
		}
		return
	}
	score, enough := 0, true
	if t.find.score != nil {
		header := names(t.scan.record(0, &roomyRecord{}))
		score = t.find.score(header)
		if t.rows == 0 {
			t.first(header)
		} else {
			enough = (score >= 2 || t.find.suffices != nil && t.find.suffices(header)) && t.mayStandAbove(score)
		}
	}
	if enough {
		t.above, t.fields, t.score = t.rows, t.scan.fields, score
	}
	t.rows++
	t.decided = t.score > 0 || t.find.exactly || t.find.score == nil || t.rows > belowFirst
}

// first looks at the first row, which may be the header though nothing of it is known.
func (t *trial) first(header []string) {
	if t.find.likely != nil {
		t.likely = t.find.likely(header)
	}
	filled := 0
	for _, name := range header {
		if name != "" {
			filled++
		}
	}
	t.lone = filled == 1
}

// mayStandAbove reports whether the first row may be a title above a header of which so much is known.
// One that seems to be a header itself is none above what is no more of a header: that is a row of data
// whose cells happen to be names of columns, and it and all above it would be lost. A lone word right
// above the header may be both.
func (t *trial) mayStandAbove(score int) bool {
	return score > t.likely || score == t.likely && t.lone && t.rows == 1
}

// giveUp ends a trial that is not decided within maxHeader bytes.
func (t *trial) giveUp(line int) {
	switch s := t.scan; s.state {
	case quoted, quotedCR:
		t.stop(limited(Malformed, s.quoteLine, maxHeader, acceptedQuoting,
			"a quote opens here that is not closed within the %d bytes that column names may take", maxHeader))
	default:
		t.stop(headerTooLong(line))
	}
}

// better reports whether t is to be preferred to u, which comes before it in delimiters.
func (t *trial) better(u *trial) bool {
	switch {
	case t.above > 0 && u.above == 0 && !u.mayStandAbove(t.score):
		return false
	case u.above > 0 && t.above == 0 && !t.mayStandAbove(u.score):
		return true
	case t.score != u.score:
		return t.score > u.score
	case (t.problem == nil) != (u.problem == nil):
		return t.problem == nil
	case t.above != u.above:
		return t.above < u.above
	}
	return t.fields > u.fields
}

// search is what the header is looked for with.
type search struct {
	among    string // delimiters
	exactly  bool   // the header is the row that begins here
	score    func([]string) int
	suffices func([]string) bool
	likely   func([]string) int
}

// header tries the delimiters on what begins in h.win, and gives the one by which most
// columns are recognised, with the number of rows above the header that are not blank (F1).
// Nothing of h is disposed of.
func (h *head) header(find *search) (delim byte, above int, err error) {
	trials := make([]*trial, len(find.among))
	for i := range trials {
		scan := newScanner(nil, find.among[i], h.at)
		scan.collect = true
		trials[i] = &trial{find: find, scan: scan}
	}
	for fed, more := 0, true; more; {
		end := min(len(h.win), maxHeader)
		more = false
		for _, t := range trials {
			t.feed(h.win[fed:end])
			more = more || !t.decided
		}
		fed = end
		switch {
		case !more:
		case fed == maxHeader:
			for _, t := range trials {
				if t.decided {
					continue
				}
				if t.giveUp(h.at.Line); !t.scan.inked && t.rows == 0 {
					return 0, 0, t.problem // for this one all is blank, so far
				}
			}
			more = false
		case h.more():
		case h.stop != io.EOF:
			for _, t := range trials {
				if t.stop(nil); !t.decided {
					return 0, 0, h.stop
				}
			}
			more = false
		default:
			for _, t := range trials {
				if t.finish(); !t.decided {
					return 0, 0, h.empty() // for this one all is blank
				}
			}
			more = false
		}
	}
	best := trials[0]
	for i, t := range trials {
		if find.exactly && t.problem != nil && t.problem.Reason == MissingColumn {
			return 0, 0, t.problem // blank is blank whatever the delimiter
		}
		if i > 0 && t.better(best) {
			best = t
		}
	}
	if best.problem != nil {
		return 0, 0, best.problem
	}
	return best.scan.delim, best.above, nil
}

// names are the column names in a header: nothing of a byte order mark reaches them (F2),
// the escape of a formula is taken away (F7), and they are trimmed.
func names(header *Record) []string {
	names := make([]string, len(header.Cells))
	for i, cell := range header.Cells {
		names[i] = trimBlank(UnescapeFormula(strings.TrimLeft(cell, "\uFEFF")))
	}
	return names
}

func tooManyColumns(line, named int) *Problem {
	return limited(TooManyColumns, line, MaxColumns, fmt.Sprintf("up to %d columns with a name", MaxColumns),
		"the file has %d columns with a name, and %d may be; take away those that are not to be imported", named, MaxColumns)
}

func tooWide(line int) *Problem {
	return limited(TooManyColumns, line, widest, fmt.Sprintf("up to %d columns with a name, among the first %d of the file", MaxColumns, widest),
		"there is a column with a name behind the first %d columns", widest)
}

func blankHeader(line int) *Problem {
	return problem(MissingColumn, line, acceptedLine, "the row is blank, so that it has no column names")
}
