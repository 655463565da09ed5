package csvfile

import (
	"fmt"
	"io"
	"strings"
)

// delimiters in the order of preference, all else being equal (F1).
const delimiters = ",;\t|"

// trial is the header as it is with one of the delimiters.
type trial struct {
	scan    *scanner
	decided bool
	problem *Problem // why it is no header
	names   []string
	score   int
}

// feed has the next piece of the file's head.
func (t *trial) feed(text []byte) {
	for len(text) > 0 && !t.decided {
		n, done, p := t.scan.scan(text)
		text = text[n:]
		t.problem = p
		t.decided = p != nil || done && t.scan.inked
	}
}

// finish ends the trial: there is no more text.
func (t *trial) finish() {
	if t.decided {
		return
	}
	done, p := t.scan.finish()
	t.problem = p
	t.decided = p != nil || done && t.scan.inked
}

// giveUp decides a trial whose header has not ended within maxHeader bytes.
func (t *trial) giveUp(line int) {
	t.decided = true
	switch s := t.scan; {
	case s.state == quoted || s.state == quotedCR:
		t.problem = limited(Malformed, s.quoteLine, maxHeader, acceptedQuoting,
			"a quote opens here that is not closed within the %d bytes that column names may take", maxHeader)
	case s.fields > maxFields:
		t.problem = tooManyColumns(s.begin.Line)
	default:
		t.problem = headerTooLong(line)
	}
}

// better reports whether t is to be preferred to u, which comes before it in delimiters.
func (t *trial) better(u *trial) bool {
	switch {
	case (t.problem == nil) != (u.problem == nil):
		return t.problem == nil
	case t.score != u.score:
		return t.score > u.score
	}
	return t.scan.fields > u.scan.fields
}

// delimiter tries those that are given on the header, which must begin in h.win, and gives
// the one by which most columns are recognised (F1). Nothing of h is disposed of.
func (h *head) delimiter(among string, score func([]string) int) (byte, error) {
	trials := make([]*trial, len(among))
	for i := range trials {
		scan := newScanner(nil, among[i], h.at)
		scan.collect = true
		trials[i] = &trial{scan: scan}
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
				if t.giveUp(h.at.Line); !t.scan.inked {
					return 0, t.problem // for this one all is blank, so far
				}
			}
			more = false
		case h.more():
		case h.stop != io.EOF:
			return 0, h.stop
		default:
			for _, t := range trials {
				if t.finish(); !t.decided {
					return 0, h.empty() // for this one all is blank
				}
			}
			more = false
		}
	}
	best := trials[0]
	for i, t := range trials {
		t.names = names(t.scan.record(0))
		if score != nil {
			t.score = score(t.names)
		}
		if i > 0 && t.better(best) {
			best = t
		}
	}
	if best.problem != nil {
		return 0, best.problem
	}
	return best.scan.delim, nil
}

// names are the column names in a header: nothing of a byte order mark reaches them (F2),
// the guard of a formula is taken away (F7), and they are trimmed.
func names(header *Record) []string {
	names := make([]string, len(header.Cells))
	for i, cell := range header.Cells {
		names[i] = trimBlank(UnescapeFormula(strings.TrimLeft(cell, "\uFEFF")))
	}
	return names
}

func tooManyColumns(line int) *Problem {
	return limited(TooManyColumns, line, MaxColumns, fmt.Sprintf("up to %d columns", MaxColumns),
		"the file has more than %d columns", MaxColumns)
}
