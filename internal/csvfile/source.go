package csvfile

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// chunk is how many bytes are asked of the underlying reader at once.
const chunk = 64 << 10

// source gives a file's text block by block as UTF-8, whatever it is stored in. No block splits a
// character, and all of it has been checked (F2). What it says depends on the bytes alone, never on
// how they were cut when they came, since whatever stops it is only reported once all before it was taken.
type source struct {
	r          io.Reader
	buf        []byte
	start, end int   // what of buf is still to be given out
	read       int64 // bytes taken from r, up to max
	max        int64 // 0: unlimited
	stop       error // why there is no more to read: io.EOF, a *Problem, or r's error

	enc      Encoding     // "": nothing but ASCII was met so far
	detected bool         // by what the bytes are, not by a mark or a label
	dec      decoder      // nil: the text is what is stored
	before   []byte       // the last bytes that were given out, while there is something to detect
	unsure   *guessed     // why the next byte that is not UTF-8 is a problem
	quotable func() bool  // whether the cell under way may be shown; nil: it may not
	rivals   []*candidate // what it may be as well, as far as is known
	checked  int          // bytes in front that are known to be UTF-8
	unasked  int          // bytes of plain text that were given out and of which width was not asked yet
	text     []byte       // the block, where it had to be decoded
}

// newSource reads text in the encoding; where that is "", it is to be detected.
func newSource(r io.Reader, enc Encoding, maxBytes int64) *source {
	s := &source{r: r, max: maxBytes, buf: make([]byte, chunk)}
	s.use(enc)
	return s
}

// use has everything from here on read in the encoding.
func (s *source) use(enc Encoding) {
	s.enc, s.dec = enc, nil
	if enc != "" && enc != UTF8 {
		s.dec = newDecoder(enc)
	}
}

// atEnd reports whether no byte follows those in buf.
func (s *source) atEnd() bool { return s.stop == io.EOF }

// encoding is what the file is, so far: nothing but ASCII counts as UTF-8.
func (s *source) encoding() Encoding {
	if s.enc == "" {
		return UTF8
	}
	return s.enc
}

// width is how many bytes of the stored file the text was. Each piece of the text is asked for once and
// in order.
func (s *source) width(text []byte) int64 {
	if s.dec == nil {
		s.unasked -= len(text)
		return int64(len(text))
	}
	return s.dec.width(text)
}

// next gives the text that follows; line is the physical line on which it begins, for the
// sake of problems. The block is valid until the next call. At the end: io.EOF.
func (s *source) next(line int) ([]byte, error) {
	for {
		n, text, p := s.block(s.buf[s.start:s.end], line)
		switch {
		case p != nil:
			return nil, p
		case n > 0:
			if s.enc == "" || s.rivals != nil || s.unsure != nil {
				s.remember(s.buf[s.start : s.start+n])
			}
			s.start += n
			if s.dec == nil {
				s.unasked += n
			}
			return text, nil
		case s.stop != nil:
			return nil, s.stop
		}
		if len(s.buf) > chunk && s.end-s.start < chunk/2 {
			s.buf = append(make([]byte, 0, chunk), s.buf[s.start:s.end]...)[:chunk]
			s.start, s.end = 0, s.end-s.start
		}
		s.fill()
	}
}

// block turns as much of b as is certain into text, and says how many bytes that was. What cannot be
// read is a problem once it stands in front, for then its line is known.
func (s *source) block(b []byte, line int) (int, []byte, *Problem) {
	if s.dec == nil {
		n, p := s.plain(b, line)
		if n == 0 && p == nil && s.dec != nil { // the encoding was found out
			return s.block(s.buf[s.start:s.end], line)
		}
		return n, s.buf[s.start : s.start+n], p
	}
	piece := b[:min(len(b), chunk)]
	text, n, wrong := s.dec.decode(s.text[:0], piece, s.atEnd() && len(piece) == len(b))
	s.text = text
	switch {
	case n > 0 || wrong == "":
		return n, text, nil
	case wrong == wrongNUL:
		return 0, nil, nulProblem(line)
	case wrong == wrongUnsure:
		if p := s.detect(line); p != nil {
			return 0, nil, p
		}
		return s.block(s.buf[s.start:s.end], line)
	}
	return 0, nil, problem(UnsupportedEncoding, line, acceptedEncoding, "%s", wrong)
}

// remember keeps the end of what was given out, for a word may begin there that is looked at.
func (s *source) remember(b []byte) {
	const most = 32
	s.before = append(s.before, b[max(0, len(b)-most):]...)
	if n := len(s.before); n > most {
		s.before = append(s.before[:0], s.before[n-most:]...)
	}
}

// plain says how many bytes of b are UTF-8 for certain. Nothing is decided where a character may go on
// beyond b.
func (s *source) plain(b []byte, line int) (int, *Problem) {
	if n := s.checked; n > 0 {
		s.checked = 0
		return n, nil
	}
	if s.enc == "" {
		switch at, whole := escapeIn(b); {
		case at > 0:
			b = b[:at] // as far as nothing is to be decided
		case at == 0 && whole:
			s.switchSets()
			return 0, nil
		case at == 0 && !s.atEnd():
			return 0, nil
		}
	}
	if s.enc == UTF8 {
		if n := utf8Run(b[:len(b)-cutRune(b)]); n > 0 {
			return n, nil
		}
	}
	for i := 0; ; {
		if i < len(b) && b[i] < utf8.RuneSelf {
			i += plainRun(b[i:])
		}
		if i == len(b) {
			return i, nil
		}
		_, size := utf8.DecodeRune(b[i:])
		switch {
		case b[i] != 0 && s.enc != "" && size > 1:
			i += size
		case i > 0:
			return i, nil
		case b[i] == 0:
			return 0, nulProblem(line)
		case s.enc == "":
			if p := s.detect(line); p != nil || s.dec != nil {
				return 0, p
			}
			return s.plain(s.buf[s.start:s.end], line)
		case !s.atEnd() && !utf8.FullRune(b):
			return 0, nil
		case s.unsure != nil:
			return 0, s.undecided(line)
		default:
			return 0, problem(UnsupportedEncoding, line, acceptedEncoding, "byte %02X is not UTF-8, which the rest of the file is", b[i])
		}
	}
}

// cutRune is how many bytes b ends with that begin a character which goes on behind it.
func cutRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return n
			}
			break
		}
	}
	return 0
}

// peek gives the file's first n bytes without taking them, or all if there are fewer.
// An error of the reader is returned, if it came before.
func (s *source) peek(n int) ([]byte, error) {
	for s.end-s.start < n && s.stop == nil {
		s.fill()
	}
	if b := s.buf[s.start:s.end]; len(b) >= n {
		return b[:n], nil
	}
	var p *Problem
	if s.stop == io.EOF || errors.As(s.stop, &p) {
		return s.buf[s.start:s.end], nil
	}
	return nil, s.stop
}

// fill reads once more, behind what is still to be given out.
func (s *source) fill() {
	s.end = copy(s.buf, s.buf[s.start:s.end])
	s.start = 0
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		if n < 0 || n > len(s.buf)-s.end {
			s.stop = fmt.Errorf("reading the file: %d bytes read into %d", n, len(s.buf)-s.end)
			return
		}
		if s.max > 0 && int64(n) > s.max-s.read {
			n = int(s.max - s.read)
			err = limited(TooLarge, 0, s.max, fmt.Sprintf("up to %d bytes in one file", s.max),
				"the file has more than %d bytes", s.max)
		}
		s.end += n
		s.read += int64(n)
		var p *Problem
		switch {
		case err == nil && n == 0:
			continue
		case err == io.EOF || errors.As(err, &p):
			s.stop = err
		case err != nil:
			s.stop = fmt.Errorf("reading the file: %w", err)
		}
		return
	}
	s.stop = fmt.Errorf("reading the file: %w", io.ErrNoProgress)
}

func nulProblem(line int) *Problem {
	return problem(NotCSV, line, acceptedFile,
		"there is a NUL byte, which no text has; if this is UTF-16 (\"Unicode text\"), its byte order mark is missing: save it as CSV UTF-8")
}
