package csvfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// The character sets between which an ISO-2022-JP text switches.
const (
	setASCII = iota
	setRoman
	setKatakana
	setKanji
)

var escapes = map[string]int{"(B": setASCII, "(J": setRoman, "(I": setKatakana, "$@": setKanji, "$B": setKanji}

// iso2022Decoder reads ISO-2022-JP, whose escape sequences switch the character set. A line must end in ASCII, as
// it does in whatever is written for mail (RFC 1468): so a record can be read without what stands above it.
type iso2022Decoder struct {
	kanji *multibyte // reads EUC-JP, which has the same characters with the high bit set
	set   int
	// The bytes of each character, ASCII too, those of the escape sequences before it included.
	sizes []byte
	used  int
	owed  int // bytes of escape sequences that belong to the next character
}

// maxOwed is how many bytes one character may have with its escape sequences: they may follow each other.
const maxOwed = 200

func (d *iso2022Decoder) decode(text, b []byte, last bool) ([]byte, int, string) {
	d.sizes = append(d.sizes[:0], d.sizes[d.used:]...)
	d.used = 0
	for i := 0; i < len(b); {
		c, size := b[i], 1
		var r rune
		switch {
		case c == 0:
			return text, i, wrongNUL
		case c == 0x1B:
			if i+3 > len(b) {
				if last {
					return text, i, "an escape sequence of iso-2022-jp is cut short"
				}
				return text, i, ""
			}
			set, ok := escapes[string(b[i+1:i+3])]
			if !ok || d.owed > maxOwed {
				return text, i, fmt.Sprintf("bytes % X are no escape sequence of iso-2022-jp", b[i:i+3])
			}
			d.set = set
			d.owed += 3
			i += 3
			continue
		case (c == '\n' || c == '\r') && d.set != setASCII:
			return text, i, "the line does not end in ASCII, as lines of iso-2022-jp do (RFC 1468)"
		case c >= utf8.RuneSelf:
			return text, i, notACharacter(b[i:i+1], "iso-2022-jp")
		case d.set == setRoman && c == '\\':
			r = '¥'
		case d.set == setRoman && c == '~':
			r = '‾'
		case d.set == setASCII || d.set == setRoman:
			r = rune(c)
		case c < 0x21 || c > 0x7E || d.set == setKatakana && c > 0x5F:
			return text, i, notACharacter(b[i:i+1], "iso-2022-jp")
		case d.set == setKatakana:
			r = rune(c) + 0xFF61 - 0x21
		default:
			if size = 2; i+2 > len(b) && !last {
				return text, i, ""
			}
			var char []byte
			if i+2 <= len(b) && b[i+1] >= 0x21 && b[i+1] <= 0x7E {
				char = d.kanji.char([]byte{c | 0x80, b[i+1] | 0x80})
			}
			if char == nil {
				return text, i, notACharacter(b[i:min(len(b), i+2)], "iso-2022-jp")
			}
			r, _ = utf8.DecodeRune(char)
		}
		text = utf8.AppendRune(text, r)
		d.sizes = append(d.sizes, byte(d.owed+size))
		d.owed = 0
		i += size
	}
	return text, len(b), ""
}

func (d *iso2022Decoder) width(text []byte) int64 {
	n := int64(0)
	for range utf8.RuneCount(text) {
		n += int64(d.sizes[d.used])
		d.used++
	}
	return n
}

// escapeIn finds the first escape sequence in b that switches the character set: one of ISO-2022-JP, or of its
// relatives, which nobody reads. whole: b does not end inside it. -1: there is none.
func escapeIn(b []byte) (at int, whole bool) {
	for from := 0; ; {
		esc := bytes.IndexByte(b[from:], 0x1B)
		if esc < 0 {
			return -1, false
		}
		at = from + esc
		switch rest := b[at:]; {
		case len(rest) < 3:
			return at, false
		case rest[1] == '$':
			return at, true
		default:
			if _, ok := escapes[string(rest[1:3])]; ok {
				return at, true
			}
		}
		from = at + 1
	}
}

// switchSets has the file, of which nothing but ASCII was met so far, read as ISO-2022-JP from an escape sequence on:
// its bytes are ASCII too, so that nothing else would tell that it is no UTF-8 (F2).
func (s *source) switchSets() {
	s.use("iso-2022-jp")
	s.detected = true
	if d, ok := s.dec.(*iso2022Decoder); ok {
		d.sizes = bytes.Repeat([]byte{1}, s.unasked) // the plain text before it, of which width is still to be asked
	}
}
