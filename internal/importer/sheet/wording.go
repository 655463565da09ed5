package sheet

import (
	"fmt"
	"strings"
)

// Plural is a number of things in words.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Edited says that a value is kept, since it is not what an import left (rule J14).
func Edited(left, now string) string {
	text := func(value string) string {
		if value == "" {
			return "nothing"
		}
		return fmt.Sprintf("%q", Cut(value, 100))
	}
	return fmt.Sprintf("the import left %s here, and it was changed to %s since, which stays", text(left), text(now))
}

// MaxListed is how many of the companies or people that a notification is about it names (rule J7).
const MaxListed = 3

// Listed names the first of so many things, and says how many more there are (rule J7).
func Listed(names []string, n int, what string) string {
	switch more := n - len(names); {
	case len(names) == 0:
		return Plural(n, what)
	case more > 0:
		return strings.Join(names, ", ") + " and " + Plural(more, "more "+what)
	case len(names) == 1:
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// MaxLabel is how many characters of a row's label are kept.
const MaxLabel = 100

// Label is what people know the row's record by, for a notification: the first filled cell of what
// a new record needs, such as an email or a company's name. It is empty where there is none
// that may be shown.
func (r *Row) Label() string {
	for _, column := range r.layout.labels {
		if v := r.Values[column]; v != "" && !r.Hidden(column) {
			return Cut(v, MaxLabel)
		}
	}
	return ""
}
