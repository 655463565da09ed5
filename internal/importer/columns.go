package importer

import (
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/fold"
)

// Column is one field that a kind of import knows (the tables of docs/rules.md).
type Column struct {
	Name        string // canonical, such as first_name
	Aliases     []string
	Required    bool // for a new record
	Description string
	Example     string
}

// problemColumn is what a rejects file adds (rule J9); every import recognises it and
// passes over it. In a [Layout] it stands as a field of that name.
const problemColumn = "import_problem"

// maxMappings bounds ImportCsvInput.columns.
const maxMappings = csvfile.MaxColumns

// Mapping is the caller's word on one header; Field nil: leave the column out.
type Mapping struct {
	Header string  `json:"header"`
	Field  *string `json:"field"`
}

// catalog is each kind's columns, in the order of its template.
var catalog = map[enum.ImportKind][]Column{
	enum.Customers: {
		{Name: "name", Aliases: []string{"company", "company name", "customer", "customer name"}, Required: true,
			Description: "The company's name, at most 200 characters.", Example: "Aurora Dental Group"},
		{Name: "contact_email", Aliases: []string{"email", "contact"},
			Description: "The company's own address. Together with partner_admin_email, or not at all.", Example: "office@auroradental.example"},
		{Name: "partner_admin_email", Aliases: []string{"partner admin", "admin email"},
			Description: "An active user of your company, who becomes partner admin of the new customer.", Example: "you@partner.example"},
	},
	enum.Contacts: {
		{Name: "email", Aliases: []string{"e-mail", "email address"}, Required: true,
			Description: "Unique among the company's contacts.", Example: "ann@example.org"},
		{Name: "first_name", Required: true, Description: "At most 200 characters.", Example: "Ann"},
		{Name: "id", Aliases: []string{"contact id", "client id"}, Description: "Our id, or the contact's id in another system.", Example: ""},
		{Name: "last_name", Description: "At most 200 characters.", Example: "Archer"},
		{Name: "middle_name", Description: "At most 200 characters.", Example: ""},
		{Name: "username", Description: "The part of the email before the @ where it is left blank.", Example: "ann"},
		{Name: "project", Aliases: []string{"project id"}, Description: "Our id, an external id, or default.", Example: "default"},
		{Name: "desk", Aliases: []string{"desk id"}, Description: "Our id, an external id, or default.", Example: "default"},
		{Name: "active", Description: "true or false.", Example: "true"},
		{Name: "type", Description: "personal or business.", Example: "personal"},
		{Name: "created", Aliases: []string{"created at"}, Description: "RFC 3339, or a date.", Example: "2026-01-31"},
		{Name: "company_id", Description: "Another company whose partner admin you are.", Example: ""},
		{Name: "labels", Description: "Names, separated by colons.", Example: ""},
		{Name: "labels_id", Aliases: []string{"label ids"}, Description: "Ids, separated by colons.", Example: ""},
	},
	enum.Users: {
		{Name: "email", Required: true, Description: "Unique on the platform.", Example: "kim@example.net"},
		{Name: "first_name", Required: true, Description: "At most 200 characters.", Example: "Kim"},
		{Name: "last_name", Required: true, Description: "At most 200 characters.", Example: "Park"},
		{Name: "password", Required: true, Description: "6 characters to 1,024 bytes.", Example: ""},
		{Name: "active", Description: "true or false.", Example: "true"},
	},
}

// header is a header's key: letter case, spaces, hyphens and underscores do not matter
// (rule F5).
func header(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, fold.Key(s))
}

// vocabulary knows what the headers of one kind of file mean.
type vocabulary struct {
	kind    enum.ImportKind
	columns []Column
	byKey   map[string]string // header key of a name or alias → canonical name
}

func vocabularyOf(kind enum.ImportKind) vocabulary {
	v := vocabulary{kind: kind, columns: catalog[kind], byKey: map[string]string{}}
	for _, c := range v.columns {
		v.byKey[header(c.Name)] = c.Name
		for _, a := range c.Aliases {
			v.byKey[header(a)] = c.Name
		}
	}
	return v
}

// knows reports how many of the headers the kind recognises.
func (v vocabulary) knows(headers []string) int {
	n := 0
	for _, h := range headers {
		if _, ok := v.byKey[header(h)]; ok {
			n++
		}
	}
	return n
}

func (v vocabulary) column(name string) (Column, bool) {
	for _, c := range v.columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// nearest is the field whose name or alias is spelt most like the header; empty where
// none is near.
func (v vocabulary) nearest(h string) string {
	key, best, field := header(h), 4, ""
	if key == "" {
		return ""
	}
	for _, c := range v.columns {
		for _, spelling := range append([]string{c.Name}, c.Aliases...) {
			s := header(spelling)
			d := levenshtein.ComputeDistance(key, s)
			if strings.HasPrefix(key, s) || strings.HasPrefix(s, key) && len(key) >= 3 {
				d = min(d, 2)
			}
			if d < best && d*2 <= max(len(key), len(s)) {
				best, field = d, c.Name
			}
		}
	}
	return field
}

// names lists the kind's canonical columns, for messages.
func (v vocabulary) names() string {
	names := make([]string, len(v.columns))
	for i, c := range v.columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
