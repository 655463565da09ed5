package importer

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// reference imports customers in the plainest way there is: row by row, in memory, by the
// words of rules I5–I7, R1 and R2. It shares no code with the engine.
type reference struct {
	slugs map[string]bool   // slugs, and slugs of names, on the platform
	users map[string]string // active users of the partner: key of the email → email
	own   string            // the importer's email

	counts [5]int   // created, updated, unchanged, skipped, failed
	issues []string // row:column:CODE
	made   []string // name|slug|contact|admin
}

// The generator's cells know no other white space and no letters beyond ASCII.
func plainKey(s string) string { return strings.ToLower(strings.Trim(s, " ")) }

func plainSlug(s string) string { return strings.Join(strings.Fields(plainKey(s)), "-") }

func (r *reference) run(header []string, rows [][]string) {
	seen := map[string]bool{}
	for i, cells := range rows {
		r.row(i+1, header, cells, seen)
	}
	slices.Sort(r.made)
}

func (r *reference) row(number int, header, cells []string, seen map[string]bool) {
	wide := len(header) == 3
	cell := func(i int) string {
		if i < len(cells) {
			return cells[i]
		}
		return ""
	}
	unsafe := func(s string) bool { return strings.HasPrefix(s, "=") || strings.Contains(s, "<script") }
	var problems []string
	note := func(i int, code string) {
		problems = append(problems, fmt.Sprintf("%d:%s:%s", number, header[i], code))
	}
	shapely := len(cells) == len(header)
	if !shapely {
		problems = append(problems, fmt.Sprintf("%d::WRONG_FIELD_COUNT", number))
	}
	for i := range header {
		v := strings.Trim(cell(i), " ")
		switch {
		case unsafe(cell(i)):
			note(i, "UNSAFE_CONTENT")
		case !shapely:
		case v == "":
			note(i, "REQUIRED")
		case i == 0 && utf8.RuneCountInString(v) > 200:
			note(i, "TOO_LONG")
		case i == 1 && !strings.Contains(v, "@"):
			note(i, "INVALID_EMAIL")
		case i == 2 && r.users[plainKey(v)] == "":
			note(i, "UNKNOWN_PARTNER_ADMIN")
		}
	}
	name, slug := strings.Trim(cell(0), " "), plainSlug(cell(0))
	named := slug != "" && !unsafe(cell(0)) && utf8.RuneCountInString(name) <= 200
	switch {
	case named && seen[slug]:
		r.counts[3]++
		r.issues = append(r.issues, fmt.Sprintf("%d:name:DUPLICATE_IN_FILE", number))
	case named && r.slugs[slug]:
		seen[slug] = true
		r.counts[3]++
		r.issues = append(r.issues, fmt.Sprintf("%d:name:ALREADY_EXISTS", number))
	case len(problems) > 0:
		r.counts[4]++
		r.issues = append(r.issues, problems...)
	default:
		seen[slug], r.slugs[slug] = true, true
		r.counts[0]++
		contact, admin := "", r.own
		if wide {
			contact, admin = strings.Trim(cell(1), " "), r.users[plainKey(cell(2))]
		}
		r.made = append(r.made, strings.Join([]string{name, slug, contact, admin}, "|"))
	}
}

// line is the counts in the words of [counts].
func (r *reference) line(status string, total int) string {
	c := r.counts
	return fmt.Sprintf("%s %d+%d+%d+%d+%d of %d", status, c[0], c[1], c[2], c[3], c[4], total)
}

// drawnFile is a random file of customers whose names, being few, collide in letter case and
// white space, with bad rows among them. Its names bear the tag, so that the cases of one
// database do not meet.
func drawnFile(t *rapid.T, tag string) (header []string, rows [][]string) {
	header = []string{"name"}
	if rapid.IntRange(0, 3).Draw(t, "narrow") > 0 {
		header = []string{"name", "contact_email", "partner_admin_email"}
	}
	often := func(good []string, bad ...string) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			if rapid.IntRange(0, 7).Draw(t, "bad") > 0 {
				return rapid.SampledFrom(good).Draw(t, "good cell")
			}
			return rapid.SampledFrom(bad).Draw(t, "bad cell")
		})
	}
	var good []string
	for _, n := range []string{"Acme %s", "ACME %s", "acme  %s", " Acme %s ", "Beta-%s", "beta %s", "Gamma%s", "Old %s", "New %s", "old-%s", "Delta %s", "Epsilon %s"} {
		good = append(good, fmt.Sprintf(n, tag))
	}
	names := often(good, "", "  ", "=Acme "+tag, "<script>"+tag, strings.Repeat("x", 201))
	contacts := often([]string{"a@b.example", " A@B.example"}, "", "nobody", "=x")
	admins := often([]string{"maria@partner.example", "TOM@partner.example ", "tom@Partner.example"},
		"", "gone@partner.example", "inside@customer.example", "=x")
	for range rapid.IntRange(1, 14).Draw(t, "rows") {
		cells := []string{names.Draw(t, "name")}
		if len(header) == 3 {
			cells = append(cells, contacts.Draw(t, "contact"), admins.Draw(t, "admin"))
		}
		switch rapid.IntRange(0, 19).Draw(t, "shape") {
		case 0:
			cells = append(cells, "more")
		case 1:
			cells = cells[:1]
		}
		if strings.Trim(strings.Join(cells, ""), " ") == "" {
			cells[0] = "=" // a row of nothing but blanks is none (F1)
		}
		rows = append(rows, cells)
	}
	return header, rows
}

func fileOf(header []string, rows [][]string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	_ = w.WriteAll(rows)
	return b.String()
}
