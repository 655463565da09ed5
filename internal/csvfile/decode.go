package csvfile

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// decoder turns what is stored into UTF-8.
type decoder interface {
	// decode appends to text what b begins with, as far as that is certain, and says how many bytes of b
	// that took. Where the byte behind them cannot be read, wrong says why. last: nothing follows b.
	decode(text, b []byte, last bool) (decoded []byte, n int, wrong string)

	// width is how many bytes of the stored file became text. Each piece of what was decoded
	// is asked for once and in order; none begins or ends inside a character.
	width(text []byte) int64
}

// wrongNUL is what decoders say of a NUL.
const wrongNUL = "there is a NUL byte"

// wrongUnsure is what decoders say of a byte that tells which of several encodings it is.
const wrongUnsure = "here encodings differ"

// newDecoder gives the decoder of any encoding but UTF-8.
func newDecoder(enc Encoding) decoder {
	switch enc {
	case UTF16LE:
		return utf16Decoder{low: 0, high: 1}
	case UTF16BE:
		return utf16Decoder{low: 1, high: 0}
	case "iso-2022-jp":
		return &iso2022Decoder{kanji: doubleByte("euc-jp")}
	}
	found, err := htmlindex.Get(string(enc))
	if err != nil {
		panic(fmt.Sprintf("csvfile: there is no encoding %q", enc)) // a Format that no Inspect has made
	}
	if enc == "iso-8859-8-i" { // the same characters, stored in the order of reading
		found = charmap.ISO8859_8
	}
	if table, ok := found.(*charmap.Charmap); ok {
		return newByteDecoder(enc, table)
	}
	return &charDecoder{doubles: doubleByte(enc)}
}

// byteDecoder reads the encodings of which each byte is a character.
type byteDecoder struct {
	enc   Encoding
	upper [utf8.RuneSelf]rune // the characters of 80 to FF; 0: there is none
	// differ are those on which encodings differ that may be meant as well; see source.detect.
	differ [utf8.RuneSelf]bool
}

func newByteDecoder(enc Encoding, table *charmap.Charmap) *byteDecoder {
	d := &byteDecoder{enc: enc}
	for i := range d.upper {
		// The standard has control characters in the gaps that vendors left. No text has those, so they tell
		// that the file is in another encoding.
		if r := table.DecodeByte(byte(utf8.RuneSelf + i)); r != utf8.RuneError && r >= 0xA0 {
			d.upper[i] = r
		}
	}
	return d
}

func (d *byteDecoder) decode(text, b []byte, last bool) ([]byte, int, string) {
	for i := 0; ; i++ {
		n := plainRun(b[i:])
		text = append(text, b[i:i+n]...)
		if i += n; i == len(b) {
			return text, i, ""
		}
		c := b[i]
		switch {
		case c == 0:
			return text, i, wrongNUL
		case d.differ[c&0x7F]:
			return text, i, wrongUnsure
		case d.upper[c&0x7F] == 0:
			return text, i, fmt.Sprintf("byte %02X is no character of %s", c, d.enc)
		case c == bomUTF8[0] && i+len(bomUTF8) > len(b) && !last:
			return text, i, ""
		case c == bomUTF8[0] && i+len(bomUTF8) <= len(b) && string(b[i:i+len(bomUTF8)]) == string(bomUTF8):
			return text, i, "here a UTF-8 file begins (EF BB BF), and what stands above is " + string(d.enc)
		}
		text = utf8.AppendRune(text, d.upper[c&0x7F])
	}
}

func (d *byteDecoder) width(text []byte) int64 { return int64(utf8.RuneCount(text)) }

// doubleByte is the x/text decoder of an encoding with characters of several bytes.
func doubleByte(enc Encoding) *multibyte {
	found, err := htmlindex.Get(string(enc))
	if err != nil {
		panic(err) // it stands in the code
	}
	if enc == "gbk" { // the standard decodes it as its superset
		found, _ = htmlindex.Get("gb18030")
	}
	return &multibyte{enc: enc, dec: found.NewDecoder()}
}

// multibyte reads single characters.
type multibyte struct {
	enc Encoding
	dec *encoding.Decoder
	out [2 * utf8.UTFMax]byte
}

// length is how many bytes the character has that begins with b, of which one is there at least and is
// not ASCII; 0: none begins so.
func (m *multibyte) length(b []byte) int {
	c := b[0]
	switch m.enc {
	case "shift_jis":
		switch {
		case c >= 0xA1 && c <= 0xDF:
			return 1
		case c >= 0x81 && c <= 0x9F || c >= 0xE0 && c <= 0xFC:
			return 2
		}
		return 0
	case "euc-jp":
		switch {
		case c == 0x8F:
			return 3
		case c == 0x8E || c >= 0xA1 && c <= 0xFE:
			return 2
		}
		return 0
	case "gbk", "gb18030":
		if c == 0x80 {
			return 1
		}
		if len(b) > 1 && b[1] >= '0' && b[1] <= '9' {
			return 4
		}
	}
	if c == 0x80 || c == 0xFF {
		return 0
	}
	return 2
}

// char decodes a character that has all of its bytes; nil: it is none. The result is valid until the
// next call.
func (m *multibyte) char(b []byte) []byte {
	n, _, err := m.dec.Transform(m.out[:], b, true)
	if err != nil {
		return nil
	}
	// What is wrong becomes U+FFFD; some text really has that one, but then it was lost before.
	if r, _ := utf8.DecodeRune(m.out[:n]); r == utf8.RuneError {
		return nil
	}
	return m.out[:n]
}

// charDecoder reads the encodings of which a character has one to four bytes and ASCII is ASCII.
type charDecoder struct {
	doubles *multibyte
	widths
}

func (d *charDecoder) decode(text, b []byte, last bool) ([]byte, int, string) {
	d.compact()
	for i := 0; ; {
		n := plainRun(b[i:])
		text = append(text, b[i:i+n]...)
		if i += n; i == len(b) {
			return text, i, ""
		}
		if b[i] == 0 {
			return text, i, wrongNUL
		}
		size := d.doubles.length(b[i:])
		if size > 1 && (i+size > len(b) || i+1 == len(b)) && !last {
			return text, i, ""
		}
		var char []byte
		if size > 0 && i+size <= len(b) {
			char = d.doubles.char(b[i : i+size])
		}
		if char == nil {
			return text, i, notACharacter(b[i:min(len(b), i+max(size, 1))], d.doubles.enc)
		}
		text = append(text, char...)
		d.add(char, size)
		i += size
	}
}

func notACharacter(b []byte, enc Encoding) string {
	if len(b) == 1 {
		return fmt.Sprintf("byte %02X is no character of %s", b[0], enc)
	}
	return fmt.Sprintf("bytes % X are no character of %s", b, enc)
}

// widths remembers how many bytes the characters had that are not ASCII, until it is asked. That cannot be
// seen in the text alone: some characters have several codes of different lengths.
type widths struct {
	queue []byte
	used  int
}

// compact forgets those that were asked for.
func (w *widths) compact() {
	w.queue = append(w.queue[:0], w.queue[w.used:]...)
	w.used = 0
}

// add has a character that was decoded from so many bytes. Where it is two (of Big5) the second has none.
func (w *widths) add(char []byte, bytes int) {
	w.queue = append(w.queue, byte(bytes))
	for n := utf8.RuneCount(char); n > 1; n-- {
		w.queue = append(w.queue, 0)
	}
}

func (w *widths) width(text []byte) int64 {
	n := int64(0)
	for i := 0; i < len(text); {
		if plain := plainRun(text[i:]); plain > 0 {
			n += int64(plain)
			i += plain
			continue
		}
		_, size := utf8.DecodeRune(text[i:])
		n += int64(w.queue[w.used])
		w.used++
		i += size
	}
	return n
}
