package oracle

import (
	"fmt"
	"regexp"
	"strings"
)

// labels adds the labels of both columns (I11).
//
// Read ("each unknown one is an UNKNOWN_LABEL"): one that the same cell names twice is one
// unknown label. Read (R3, "clears a value that may be blank"): labels are a value that may be blank;
// what the other column names is added then.
func (run *run) labels(r *row, company *Company, known, next *Contact) {
	for _, column := range []string{"labels", "labels_id"} {
		if r.field(column).clear && known != nil && !run.job.Options.FillBlanks {
			next.Labels = map[string]bool{}
		}
	}
	for _, column := range []string{"labels", "labels_id"} {
		c := r.field(column)
		if !c.sound() {
			continue
		}
		unknown := map[string]bool{}
		for _, name := range names(c.text) {
			if label, ok := company.label(column, name); ok {
				next.Labels[label.ID] = true
			} else if column == "labels" && !company.severalLabels(name) && run.creates("labels", name, 100, len(company.Labels), 1000) {
				next.Labels[company.newID("label", name)] = true
				run.make(r, company, "label", name, func(made string) { company.Labels = append(company.Labels, Label{made, name}) })
			} else if !unknown[name] {
				unknown[name] = true
				c.reject("UNKNOWN_LABEL")
			}
		}
	}
}

// severalLabels reports whether the name seems to be several, with another separator between them.
//
// Read (I11, "seems to be meant"): a semicolon or a bar always does; a comma where one of the parts is
// a label. Such a name is not created (R5).
func (c *Company) severalLabels(name string) bool {
	for _, separator := range []string{";", "|", ","} {
		parts, known := 0, separator != ","
		for _, part := range strings.Split(name, separator) {
			if part = line(part); part != "" {
				parts++
			}
			if _, ok := c.label("labels", part); ok {
				known = true
			}
		}
		if parts > 1 && known {
			return true
		}
	}
	return false
}

// anID is the form of our ids: a UUID of version 7.
var anID = regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// creates reports whether the import creates what is named so (R5), of which there are so many.
//
// Read ("within their caps"): as by hand; and nothing that a file would not find again, as our ids and
// `default` (I14).
func (run *run) creates(what, name string, longest, has, most int) bool {
	return run.job.Options.Create[what] && length(name) <= longest && has < most && !anID.MatchString(name) &&
		(what == "labels" || key(name) != "default")
}

// newID is the id of what an import creates.
func (c *Company) newID(what, name string) string {
	made := "new " + what + " " + name
	if n := c.created[made]; n > 0 { // and undone since
		made += fmt.Sprintf(" #%d", n+1)
	}
	return made
}

// make creates something once the row has succeeded.
func (run *run) make(r *row, company *Company, what, name string, do func(made string)) {
	made := company.newID(what, name)
	if r.made[made] {
		return
	}
	if r.made == nil {
		r.made = map[string]bool{}
	}
	r.made[made] = true
	r.makes = append(r.makes, func() {
		if company.created == nil {
			company.created = map[string]int{}
		}
		company.created["new "+what+" "+name]++
		run.done.made = append(run.done.made, reference{company, what, made, name, r.number})
		do(made)
	})
}

func (c *Company) label(column, wanted string) (Label, bool) {
	for _, l := range c.Labels {
		if column == "labels" && l.Name == wanted || column == "labels_id" && strings.EqualFold(l.ID, wanted) {
			return l, true
		}
	}
	return Label{}, false
}
