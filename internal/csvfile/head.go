package csvfile

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

// maxHeader is how much text the column names may take, with what stands above them that
// is neither a blank line nor `sep=`. So much is kept to try the delimiters on.
const maxHeader = 256 << 10

// head is the beginning of a file, kept until it is known how to read it.
type head struct {
	src  *source
	win  []byte   // text not yet disposed of
	at   Position // of its first byte
	line int      // physical line behind its last
	cr   bool     // which was a CR
	stop error    // why win does not grow: see source.next
}

// more makes win longer; false where that cannot be, see stop.
func (h *head) more() bool {
	if h.stop != nil {
		return false
	}
	var block []byte
	if block, h.stop = h.src.next(h.line); h.stop != nil {
		return false
	}
	var n int
	n, h.cr = lines(block, h.cr)
	h.line += n
	h.win = append(h.win, block...)
	return true
}

// drop disposes of the first n bytes, which must not part CR from LF.
func (h *head) drop(n int) {
	if n == 0 {
		return
	}
	ended, _ := lines(h.win[:n], false)
	h.at.Line += ended
	h.at.Offset += h.src.width(h.win[:n])
	h.win = append(h.win[:0], h.win[n:]...)
}

// lines counts the line ends in text; cr tells that a CR came before it, or ends it.
func lines(text []byte, cr bool) (int, bool) {
	n := 0
	for _, c := range text {
		if c == '\r' || c == '\n' && !cr {
			n++
		}
		cr = c == '\r'
	}
	return n, cr
}

// dropMarks disposes of byte order marks that stand behind the first, as concatenating
// files leaves them.
func (h *head) dropMarks() {
	for {
		for len(h.win) < len(bomUTF8) && h.more() {
		}
		if !bytes.HasPrefix(h.win, bomUTF8) {
			return
		}
		h.drop(len(bomUTF8))
	}
}

// sepLine is a first line that names the delimiter, in at most 15 bytes.
var sepLine = regexp.MustCompile(`^(?i:"?sep="?)([,;\t|])"? {0,4}(?:\r\n|\r|\n|\z)`)

// dropSep disposes of a leading `sep=;` and gives its delimiter, or 0 (F1).
func (h *head) dropSep() byte {
	for len(h.win) < 16 && h.more() {
	}
	m := sepLine.FindSubmatchIndex(h.win[:min(16, len(h.win))])
	if m == nil {
		return 0
	}
	delim := h.win[m[2]]
	h.drop(m[1])
	return delim
}

// dropBlankLines disposes of lines of nothing but ASCII white space, however many: they are
// blank whatever the delimiter.
func (h *head) dropBlankLines() error {
	seen := 0
	for {
		cut := 0
		for ; seen < len(h.win) && strings.IndexByte(" \t\r\n\v\f", h.win[seen]) >= 0; seen++ {
			if h.win[seen] == '\n' {
				cut = seen + 1
			} else if h.win[seen] == '\r' {
				if seen+1 == len(h.win) {
					break // a LF may follow
				}
				if h.win[seen+1] != '\n' {
					cut = seen + 1
				}
			}
		}
		h.drop(cut)
		seen -= cut
		switch {
		case seen < len(h.win) && h.win[seen] != '\r':
			return nil
		case len(h.win) > maxHeader:
			return headerTooLong(h.at.Line)
		case h.more():
		case h.stop == io.EOF:
			return h.empty()
		default:
			return h.stop
		}
	}
}

// skipTo disposes of the lines above the one of that number, whatever they hold.
func (h *head) skipTo(line int) error {
	for {
		begun := false // the line at which h stands
		h.drop(h.wholeLines(line - h.at.Line))
		switch {
		case h.at.Line == line && len(h.win) > 0:
			return nil
		case h.at.Line < line && len(h.win) > 0: // the beginning of a line
			begun = true
			h.drop(len(bytes.TrimSuffix(h.win, []byte{'\r'})))
		}
		switch {
		case h.more():
		case h.stop != io.EOF:
			return h.stop
		case h.src.read == 0:
			return h.empty()
		default:
			has := h.at.Line - 1
			if begun {
				has++
			}
			return problem(MissingColumn, 0, acceptedLine,
				"line %d is to hold the column names, but the file ends with line %d", line, has)
		}
	}
}

// wholeLines is how many bytes the first lines in win have, at most n of them and as far as their
// ends are known.
func (h *head) wholeLines(n int) int {
	cut := 0
	for ; n > 0; n-- {
		end := cut + bytes.IndexAny(h.win[cut:], "\r\n") + 1
		switch {
		case end == cut, h.win[end-1] == '\r' && end == len(h.win) && h.stop == nil: // a LF may follow
			return cut
		case h.win[end-1] == '\r' && end < len(h.win) && h.win[end] == '\n':
			end++
		}
		cut = end
	}
	return cut
}

// empty is the problem of a file without any text but blanks.
func (h *head) empty() *Problem {
	if h.src.read == 0 {
		return problem(Empty, 0, acceptedRows, "the file is empty: it has no byte")
	}
	return problem(Empty, 0, acceptedRows, "the file is empty: it has only blank rows")
}

func headerTooLong(line int) *Problem {
	return limited(Malformed, line, maxHeader, acceptedFile,
		"the column names take more than %d bytes, or only separators stand above them", maxHeader)
}
