package csvfile

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Decoder reads UTF-16; low and high are where the bytes of a unit stand.
type utf16Decoder struct{ low, high int }

func (d utf16Decoder) decode(text, b []byte, last bool) ([]byte, int, string) {
	unit := func(b []byte) rune { return rune(b[d.low]) | rune(b[d.high])<<8 }
	i := 0
	for ; i+2 <= len(b); i += 2 {
		r := unit(b[i : i+2])
		switch {
		case r == 0:
			return text, i, wrongNUL
		case r < utf8.RuneSelf:
			text = append(text, byte(r))
			continue
		case !utf16.IsSurrogate(r):
		case i+4 > len(b) && !last:
			return text, i, ""
		default:
			if i+4 <= len(b) {
				r = utf16.DecodeRune(r, unit(b[i+2:i+4]))
			}
			if i+4 > len(b) || r == utf8.RuneError {
				return text, i, fmt.Sprintf("unit %04X is half of a character, so this is not UTF-16", unit(b[i:i+2]))
			}
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	if last && i+1 == len(b) {
		return text, i, "the file ends in the middle of a character, so this is not UTF-16"
	}
	return text, i, ""
}

// width can be seen in the text, since decoding loses nothing: unpaired surrogates are refused.
func (utf16Decoder) width(text []byte) int64 {
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
