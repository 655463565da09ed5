package contacts

import (
	"strings"

	"tenantry/ent/enum"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// planLabels finds the labels that the row adds (rule I11). A cell that clears takes away those that
// the contact has, before the other column's are added (rule R3).
func (j *rowPlan) planLabels() {
	names, ids := j.row.FieldAt(j.columns.labels), j.row.FieldAt(j.columns.labelIDs)
	j.clearLabels = j.known != nil && (names.Cleared() || ids.Cleared()) && !kind.FillsBlanks(j.row)
	j.addLabels(names, "named", j.labelNamed)
	j.addLabels(ids, "with the id", func(part string) (id.ID, bool) {
		label, err := id.Parse(part, id.Label)
		return label, err == nil && j.tenant.labelIDs[label]
	})
}

// labelNamed is the company's label of the name, or one that is created.
func (j *rowPlan) labelNamed(name string) (id.ID, bool) {
	if label, ok := j.tenant.labels[name]; ok {
		return label, true
	}
	if j.separator(name) != "" {
		return id.ID{}, false
	}
	made, _ := j.create(id.Label, name, len(j.tenant.labelIDs), false)
	return made, made != (id.ID{})
}

// addLabels adds those of a cell.
func (j *rowPlan) addLabels(f sheet.Field, what string, find func(part string) (id.ID, bool)) {
	if !f.Filled() {
		return
	}
	all, seen := true, map[string]bool{}
	var unknown []string // each once, as far as issues are kept of them
	more := 0
	for _, part := range parts(f.Value) {
		if seen[part] {
			continue
		}
		seen[part] = true
		label, ok := find(part)
		switch {
		case ok:
			all = all && j.known != nil && j.known.labels[label]
			j.labels = append(j.labels, label)
		case len(unknown) < sheet.MaxRowIssues:
			unknown = append(unknown, part)
		default:
			more++
		}
	}
	if all && len(unknown) == 0 {
		f.Matches(f.Value)
	}
	if !f.Sound() || j.row.Misshapen {
		return
	}
	for i, part := range unknown {
		j.rejectLabel(f, part, what, i < mostNearest)
	}
	j.row.Drop(more)
}

// mostNearest is of how many unknown labels of a cell it is found out which one was meant: each takes a
// look at every label.
const mostNearest = 5

// rejectLabel says that the company has no such label, why it is not created, and what was meant.
func (j *rowPlan) rejectLabel(f sheet.Field, part, what string, nearest bool) {
	data, hint := sheet.Data{}, ""
	if f.Column == j.columns.labels {
		separator := j.separator(part)
		switch {
		case separator != "":
			hint = "; labels are separated by : and not by " + separator
		case nearest:
			if j.tenant.nearLabels == nil {
				j.tenant.nearLabels = sheet.NewNames(j.tenant.labelNames())
			}
			data.Suggestion = j.tenant.nearLabels.Nearest(part)
			hint = meant(data.Suggestion)
		}
		if separator == "" {
			_, why := j.create(id.Label, part, len(j.tenant.labelIDs), true)
			hint = why + hint
		}
	}
	f.RejectWith(enum.UnknownLabel, data, "the company has no label %s %s%s", what, quoted(part), hint)
}

// separator is the one by which the text seems to be several labels, instead of a colon (rule I11);
// empty where it seems to be one. Such a text is not created as one label. A semicolon or a bar is in
// hardly any label; with a comma one of its parts must be a label that there is.
func (j *rowPlan) separator(text string) string {
	for _, s := range [...]string{";", "|", ","} {
		if !strings.Contains(text, s) {
			continue
		}
		filled, known := 0, false
		for part := range strings.SplitSeq(text, s) {
			if part = normalize.Line(part); part != "" {
				filled++
				_, there := j.tenant.labels[part]
				known = known || there
			}
		}
		if filled > 1 && (known || s != ",") {
			return s
		}
	}
	return ""
}

func (t *tenant) labelNames() []string {
	names := make([]string, 0, len(t.labels))
	for name := range t.labels {
		names = append(names, name)
	}
	return names
}

// parts takes a cell of labels apart: colons separate them, \: is a colon, \\ a backslash,
// and any other backslash itself.
func parts(cell string) []string {
	var out []string
	var part strings.Builder
	end := func() {
		if p := normalize.Line(part.String()); p != "" {
			out = append(out, p)
		}
		part.Reset()
	}
	for i := 0; i < len(cell); i++ {
		switch c := cell[i]; {
		case c == ':':
			end()
		case c == '\\' && i+1 < len(cell) && (cell[i+1] == ':' || cell[i+1] == '\\'):
			i++
			part.WriteByte(cell[i])
		default:
			part.WriteByte(c)
		}
	}
	end()
	return out
}

func (t *record) addLabels(labels []id.ID) {
	for _, label := range labels {
		if t.labels[label] {
			continue
		}
		if t.labels == nil {
			t.labels = map[id.ID]bool{}
		}
		t.labels[label] = true
		t.newLabels = append(t.newLabels, label)
	}
}
