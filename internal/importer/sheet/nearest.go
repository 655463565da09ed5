package sheet

import (
	"math/bits"
	"slices"

	"tenantry/internal/normalize"
)

// Names are names among which the one is found that a misspelt one most likely means. Make it with
// NewNames.
type Names struct {
	byKey map[string]string
	all   []comparedName
}

// comparedName is a name as it is compared with others.
type comparedName struct {
	name    string
	key     []rune
	letters uint64 // a bit for each letter in it, of which several share one
}

// longestCompared is how many characters names have at most that are compared letter by letter.
const longestCompared = 40

// NewNames knows these names. It keeps none of a few letters: they are near to everything.
func NewNames(names []string) *Names {
	names = slices.Sorted(slices.Values(names)) // of several that are as near, always the same
	n := &Names{byKey: make(map[string]string, len(names))}
	for _, name := range names {
		key := normalize.Key(name)
		if _, taken := n.byKey[key]; !taken {
			n.byKey[key] = name
		}
		if c := compared(name, key); c.key != nil {
			n.all = append(n.all, c)
		}
	}
	return n
}

func compared(name, key string) comparedName {
	c := comparedName{name: name}
	if len(key) > 4*longestCompared {
		return c
	}
	if runes := []rune(key); len(runes) >= 3 && len(runes) <= longestCompared {
		c.key = runes
		for _, r := range runes {
			c.letters |= 1 << (uint32(r) % 64)
		}
	}
	return c
}

// Nearest is the name that is the text but for letter case, or one or two letters; empty where none
// is so near. The time that it takes grows with the number of names, and not with the text.
func (n *Names) Nearest(text string) string {
	if len(text) > 4*MaxColumnName {
		return ""
	}
	key := normalize.Key(text)
	if name, ok := n.byKey[key]; ok {
		return name
	}
	c := compared(text, key)
	if c.key == nil {
		return ""
	}
	nearest, most := "", 2 // a distance of so much is too far
	if len(c.key) > 5 {
		most = 3
	}
	for i := range n.all {
		other := &n.all[i]
		// A letter that is replaced changes two of the bits at most.
		if bits.OnesCount64(c.letters^other.letters) > 2*(most-1) {
			continue
		}
		if d := distance(c.key, other.key, most); d < most {
			nearest, most = other.name, d
		}
	}
	return nearest
}
