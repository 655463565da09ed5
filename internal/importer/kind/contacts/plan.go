package contacts

import (
	"context"
	"strings"

	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// rowPlan is one row's: whom it is about, what they are to be, and what is wrong with it.
type rowPlan struct {
	*snapshot
	row *sheet.Row
	cells

	tenant *tenant
	known  *record // nil: a new one, or it is not known yet
	byID   bool    // it was found by its id, so that its email can change
	next   records.Record
	labels []id.ID
	values []fieldValue
}

type fieldValue struct {
	field id.ID
	value string
}

// plan notes in the row all that is wrong with it (rule R1).
func (j *rowPlan) plan() {
	if j.row.Misshapen {
		return // its cells may be other fields'
	}
	company := j.row.FieldAt(j.columns.company)
	if j.tenant = j.snapshot.of(j.row); j.tenant == nil {
		if company.Sound() {
			company.Reject(enum.UnknownCompany, "%q is not the id of a company that you may manage", sheet.Cut(company.Value, 100))
		}
		return // what else the row names is that company's
	}
	j.identify()
	j.columns.plain.Take(j.row, &j.draft, &j.next, j.known == nil)
	j.next.Project = j.assign(j.columns.project, &j.tenant.projects, j.tenant.project, j.next.Project, id.Project, enum.UnknownProject, "project")
	j.next.Desk = j.assign(j.columns.desk, &j.tenant.desks, j.tenant.desk, j.next.Desk, id.Desk, enum.UnknownDesk, "desk")
	j.planLabels()
	j.planValues()
}

// identify finds out whom the row is about (rule I9).
func (j *rowPlan) identify() {
	email, ident := j.row.FieldAt(j.columns.email), j.row.FieldAt(j.columns.id)
	owner := j.tenant.byEmail[j.draft.EmailKey] // of the email; nil too where there is none
	if j.draft.EmailKey == "" {
		owner = nil
	}
	external := ""
	if ident.Filled() {
		switch ours, known := j.tenant.contacts[j.cells.ours], j.tenant.byExternal[ident.Value]; {
		case ours != nil:
			j.known, j.byID = ours, true
		case known != nil:
			j.known, j.byID = known, true
			ident.Matches(ident.Value)
		default:
			external = ident.Value // whatever its form: what was deleted here, or comes from elsewhere, has such
		}
	}
	if j.byID {
		j.next = j.known.now
		if email.Matches(j.known.now.Email); !email.Filled() || !email.Sound() {
			return
		}
		if owner != nil && owner != j.known {
			email.Reject(enum.EmailTaken, "%s is the email of another contact; give this one another email, or merge the two", sheet.Cut(email.Value, 100))
			return
		}
		j.next.Email, j.next.EmailKey = email.Value, j.draft.EmailKey
		return
	}
	switch {
	case owner == nil: // also where the email or the id is at fault: all problems are reported at once (rule R1)
		j.begin(email, external)
	case external == "" || owner.now.ExternalID == "":
		email.Matches(owner.now.Email)
		j.known, j.next = owner, owner.now
		if external != "" {
			j.next.ExternalID = external
		}
	case email.Sound():
		email.Reject(enum.EmailTaken, "%s is the email of another contact, which has the id %q; give that id to change it, or this row another email", sheet.Cut(email.Value, 100), owner.now.ExternalID)
	}
}

// begin is a new contact with its defaults (rule K1).
func (j *rowPlan) begin(email sheet.Field, external string) {
	if !email.Filled() {
		email.Reject(enum.Required, newContact+" needs an email")
	}
	j.columns.plain.Require(j.row, newContact)
	j.next = records.Record{
		Company: j.tenant.company, Email: email.Value, EmailKey: j.draft.EmailKey, ExternalID: external,
		Project: j.tenant.project, Desk: j.tenant.desk, Active: true, Type: enum.Personal,
	}
	if email.Filled() {
		j.next.Username = records.DefaultUsername(email.Value)
	}
}

// newContact is what messages call it.
const newContact = "a new contact"

// assign finds a project or desk.
func (j *rowPlan) assign(column int, s *assignments, standard, now id.ID, k id.Kind, code enum.IssueCode, what string) id.ID {
	f := j.row.FieldAt(column)
	if !f.Filled() {
		return now
	}
	of, ok := s.find(f.Value, k, standard)
	if ok && j.known != nil && of == now {
		f.Matches(f.Value)
	}
	if !ok && f.Sound() {
		if n := len(s.byName[f.Value]); n > 1 {
			f.Reject(code, "%d %ss of the company are named %q; give an id or an external id", n, what, sheet.Cut(f.Value, 100))
		} else {
			f.Reject(code, "the company has no %s %q; give its id, its external id, its name, or default", what, sheet.Cut(f.Value, 100))
		}
	}
	return of
}

// planLabels finds the labels that the row adds (rule I11).
func (j *rowPlan) planLabels() {
	b, has := j.tenant, func(label id.ID) bool { return j.known != nil && j.known.labels[label] }
	for _, c := range [...]struct {
		column int
		find   func(part string) (id.ID, bool)
		what   string
	}{
		{j.columns.labels, func(part string) (id.ID, bool) { label, ok := b.labels[part]; return label, ok }, "named"},
		{j.columns.labelIDs, func(part string) (id.ID, bool) {
			label, err := id.Parse(part, id.Label)
			return label, err == nil && b.labelIDs[label]
		}, "with the id"},
	} {
		f := j.row.FieldAt(c.column)
		if !f.Filled() {
			continue
		}
		all, seen := true, map[string]bool{}
		var unknown []string // each once, as far as issues are kept of them
		more := 0
		for _, part := range parts(f.Value) {
			if seen[part] {
				continue
			}
			seen[part] = true
			label, ok := c.find(part)
			switch {
			case ok:
				all = all && has(label)
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
			continue
		}
		for _, part := range unknown {
			f.Reject(enum.UnknownLabel, "the company has no label %s %q", c.what, sheet.Cut(part, 100))
		}
		j.row.Drop(more)
	}
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

// planValues finds the values of custom fields that the row sets (rule I12).
func (j *rowPlan) planValues() {
	for _, c := range j.columns.custom {
		f := j.row.FieldAt(c.column)
		if !f.Filled() {
			continue
		}
		field, ok := j.tenant.fields[c.key]
		if !ok {
			if f.Sound() {
				f.Reject(enum.UnknownField, "the company has no custom field %s", c.name)
			}
			continue
		}
		value, problem := records.FileValue(field.of, f.Value, j.columns.forms)
		if j.known != nil && problem == nil && j.known.values[field.id] == value {
			f.Matches(f.Value)
		}
		if problem != nil && f.Sound() {
			kind.Reject(f, problem)
		}
		j.values = append(j.values, fieldValue{field.id, value})
	}
}

// apply does what the row asks for, in the snapshot, and counts it. Nothing is wrong with it.
func (j *rowPlan) apply(o *kind.Outcome) {
	t := j.known
	if t == nil {
		j.next.ID = id.New(id.Contact)
		t = &record{tenant: j.tenant}
		j.tenant.contacts[j.next.ID] = t
		o.Created++
	} else if j.changes(t) {
		o.Updated++
	} else {
		o.Unchanged++
		return
	}
	if was, is := t.now.EmailKey, j.next.EmailKey; was != is {
		if j.tenant.byEmail[was] == t {
			delete(j.tenant.byEmail, was)
		}
		j.tenant.byEmail[is] = t
	}
	if external := j.next.ExternalID; external != "" {
		j.tenant.byExternal[external] = t
	}
	t.now = j.next
	t.addLabels(j.labels)
	t.setValues(j.values)
	if !t.touched {
		t.touched = true
		j.touched = append(j.touched, t)
	}
}

// changes reports whether the contact would not be what it is (rule R4).
func (j *rowPlan) changes(t *record) bool {
	if j.next != t.now {
		return true
	}
	for _, label := range j.labels {
		if !t.labels[label] {
			return true
		}
	}
	for _, v := range j.values {
		if t.values[v.field] != v.value {
			return true
		}
	}
	return false
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

func (t *record) setValues(values []fieldValue) {
	for _, v := range values {
		was, had := t.values[v.field]
		if had && was == v.value {
			continue
		}
		if t.values == nil {
			t.values = map[id.ID]string{}
		}
		if t.changedValues == nil {
			t.changedValues = map[id.ID]bool{}
		}
		if _, again := t.changedValues[v.field]; !again {
			t.changedValues[v.field] = had
		}
		t.values[v.field] = v.value
	}
}

// Plan is kind.Batch's.
func (b *batch) Plan(ctx context.Context, tx *database.Tx, rows []sheet.Row) (*kind.Outcome, kind.Write, error) {
	p, err := b.load(ctx, tx, rows)
	if err != nil {
		return nil, nil, err
	}
	o := &kind.Outcome{}
	for i := range rows {
		r := &rows[i]
		j := rowPlan{snapshot: p, row: r, cells: b.cells[i]}
		j.plan()
		if problems := r.Issues(); len(problems) > 0 {
			o.Fail(problems...)
			continue
		}
		j.apply(o)
	}
	return o, func() error {
		if b.run.DryRun {
			return p.keep(ctx, tx, b.run)
		}
		return p.write(ctx, tx)
	}, nil
}
