package oracle

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// builtIn are the columns of contacts; every other one is a custom field's.
var builtIn = []string{
	"email", "first_name", "name", "id", "last_name", "middle_name", "username", "project", "desk", "active", "type", "created",
	"company_id", "labels", "labels_id", "import_row", "import_code", "import_problem", "",
}

// names takes a cell of labels apart (I11): `:` separates, `\:` is a colon, `\\` a backslash.
func names(cell string) []string {
	var all []string
	var name strings.Builder
	end := func() {
		if n := line(name.String()); n != "" {
			all = append(all, n)
		}
		name.Reset()
	}
	for i := 0; i < len(cell); i++ {
		switch {
		case cell[i] == '\\' && i+1 < len(cell) && (cell[i+1] == ':' || cell[i+1] == '\\'):
			i++
			name.WriteByte(cell[i])
		case cell[i] == ':':
			end()
		default:
			name.WriteByte(cell[i])
		}
	}
	end()
	return all
}

// folded is the name of a column without what does not matter (F5).
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Pd, unicode.Pc) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, key(s))
}

// custom finds the company's field of a column (F5, K3).
func (c *Company) custom(column string) (Field, bool) {
	for _, f := range c.Fields {
		if folded(f.Variable) == folded(column) {
			return f, true
		}
	}
	return Field{}, false
}

// values sets what custom fields are filled (I12, K3).
func (run *run) values(r *row, company *Company, known, next *Contact) {
	for i, column := range r.file.Fields {
		if slices.Contains(builtIn, column) {
			continue
		}
		c := r.cell(i)
		field, ok := company.custom(column)
		if c.clear && ok && known != nil && !run.job.Options.FillBlanks {
			delete(next.Values, field.Variable)
		}
		if !c.sound() || c.text == "" {
			continue
		}
		if !ok {
			c.reject("UNKNOWN_FIELD")
			continue
		}
		if !c.atMost(10_000) {
			continue
		}
		value, ok := field.value(c.text, run.job.Forms)
		if !ok {
			c.reject("INVALID_VALUE")
			continue
		}
		if known == nil || !run.job.Options.FillBlanks || next.Values[field.Variable] == "" {
			next.Values[field.Variable] = value
		}
	}
}

// value is the text as a value of the field.
func (f Field) value(s string, forms Forms) (string, bool) {
	switch f.Type {
	case "number":
		return forms.decimal(s)
	case "boolean":
		v, ok := truth(s)
		return fmt.Sprint(v), ok
	case "date":
		return forms.date(s)
	}
	return s, true
}

// holds reports whether the contact already holds what a cell says (F7).
//
// Read: a cell of labels is held where all that it names are the contact's.
func (c *Company) holds(k *Contact, field, s string) bool {
	switch field {
	case "id":
		return k.ExternalID == s
	case "email":
		return k.Email == s
	case "first_name":
		return k.First == s
	case "middle_name":
		return k.Middle == s
	case "last_name":
		return k.Last == s
	case "username":
		return k.Username == s
	case "project":
		of, ok := named(c.Projects, s)
		return ok && of.ID == k.Project
	case "desk":
		of, ok := named(c.Desks, s)
		return ok && of.ID == k.Desk
	case "labels":
		for _, name := range names(s) {
			if label, ok := c.label(field, name); !ok || !k.Labels[label.ID] {
				return false
			}
		}
		return true
	}
	if f, ok := c.custom(field); ok {
		return k.Values[f.Variable] == s
	}
	return false
}
