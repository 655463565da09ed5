package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tenantry/internal/normalize"
)

// similar finds the field that a header most likely means, where it is not recognized (rule F5).
type similar struct {
	exact map[string]string // loose key of a name, an alias or a synonym → field; empty: none at all
	names []looseName       // of names and aliases, to compare with
}

// looseName is a name of a field, as it is compared with others.
type looseName struct {
	field  string
	key    []rune
	digits string
}

// longestSimilar is how many characters a name has at most of which another is a misspelling.
const longestSimilar = 64

// newSimilar knows the columns by all their names, but for the secret ones: what is suggested
// by mistake would become somebody's password.
func newSimilar(columns []Column) similar {
	s := similar{exact: map[string]string{}}
	for _, c := range columns {
		if c.Secret {
			continue
		}
		for _, spelling := range c.Spellings() {
			key := loose(spelling)
			if _, taken := s.exact[key]; taken || key == "" {
				continue
			}
			s.exact[key] = c.Name
			if utf8.RuneCountInString(key) <= longestSimilar {
				s.names = append(s.names, looseName{c.Name, []rune(key), digits(key)})
			}
		}
	}
	for _, c := range columns {
		for _, synonym := range c.Synonyms {
			if key := loose(synonym); s.exact[key] == "" {
				s.exact[key] = c.Name
			}
		}
	}
	for _, key := range unlike {
		if s.exact[key] == "" {
			s.exact[key] = ""
		}
	}
	return s
}

// unlike are words that look like a misspelling of a column's name and mean something else.
var unlike = []string{
	"contract", "contracts", "contractid", "contractname", "contractemail", "disk", "risk", "task", "game", "frame", "dame", "deck",
	"product", "products", "productid", "productname", "inactive", "reactive", "proactive", "patientid", "talent",
}

// Suggest is the field that the header most likely means: by a synonym, or by a misspelling of a
// name; empty where nothing is near. taken, which may be nil, reports the fields that other columns
// of the file mean: none of these is taken for misspelt. It is never a secret one.
func (v Vocabulary) Suggest(header string, taken func(field string) bool) string {
	header = Cut(header, MaxColumnName)
	if LooksSecret(header) {
		return ""
	}
	key := loose(strings.TrimSuffix(normalize.Key(header), requiredMark))
	if field, known := v.similar.exact[key]; known || key == "" {
		return field
	}
	return v.similar.nearest(key, taken)
}

// nearest is the field whose name or alias is spelt most like the key.
func (s similar) nearest(key string, taken func(field string) bool) string {
	runes := []rune(key)
	if len(runes) > longestSimilar {
		return ""
	}
	best, field, number := tooFar, "", digits(key)
	for _, n := range s.names {
		if n.digits != number || taken != nil && taken(n.field) {
			continue // "address 2" is no misspelt "address 1"
		}
		limit := mayDiffer(max(len(runes), len(n.key)))
		d := distance(runes, n.key, min(best, limit+1))
		if d > 1 && swapped(runes, n.key) {
			d = 1
		}
		if d <= limit && d < best {
			best, field = d, n.field
		}
	}
	return field
}

// mayDiffer is in how many letters a misspelt name of so many differs at most: short words that
// differ in one letter are other words.
func mayDiffer(letters int) int {
	switch {
	case letters < 4:
		return 0
	case letters < 10:
		return 1
	}
	return 2
}

// swapped reports whether two neighbouring letters are in the wrong order, and nothing else.
func swapped(a, b []rune) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && string(a[i+2:]) == string(b[i+2:])
}

// loose is what names are compared by for a suggestion: letters and digits alone, in lower case
// and without accents, since many tools write them without.
func loose(name string) string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return -1 // accents, which NFD has set apart, and whatever separates words
	}, norm.NFD.String(Key(name)))
	return unaccented.Replace(folded)
}

// unaccented are letters that are usually written in other ways where they are missing, beyond
// those that are a letter and an accent.
var unaccented = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "ı", "i", "đ", "d")

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}
