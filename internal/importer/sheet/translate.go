package sheet

import (
	"tenantry/internal/normalize"
)

// deriveTranslations makes ready what is to be read in the place of some cells.
func (l *Layout) deriveTranslations() {
	l.translations = nil
	for column, values := range l.Values {
		if column < 0 || column >= len(l.Fields) || l.Fields[column] == "" || l.secret(column) {
			continue
		}
		if l.translations == nil {
			l.translations = map[int]map[string]string{}
		}
		to := make(map[string]string, len(values))
		for _, v := range values {
			to[normalize.Key(v.From)] = v.To
		}
		l.translations[column] = to
	}
}

// translated is what is read in the place of the column's cell, and whether that is something else
// (rule F5).
func (l *Layout) translated(column int, cell string) (string, bool) {
	to, ok := l.translations[column]
	if !ok {
		return cell, false
	}
	// What is longer matches nothing, so that no key is made of it.
	found := text(unescaped(cell))
	if len(found) > longestKey {
		return cell, false
	}
	value, ok := to[normalize.Key(found)]
	if !ok {
		return cell, false
	}
	return value, true
}
