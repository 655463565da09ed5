package csvfile

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// Encoding is how a file's characters are stored (F2): one of [Encodings].
type Encoding string

// Some of the encodings, spelled as they are stored and shown. All others have the names, in
// lower case, that htmlindex gives: windows-1251, shift_jis.
const (
	UTF8        Encoding = "UTF-8"
	UTF16LE     Encoding = "UTF-16LE"
	UTF16BE     Encoding = "UTF-16BE"
	Windows1252 Encoding = "windows-1252"
)

// Encodings are those that can be read, in the order of the WHATWG Encoding Standard. Of the
// standard's two are missing: `replacement`, which has no characters, and `x-user-defined`, which no file has.
func Encodings() []Encoding {
	return slices.Clone(encodings)
}

var encodings = []Encoding{
	UTF8, "ibm866",
	"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-8-i",
	"iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16",
	"koi8-r", "koi8-u", "macintosh",
	"windows-874", "windows-1250", "windows-1251", Windows1252, "windows-1253", "windows-1254",
	"windows-1255", "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic",
	"gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", UTF16BE, UTF16LE,
}

// maxLabel is how long a label may be: the longest of the standard has 19 bytes.
const maxLabel = 64

// LookupEncoding gives the encoding that a label of the WHATWG Encoding Standard means, ignoring
// case and white space around it: latin1 is windows-1252, sjis is shift_jis. A label that is
// unknown or cannot be read gives a problem that lists what is accepted.
func LookupEncoding(label string) (Encoding, *Problem) {
	if len(label) <= maxLabel {
		if found, err := htmlindex.Get(label); err == nil {
			if enc := named(found); slices.Contains(encodings, enc) {
				return enc, nil
			}
		}
	}
	shown := label
	if len(shown) > maxLabel {
		shown = strings.ToValidUTF8(shown[:maxLabel], "") + "…"
	}
	p := problem(UnsupportedEncoding, 0, "the labels of the WHATWG Encoding Standard for "+nameList(encodings),
		"%q is not an encoding that can be read", shown)
	return "", p
}

// named is the Encoding of one of htmlindex's encodings.
func named(e encoding.Encoding) Encoding {
	name, _ := htmlindex.Name(e)
	for _, own := range []Encoding{UTF8, UTF16LE, UTF16BE} {
		if strings.EqualFold(name, string(own)) {
			return own
		}
	}
	return Encoding(name)
}

func nameList(encodings []Encoding) string {
	names := make([]string, len(encodings))
	for i, e := range encodings {
		names[i] = string(e)
	}
	return strings.Join(names, ", ")
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
