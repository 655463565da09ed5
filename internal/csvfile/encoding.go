package csvfile

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding is how a file's characters are stored (F2).
type Encoding string

// The encodings that are read.
const (
	UTF8        Encoding = "UTF-8"
	UTF16LE     Encoding = "UTF-16LE"
	UTF16BE     Encoding = "UTF-16BE"
	Windows1252 Encoding = "windows-1252"
)

// wide reports whether the characters of the encoding are not single bytes.
func (e Encoding) wide() bool { return e == UTF16LE || e == UTF16BE }

// width is how many bytes of the stored file became text, which is whole characters
// of UTF-8 where the file is UTF-16. It can be seen in the text alone because
// transcoding loses nothing: unpaired surrogates are refused.
func (e Encoding) width(text []byte) int64 {
	if !e.wide() {
		return int64(len(text))
	}
	units := plainRun(text)
	for _, c := range text[units:] {
		switch {
		case c >= 0xF0: // beyond the basic plane: a surrogate pair
			units += 2
		case c < 0x80 || c >= 0xC0:
			units++
		}
	}
	return 2 * int64(units)
}

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
	bomUTF32LE = []byte{0xFF, 0xFE, 0, 0}
	bomUTF32BE = []byte{0, 0, 0xFE, 0xFF}
)

// byteOrderMark gives the encoding that a file's first bytes announce, and the length
// of the mark; "" and 0 where there is none.
func byteOrderMark(first []byte) (Encoding, int) {
	switch {
	case bytes.HasPrefix(first, bomUTF8):
		return UTF8, len(bomUTF8)
	case bytes.HasPrefix(first, bomUTF16LE):
		return UTF16LE, len(bomUTF16LE)
	case bytes.HasPrefix(first, bomUTF16BE):
		return UTF16BE, len(bomUTF16BE)
	}
	return "", 0
}

// undefined1252 reports whether the byte is one of the five without a character in windows-1252 (F2).
func undefined1252(c byte) bool {
	switch c {
	case 0x81, 0x8D, 0x8F, 0x90, 0x9D:
		return true
	}
	return false
}

// append1252 appends the windows-1252 text as UTF-8.
func append1252(dst, text []byte) []byte {
	for _, c := range text {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, charmap.Windows1252.DecodeByte(c))
		}
	}
	return dst
}

// plainRun is how many bytes b begins with that are ASCII and not NUL.
func plainRun(b []byte) int {
	const (
		high = 0x8080808080808080
		ones = 0x0101010101010101
	)
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if x := binary.LittleEndian.Uint64(b[i:]); (x|(x-ones)&^x)&high != 0 {
			break
		}
	}
	for i < len(b) && b[i]-1 < utf8.RuneSelf-1 {
		i++
	}
	return i
}

// decide8 says how many bytes of b are text for certain. The byte after them is one of
// those that matter: the call that finds it in front checks it, knowing its line.
// Nothing is decided where a character may go on beyond b.
func (s *source) decide8(b []byte, line int) (int, *Problem) {
	for i := 0; ; {
		if i < len(b) && b[i] < utf8.RuneSelf {
			i += plainRun(b[i:])
		}
		if i == len(b) {
			return i, nil
		}
		if b[i] == 0 {
			if i > 0 {
				return i, nil
			}
			return 0, nulProblem(line)
		}
		if s.enc == Windows1252 {
			if undefined1252(b[i]) {
				if i > 0 {
					return i, nil
				}
				return 0, undefinedProblem(b[i], line)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		valid := r != utf8.RuneError || size > 1
		if !valid && !s.atEnd() && !utf8.FullRune(b[i:]) {
			return i, nil
		}
		switch {
		case valid && !s.bad:
			s.multi = true
		case !valid && s.bad && !undefined1252(b[i]):
		case i > 0:
			return i, nil
		default:
			if p := s.invalid(b[0], valid, line); p != nil {
				return 0, p
			}
		}
		i += size
	}
}

// invalid handles the first byte that is not UTF-8, or one that settles the file's fate.
func (s *source) invalid(c byte, valid bool, line int) *Problem {
	switch {
	case valid: // after a bad byte
		return problem(UnsupportedEncoding, s.badLine, acceptedEncoding,
			"the file mixes encodings: here is a byte that is not UTF-8, and line %d has a character that is", line)
	case s.enc == UTF8 || s.multi:
		return problem(UnsupportedEncoding, line, acceptedEncoding,
			"byte %02X is not UTF-8, which the rest of the file is", c)
	case undefined1252(c):
		return undefinedProblem(c, line)
	}
	s.bad, s.badLine = true, line
	return nil
}

// decide16 turns as much of b as is certain into s.text, and says how many bytes that was.
func (s *source) decide16(b []byte, line int) (int, *Problem) {
	low, high := 0, 1
	if s.enc == UTF16BE {
		low, high = 1, 0
	}
	unit := func(b []byte) rune { return rune(b[low]) | rune(b[high])<<8 }
	text, i := s.text[:0], 0
	var found *Problem
loop:
	for ; i+2 <= len(b); i += 2 {
		r := unit(b[i : i+2])
		switch {
		case r == 0:
			found = nulProblem(line)
			break loop
		case r < utf8.RuneSelf:
			text = append(text, byte(r))
			continue
		case !utf16.IsSurrogate(r):
		case i+4 > len(b) && !s.atEnd():
			break loop
		default:
			if i+4 <= len(b) {
				r = utf16.DecodeRune(r, unit(b[i+2:i+4]))
			}
			if i+4 > len(b) || r == utf8.RuneError {
				found = problem(UnsupportedEncoding, line, acceptedEncoding,
					"unit %04X is half of a character, so this is not %s", unit(b[i:i+2]), s.enc)
				break loop
			}
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	if found == nil && s.atEnd() && i+1 == len(b) {
		found = problem(UnsupportedEncoding, line, acceptedEncoding,
			"the file ends in the middle of a character, so this is not %s", s.enc)
	}
	s.text = text
	if i > 0 {
		return i, nil
	}
	return 0, found
}

func undefinedProblem(c byte, line int) *Problem {
	return problem(UnsupportedEncoding, line, acceptedEncoding,
		"byte %02X is neither UTF-8 nor a character of windows-1252", c)
}

func nulProblem(line int) *Problem {
	return problem(NotCSV, line, acceptedFile,
		"there is a NUL byte, which no text has; if this is UTF-16 (\"Unicode text\"), its byte order mark is missing: save it as CSV UTF-8")
}
