package csvfile

import (
	"bytes"
	"unicode/utf8"
)

// window is how many bytes are looked at, from the first on that is not ASCII, to find out the encoding.
// All of them are kept meanwhile, so that nothing was decoded before it is known how.
const window = 256 << 10

// detect finds out the encoding of a file that does not tell it, at its first byte that is not ASCII, which
// stands in front (F2). The file is UTF-8 where all of the window is.
func (s *source) detect(line int) *Problem {
	if need := window + chunk; len(s.buf) < need {
		s.buf = append(make([]byte, 0, need), s.buf[:s.end]...)[:need]
	}
	for s.end-s.start < window && s.stop == nil {
		s.fill()
	}
	seen := s.buf[s.start:min(s.end, s.start+window)]
	good := utf8Run(seen)
	cut := !s.atEnd() || s.end-s.start > len(seen) // more follows, of the last character too
	rest := seen[good:]
	if len(rest) == 0 || cut && len(rest) < utf8.UTFMax && !utf8.FullRune(rest) || hasUTF8(seen) {
		s.use(UTF8)
		s.checked = good
		return nil
	}
	s.detected = true
	s.use(Windows1252)
	return nil
}

// utf8Run is how many bytes b begins with that are UTF-8 and no NUL.
func utf8Run(b []byte) int {
	if nul := bytes.IndexByte(b, 0); nul >= 0 {
		b = b[:nul]
	}
	if utf8.Valid(b) {
		return len(b)
	}
	for i := 0; ; {
		i += plainRun(b[i:])
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// hasUTF8 reports whether there is a character of more than one byte of UTF-8.
func hasUTF8(b []byte) bool {
	for len(b) > 0 {
		b = b[plainRun(b):]
		if r, size := utf8.DecodeRune(b); size > 1 && r != utf8.RuneError {
			return true
		}
		b = b[min(len(b), 1):]
	}
	return false
}
