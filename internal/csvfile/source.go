package csvfile

import (
	"errors"
	"fmt"
	"io"
)

// chunk is how many bytes are asked of the underlying reader at once.
const chunk = 64 << 10

// source gives a file's text block by block: as it is stored where characters are
// bytes, as UTF-8 where it is UTF-16. No block splits a character, and all of it has
// been checked (F2). What it says depends on the bytes alone, never on how they were cut
// when they came, since whatever stops it is only reported once all before it was taken.
type source struct {
	r          io.Reader
	buf        []byte
	start, end int   // what of buf is still to be given out
	read       int64 // bytes taken from r, up to max
	max        int64 // 0: unlimited
	stop       error // why there is no more to read: io.EOF, a *Problem, or r's error
	enc        Encoding
	multi      bool   // a character of more than one byte of UTF-8 was met
	bad        bool   // a byte that is not UTF-8 was met: if anything this is windows-1252
	badLine    int    // and its line
	text       []byte // the block, where it had to be transcoded
}

func newSource(r io.Reader, enc Encoding, maxBytes int64) *source {
	return &source{r: r, enc: enc, max: maxBytes, buf: make([]byte, chunk)}
}

// atEnd reports whether no byte follows those in buf.
func (s *source) atEnd() bool { return s.stop == io.EOF }

// encoding is what the file is, so far: nothing but ASCII counts as UTF-8.
func (s *source) encoding() Encoding {
	switch {
	case s.enc != "":
		return s.enc
	case s.bad:
		return Windows1252
	}
	return UTF8
}

// next gives the text that follows; line is the physical line on which it begins, for the
// sake of problems. The block is valid until the next call. At the end: io.EOF.
func (s *source) next(line int) ([]byte, error) {
	for {
		b := s.buf[s.start:s.end]
		var n int
		var p *Problem
		if s.enc.wide() {
			n, p = s.decide16(b, line)
		} else {
			n, p = s.decide8(b, line)
		}
		switch {
		case p != nil:
			return nil, p
		case n > 0:
			s.start += n
			if s.enc.wide() {
				return s.text, nil
			}
			return b[:n], nil
		case s.stop != nil:
			return nil, s.stop
		}
		s.fill()
	}
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
