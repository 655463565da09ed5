package csvfile

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"tenantry/internal/csvfile/language"
)

// candidate is an encoding that a file may be in which does not tell it.
type candidate struct {
	enc    Encoding
	prior  float64  // how much rarer files of it are than those of windows-1252, as a logarithm
	spoken []string // the languages that are written in it, as package language names them
	guests []string // those that are written rather in others
	// unread are the characters of 80 to FF of an encoding that the standard does not have: a file must not be taken for
	// another because of that.
	unread []rune
}

var (
	western  = []string{"de", "fr", "es", "pt", "it", "en", "nl", "sv", "da", "no", "fi", "is"}
	eastern  = []string{"pl", "cs", "sk", "hu", "hr", "sr-latn", "ro"}
	baltic   = []string{"lt", "lv", "et"}
	turkish  = []string{"tr"}
	cyrillic = []string{"ru", "uk", "bg", "mk"}
)

// candidates are the encodings that are detected (F2), the likelier first where two read a file alike.
var candidates = []candidate{
	{enc: UTF8, prior: -1, spoken: []string{"de", "fr", "es", "pt", "tr", "pl", "cs", "hr", "ru", "uk", "el", "he", "ar", "fa", "th", "ja", "zh-hans", "zh-hant", "ko", "vi", "lt", "lv"}},
	{enc: Windows1252, spoken: western},
	{enc: "windows-1250", prior: -.5, spoken: eastern, guests: western[:3]},
	{enc: "windows-1251", prior: -.5, spoken: cyrillic},
	{enc: "windows-1253", prior: -1, spoken: []string{"el"}},
	{enc: "windows-1254", prior: -1, spoken: turkish, guests: western[:3]},
	{enc: "windows-1255", prior: -1, spoken: []string{"he"}},
	{enc: "windows-1256", prior: -1, spoken: []string{"ar", "fa"}},
	{enc: "windows-1257", prior: -1, spoken: baltic, guests: western[:3]},
	{enc: "windows-1258", prior: -1.5, spoken: []string{"vi"}, guests: []string{"fr"}},
	{enc: "windows-874", prior: -1, spoken: []string{"th"}},
	{enc: "shift_jis", prior: -.5, spoken: []string{"ja"}},
	{enc: "gb18030", prior: -.5, spoken: []string{"zh-hans"}},
	{enc: "big5", prior: -1, spoken: []string{"zh-hant"}},
	{enc: "euc-kr", prior: -1, spoken: []string{"ko"}},
	{enc: "euc-jp", prior: -2, spoken: []string{"ja"}},
	{enc: "macintosh", prior: -2.5, spoken: western},
	{enc: "iso-8859-2", prior: -1.5, spoken: eastern, guests: western[:3]},
	{enc: "koi8-r", prior: -1.5, spoken: []string{"ru", "bg"}},
	{enc: "koi8-u", prior: -2, spoken: []string{"uk", "ru"}},
	{enc: "iso-8859-15", prior: -1.5, spoken: western},
	{enc: "iso-8859-5", prior: -4, spoken: cyrillic},
	{enc: "iso-8859-7", prior: -2, spoken: []string{"el"}},
	{enc: "iso-8859-6", prior: -5, spoken: []string{"ar"}},
	{enc: "iso-8859-8", prior: -4, spoken: []string{"he"}},
	{enc: "iso-8859-13", prior: -4, spoken: baltic, guests: western[:3]},
	{enc: "iso-8859-4", prior: -5, spoken: baltic, guests: western[:3]},
	{enc: "ibm866", prior: -1.5, spoken: cyrillic[:3]},
	{enc: "x-mac-cyrillic", prior: -4, spoken: cyrillic},
	{enc: "DOS code page 850", prior: -3, spoken: western, unread: page(charmap.CodePage850)},
	{enc: "DOS code page 437", prior: -4, spoken: western[:9], unread: page(charmap.CodePage437)},
	{enc: "DOS code page 852", prior: -4, spoken: eastern, guests: western[:3], unread: page(charmap.CodePage852)},
	{enc: "DOS code page 855", prior: -6, spoken: cyrillic, unread: page(charmap.CodePage855)},
	{enc: "DOS code page 862", prior: -6, spoken: []string{"he"}, unread: page(charmap.CodePage862)},
	{enc: "DOS code page 857", prior: -5, spoken: turkish, guests: western[:3], unread: changed(charmap.CodePage850, "8Dı 98İ 9EŞ 9Fş A6Ğ A7ğ")},
	{enc: "DOS code page 737", prior: -5, spoken: []string{"el"}, unread: []rune(codePage737)},
	{enc: "Mac OS Turkish", prior: -6, spoken: turkish, guests: western[:3], unread: changed(charmap.Macintosh, "DAĞ DBğ DCİ DDı DEŞ DFş")},
	{enc: "Mac OS Central European", prior: -5, spoken: slices.Concat(eastern, baltic), unread: []rune(macCentralEuropean)},
}

const (
	codePage737 = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψ" +
		"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
		"ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√ⁿ²■\u00A0"
	macCentralEuropean = "ÄĀāÉĄÖÜáąČäčĆćéŹźĎíďĒēĖóėôöõúĚěü†°Ę£§•¶ß®©™ę¨≠ģĮįĪ≤≥īĶ∂∑łĻļĽľĹĺŅņŃ¬√ńŇ∆«»…\u00A0ňŐÕőŌ–—“”‘’÷◊ōŔŕŘ‹›řŖŗŠ‚„šŚśÁŤťÍŽžŪÓÔūŮÚůŰűŲųÝýķŻŁżĢˇ"
)

// page are the characters of 80 to FF.
func page(m *charmap.Charmap) []rune {
	upper := make([]rune, utf8.RuneSelf)
	for i := range upper {
		upper[i] = m.DecodeByte(byte(utf8.RuneSelf + i))
	}
	return upper
}

// changed are those of a page but for some, each given as the byte and its character.
func changed(m *charmap.Charmap, by string) []rune {
	upper := page(m)
	for _, change := range strings.Fields(by) {
		c, _ := strconv.ParseUint(change[:2], 16, 8)
		upper[c&0x7F], _ = utf8.DecodeRuneInString(change[2:])
	}
	return upper
}

// reader decodes what may be in the candidate's encoding.
type reader struct {
	*candidate
	bytes   *byteDecoder // of an encoding of single bytes; nil: of several
	doubles *multibyte   // nil too: UTF-8
	models  []*language.Model
	unusual int // of the characters that were read so many are hardly ever met
	score   float64
}

var models = sync.OnceValue(func() map[string]*language.Model {
	all := map[string]*language.Model{}
	for _, c := range candidates {
		for _, l := range slices.Concat(c.spoken, c.guests) {
			all[l] = language.Load(l)
		}
	}
	return all
})

func newReader(c *candidate) *reader {
	r := &reader{candidate: c, score: c.prior}
	for _, l := range slices.Concat(c.spoken, c.guests) {
		r.models = append(r.models, models()[l])
	}
	switch {
	case c.unread != nil:
		r.bytes = &byteDecoder{enc: c.enc, upper: [utf8.RuneSelf]rune(c.unread)}
	case c.enc != UTF8:
		switch d := newDecoder(c.enc).(type) {
		case *byteDecoder:
			r.bytes = d
		case *charDecoder:
			r.doubles = d.doubles
		}
	}
	return r
}

// read appends to text what b says, with U+FFFD for what is no character. cut: b is the beginning of more.
func (r *reader) read(text []rune, b []byte, cut bool) []rune {
	r.unusual = 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			text = append(text, rune(b[i]))
			i++
			continue
		}
		size := 1
		char := utf8.RuneError
		switch {
		case r.bytes != nil:
			if c := r.bytes.upper[b[i]&0x7F]; c != 0 {
				char = c
			}
		case r.doubles == nil:
			char, size = utf8.DecodeRune(b[i:])
			if char == utf8.RuneError && cut && !utf8.FullRune(b[i:]) {
				return text
			}
		default:
			n := r.doubles.length(b[i:])
			if i+n > len(b) {
				if cut {
					return text
				}
			} else if n > 0 {
				if c := r.doubles.char(b[i : i+n]); c != nil {
					char, size = 0, n
					if n > 1 && !r.doubles.usual(b[i:]) {
						r.unusual++
					}
					for _, one := range string(c) {
						text = append(text, one)
					}
				}
			}
			if char == 0 {
				i += size
				continue
			}
		}
		text = append(text, char)
		i += size
	}
	if r.enc == "windows-1258" { // has letters and accents apart
		text = []rune(norm.NFC.String(string(text)))
	}
	return text
}

// usual reports whether the character of several bytes stands in the part of its character set that has those
// of everyday use.
func (m *multibyte) usual(b []byte) bool {
	first, second := b[0], b[1]
	switch m.enc {
	case "shift_jis":
		return first <= 0x98
	case "euc-jp":
		return first <= 0xCF && first != 0x8F
	case "big5":
		return first >= 0xA1 && first <= 0xC6
	case "euc-kr":
		return first >= 0xA1 && first <= 0xC8 && second >= 0xA1
	}
	return (first >= 0xA1 && first <= 0xA9 || first >= 0xB0 && first <= 0xD7) && second >= 0xA1
}
