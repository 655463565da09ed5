package oracle

import (
	"regexp"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// unseen are the characters without width (K5).
const unseen = "\u00AD\u180E\u200B\u200C\u200D\u200E\u200F\u2060\uFEFF"

// key is what texts share that are the same ignoring case (K5).
func key(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(unseen, r) {
			return -1
		}
		return r
	}, norm.NFC.String(s))
	return norm.NFC.String(strings.ToLower(strings.TrimSpace(strings.ReplaceAll(s, "İ", "i\u0307"))))
}

// emailKey is key with the domain in its ASCII form (K5).
func emailKey(s string) string {
	k := key(s)
	if at := strings.LastIndex(k, "@"); at >= 0 {
		if domain, err := idna.ToASCII(k[at+1:]); err == nil {
			return k[:at+1] + domain
		}
	}
	return k
}

// slug is C4.
func slug(name string) string { return strings.Join(strings.Fields(key(name)), "-") }

// text is a cell's text: trimmed, in NFC (F6).
//
// Read ("nothing visible"): a cell of nothing but characters without width, or that are shown as a
// gap, is blank as one of white space is,
// since F1 passes over rows "whose cells are all blank", and nobody sees a difference.
func text(cell string) string {
	if shownNowhere.MatchString(cell) {
		return ""
	}
	return norm.NFC.String(strings.TrimSpace(cell))
}

var (
	lineBreaks = regexp.MustCompile(`[\t-\r\x{85}\x{2028}\x{2029}]+`)
	joined     = regexp.MustCompile(`([^\s\p{C}\p{Z}])([\x{200C}\x{200D}])([^\s\p{C}\p{Z}])`)
	// Hangul and Khmer fillers, variation selectors, the blank of Braille and the like.
	shownNowhere = regexp.MustCompile(`^[\s\p{Z}\p{Cc}\p{Cf}\x{034F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}\x{2800}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}]*$`)
	invisible    = regexp.MustCompile(`[\p{Cc}\p{Cf}]`)
)

// line is text without control and format characters (K5).
func line(cell string) string {
	const kept = "\uE000" // of nobody's use, in place of a joiner that stays
	var joiners []string
	for {
		m := joined.FindStringSubmatchIndex(cell)
		if m == nil {
			break
		}
		joiners = append(joiners, cell[m[4]:m[5]])
		cell = cell[:m[4]] + kept + cell[m[5]:]
	}
	cell = invisible.ReplaceAllString(lineBreaks.ReplaceAllString(cell, " "), "")
	for _, j := range joiners {
		cell = strings.Replace(cell, kept, j, 1)
	}
	return text(cell)
}

var address = regexp.MustCompile(`^[^\s@"(),:;<>\[\]\\]+@[^\s@"(),:;<>\[\]\\]+\.[^\s@"(),:;<>\[\]\\]+$`)

func isEmail(s string) bool { return address.MatchString(s) }

func length(s string) int { return len([]rune(s)) }
