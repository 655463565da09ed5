// Package language tells how likely a text is in a language, by the letters that follow each other in its names and
// common words. Package csvfile finds out with it which of several encodings a file is in.
//
// A model is made of the words in the directory words: one file a language, one word a line, in lower
// case. Where a language is not recognised well, add words that have its letters beyond ASCII.
package language

import (
	"embed"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode"
)

//go:embed words/*.txt
var words embed.FS

// Model is what is known of a language. It is safe for concurrent use.
type Model struct {
	scripts []*unicode.RangeTable
	// How often letters stand in the words: one, behind one other, behind two others. The boundaries of a
	// word count as letters.
	one              map[rune]float32
	two, three       map[uint64]float32
	behind           map[uint64]context // what follows one letter or two
	letters, unknown float64            // all that were counted, and the weight of those that were not
}

// context is how many letters follow, and how many different ones.
type context struct{ all, different float32 }

var (
	mu     sync.Mutex
	models = map[string]*Model{}
)

// Load gives the model of a language by the name of its file. It is made when it is asked for first, and
// kept. A language without a file panics.
func Load(name string) *Model {
	mu.Lock()
	defer mu.Unlock()
	if m := models[name]; m != nil {
		return m
	}
	list, err := words.ReadFile("words/" + name + ".txt")
	if err != nil {
		panic(fmt.Sprintf("language: %v", err)) // the name stands in the code
	}
	m := learn(strings.Fields(string(list)))
	models[name] = m
	return m
}

var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Hebrew, unicode.Arabic, unicode.Thai,
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
}

const boundary = ' '

func learn(list []string) *Model {
	m := &Model{
		one: map[rune]float32{}, two: map[uint64]float32{}, three: map[uint64]float32{}, behind: map[uint64]context{},
	}
	of := map[*unicode.RangeTable]int{}
	for _, word := range list {
		a, b := rune(boundary), rune(boundary)
		for _, c := range append([]rune(word), boundary) {
			m.one[c]++
			m.count(m.two, key(0, b, c), key(0, 0, b))
			if b != boundary {
				m.count(m.three, key(a, b, c), key(0, a, b))
			}
			m.letters++
			if script := scriptOf(c); script != nil {
				of[script]++
			}
			a, b = b, c
		}
	}
	for _, script := range scripts {
		if of[script] > int(m.letters)/100 {
			m.scripts = append(m.scripts, script)
		}
	}
	m.unknown = 3
	if m.ideographic() {
		m.unknown = m.letters / 8
	}
	return m
}

// ideographic reports whether the language has thousands of characters, so that many were never counted.
func (m *Model) ideographic() bool {
	for _, s := range m.scripts {
		if s == unicode.Han || s == unicode.Hangul {
			return true
		}
	}
	return false
}

func key(a, b, c rune) uint64 { return uint64(a)<<42 | uint64(b)<<21 | uint64(c) }

func scriptOf(c rune) *unicode.RangeTable {
	if !unicode.IsLetter(c) && !unicode.IsMark(c) {
		return nil
	}
	for _, s := range scripts {
		if unicode.Is(s, c) {
			return s
		}
	}
	return nil
}

// rarely is how likely a letter is that was not counted.
func (m *Model) rarely(c rune) float64 {
	if c < unicode.MaxASCII {
		if m.scripts[0] == unicode.Latin {
			return 1. / 60
		}
		return 1e-6
	}
	script := scriptOf(c)
	for _, s := range m.scripts {
		if s != script {
			continue
		}
		switch s {
		case unicode.Han:
			return 1. / 4000
		case unicode.Hangul:
			return 1. / 2500
		case unicode.Latin:
			return 1. / 600
		}
		return 1. / 200
	}
	return 1e-7
}

// count adds a letter behind one or two others.
func (m *Model) count(in map[uint64]float32, letters, context uint64) {
	c := m.behind[context]
	if in[letters]++; in[letters] == 1 {
		c.different++
	}
	c.all++
	m.behind[context] = c
}

// next is how likely the letter c is behind a and b: by what was counted behind both, behind b and at all. The more
// different letters were counted behind some, the likelier is another one there (Witten and Bell 1991).
func (m *Model) next(a, b, c rune) float64 {
	p := (float64(m.one[c]) + m.unknown*m.rarely(c)) / (m.letters + m.unknown)
	if n := m.behind[key(0, 0, b)]; n.all > 0 {
		p = (float64(m.two[key(0, b, c)]) + float64(n.different)*p) / float64(n.all+n.different)
	}
	if n := m.behind[key(0, a, b)]; b != boundary && n.all > 0 {
		p = (float64(m.three[key(a, b, c)]) + float64(n.different)*p) / float64(n.all+n.different)
	}
	return p
}

// Score is the natural logarithm of how likely the text is: a word, or a few with something between.
func (m *Model) Score(text []rune) float64 {
	score := 0.
	for i := 0; i < len(text); {
		if !partOfWord(text, i) {
			score += symbol(text, i)
			i++
			continue
		}
		from := i
		for i < len(text) && partOfWord(text, i) {
			i++
		}
		score += m.word(text[from:i])
	}
	return score
}

func partOfWord(text []rune, i int) bool {
	c := text[i]
	if c < unicode.MaxASCII {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	return unicode.IsLetter(c) && c != 'ª' && c != 'º' || unicode.IsMark(c)
}

// word is Score of a single word.
func (m *Model) word(word []rune) float64 {
	score, ascii := letterCase(word), true
	a, b := rune(boundary), rune(boundary)
	for _, c := range word {
		ascii = ascii && c < unicode.MaxASCII
		c = unicode.ToLower(c)
		score += math.Log(m.next(a, b, c))
		a, b = b, c
	}
	if ascii { // says nothing of the language
		return -3.4 * float64(len(word))
	}
	return score + math.Log(m.next(a, b, boundary))
}

// letterCase is how likely the word has the capitals that it has.
func letterCase(word []rune) float64 {
	upper, lower, turns := 0, 0, 0
	wasLower := false
	for i, c := range word {
		switch {
		case unicode.IsUpper(c):
			upper++
			if wasLower {
				turns++ // Mc-Donald
			}
			wasLower = false
		case unicode.IsLower(c):
			lower++
			if i > 1 && !wasLower && lower == 1 {
				turns += 2 // IVan
			}
			wasLower = true
		}
	}
	switch {
	case upper == 0 && lower == 0:
		return 0
	case turns > 0:
		return -3 - 3*float64(turns)
	case upper == 1 && len(word) == 1:
		return -1
	case lower == 0:
		return -2
	case upper == 0:
		return -2
	}
	return -.4
}

// symbol is how likely the character is that belongs to no word.
func symbol(text []rune, i int) float64 {
	const rare = -14
	letter := func(i int) bool { return i >= 0 && i < len(text) && partOfWord(text, i) }
	c := text[i]
	switch {
	case c < 0x7F:
		return -4
	case c == '’' && !letter(i-1):
		return -11 // ’t Hooft
	case c == '’' || c == '‘' || c == '\u00B7':
		return -7
	case c == '„' || c == '«' || c == '‹' || c == '‚' || c == '¿' || c == '¡':
		if letter(i - 1) {
			return rare
		}
		return -8
	case strings.ContainsRune("“”»–—…€£§°®™©•ºª²³½×\u00A0\u3000・ー々〇、。（）「」－／０１２３４５６７８９％＠", c):
		if letter(i-1) && letter(i+1) && c < 0x3000 {
			return rare
		}
		return -8
	}
	return rare
}
