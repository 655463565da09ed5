package contacts

import (
	"slices"

	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// snapshot is what a batch of contacts is planned against: what its rows refer to,
// as the rows so far leave it.
type snapshot struct {
	parsed
	bulk    *records.Bulk
	stored  int64 // bytes of labels and values that may be read at once
	own     *tenant
	others  map[string]*tenant // by the text of a company_id cell; nil: not the importer's to manage
	byID    map[id.ID]*tenant
	touched []*record
	created []records.NewReference // what rows name, and their companies did not have
	rows    []sheet.Row
	dryRun  bool

	// What is left of those that were made together.
	records []record
	ids     []id.ID
}

// madeAtOnce is how many records, or ids, are made together.
const madeAtOnce = 256

// newRecord is an empty record of the company.
func (p *snapshot) newRecord(of *tenant) *record {
	if len(p.records) == 0 {
		p.records = make([]record, min(madeAtOnce, len(p.rows)))
	}
	t := &p.records[0]
	p.records, t.tenant = p.records[1:], of
	return t
}

// newID is the id of a new contact.
func (p *snapshot) newID() (of id.ID) {
	if len(p.ids) == 0 {
		p.ids = id.Many(id.Contact, min(madeAtOnce, len(p.rows)))
	}
	of, p.ids = p.ids[0], p.ids[1:]
	return of
}

// tenant is one company's part of it.
type tenant struct {
	company    id.ID
	projects   assignments
	desks      assignments
	labels     map[string]id.ID
	labelIDs   map[id.ID]bool
	nearLabels *sheet.Names           // as soon as a row names a label that it has not
	fields     map[string]customField // by the key of the variable name
	contacts   map[id.ID]*record
	byEmail    map[string]*record
	byExternal map[string]*record
}

type customField struct {
	id id.ID
	of enum.CustomFieldType
}

// record is one as the rows so far leave it.
type record struct {
	tenant        *tenant
	now           records.Record
	keyWas        string          // the key that stands in the record; empty: there is no record yet
	externalWas   string          // likewise
	was           *records.Record // what was found of it, once a row changes it
	row           int             // the last row of the batch that names it by its email; 0: none does
	labels        map[id.ID]bool
	values        map[id.ID]string
	newLabels     []id.ID          // labels that are new to it, or to be given to it anew
	labelsCleared bool             // those that stand in the database are taken away
	clearedLabels map[id.ID]bool   // which those are
	changedValues map[id.ID]string // fields whose value has changed: what it was before the batch; empty: none
	touched       bool
	last          int // the index of the last row of the batch that makes or changes it
}

// of is the row's part; nil where its company is not the importer's to manage (rule I13).
func (p *snapshot) of(r *sheet.Row) *tenant {
	f := r.FieldAt(p.columns.company)
	if !f.Filled() {
		return p.own
	}
	return p.others[f.Value]
}

// open begins a company's part.
func (p *snapshot) open(company id.ID) *tenant {
	if known := p.byID[company]; known != nil {
		return known
	}
	b := &tenant{
		company: company, projects: newAssignments(), desks: newAssignments(), labels: map[string]id.ID{}, labelIDs: map[id.ID]bool{},
		fields: map[string]customField{}, contacts: map[id.ID]*record{}, byEmail: map[string]*record{}, byExternal: map[string]*record{},
	}
	p.byID[company] = b
	return b
}

// companyIDs are the companies, in the order of their ids.
func (p *snapshot) companyIDs() []id.ID {
	return sortedIDs(p.byID)
}

// companies are their ids as texts.
func (p *snapshot) companies() []string {
	ids := p.companyIDs()
	texts := make([]string, len(ids))
	for i, of := range ids {
		texts[i] = of.String()
	}
	return texts
}

// references are what a batch's rows refer to, each once.
type references struct {
	companies, emails, ids, externals, projects, desks []string
	labels, fields                                     bool // whether there are any
}

func (w *references) add(c *columnIndex, r *sheet.Row, cells *cells) {
	note := func(to *[]string, column int) {
		if f := r.FieldAt(column); f.Filled() {
			if n := len(*to); n == 0 || (*to)[n-1] != f.Value { // the same all the way down, as a rule
				*to = append(*to, f.Value)
			}
		}
	}
	if key := cells.draft.EmailKey; key != "" {
		w.emails = append(w.emails, key)
	}
	if cells.ours != (id.ID{}) {
		w.ids = append(w.ids, cells.ours.String())
	}
	if f := r.FieldAt(c.id); f.Filled() { // it may be another system's id of the same form
		w.externals = append(w.externals, f.Value)
	}
	note(&w.companies, c.company)
	note(&w.projects, c.project)
	note(&w.desks, c.desk)
	says := func(column int) bool { f := r.FieldAt(column); return f.Filled() || f.Cleared() }
	w.labels = w.labels || says(c.labels) || says(c.labelIDs)
	for _, custom := range c.custom {
		w.fields = w.fields || says(custom.column)
	}
}

func (w *references) compact() {
	for _, list := range []*[]string{&w.companies, &w.emails, &w.ids, &w.externals, &w.projects, &w.desks} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}
