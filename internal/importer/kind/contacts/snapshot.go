package contacts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
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
	rows    []sheet.Row
}

// tenant is one company's part of it.
type tenant struct {
	company    id.ID
	project    id.ID // the default
	desk       id.ID
	projects   assignments
	desks      assignments
	labels     map[string]id.ID
	labelIDs   map[id.ID]bool
	fields     map[string]customField // by the key of the variable name
	contacts   map[id.ID]*record
	byEmail    map[string]*record
	byExternal map[string]*record
}

// assignments are the projects or the desks that a company's rows name.
type assignments struct {
	ids        map[id.ID]bool
	byExternal map[string]id.ID
	byName     map[string][]id.ID
	deleted    map[id.ID]bool // their contacts are in the default one
}

// find resolves a cell: default, our id, an external id, or a name that just one has (rule I14).
func (s *assignments) find(cell string, k id.Kind, standard id.ID) (of id.ID, ok bool) {
	if cell == "default" {
		return standard, true
	}
	if ours, err := id.Parse(cell, k); err == nil && s.ids[ours] {
		return ours, true
	}
	if of, ok := s.byExternal[cell]; ok {
		return of, true
	}
	if named := s.byName[cell]; len(named) == 1 {
		return named[0], true
	}
	return id.ID{}, false
}

type customField struct {
	id id.ID
	of enum.CustomFieldType
}

// record is one as the rows so far leave it.
type record struct {
	tenant        *tenant
	now           records.Record
	keyWas        string // the key that stands in the record; empty: there is no record yet
	labels        map[id.ID]bool
	values        map[id.ID]string
	newLabels     []id.ID        // labels that are new to it
	changedValues map[id.ID]bool // fields whose value has changed: true where it had one
	touched       bool
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
	empty := func() assignments {
		return assignments{ids: map[id.ID]bool{}, byExternal: map[string]id.ID{}, byName: map[string][]id.ID{}, deleted: map[id.ID]bool{}}
	}
	b := &tenant{
		company: company, projects: empty(), desks: empty(), labels: map[string]id.ID{}, labelIDs: map[id.ID]bool{},
		fields: map[string]customField{}, contacts: map[id.ID]*record{}, byEmail: map[string]*record{}, byExternal: map[string]*record{},
	}
	p.byID[company] = b
	return b
}

// openOthers opens the parts of the companies that company_id cells name, as far as the
// importer may manage them now (rule I13).
func (p *snapshot) openOthers(ctx context.Context, tx *database.Tx, run *kind.Run, cells []string) error {
	named := map[id.ID][]string{}
	for _, cell := range cells {
		if of, err := id.Parse(cell, id.Company); err == nil {
			named[of] = append(named[of], cell)
		}
	}
	if len(named) == 0 {
		return nil
	}
	ids := make([]id.ID, 0, len(named))
	for of := range named {
		ids = append(ids, of)
	}
	may, err := tx.Ent().Company.Query().Where(database.Among(company.FieldID, ids), company.DeletedAtIsNil(), func(s *sql.Selector) {
		s.Where(policy.CanAdminister(run.By, s.C(company.FieldID)))
	}).IDs(viewer.NewContext(ctx, run.By))
	if err != nil {
		return fmt.Errorf("looking for companies: %w", err)
	}
	for _, of := range may {
		for _, cell := range named[of] {
			p.others[cell] = p.open(of)
		}
	}
	return nil
}

// companies are the ids of the companies, as texts.
func (p *snapshot) companies() []string {
	ids := make([]string, 0, len(p.byID))
	for of := range p.byID {
		ids = append(ids, of.String())
	}
	slices.Sort(ids)
	return ids
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
	w.labels = w.labels || r.FieldAt(c.labels).Filled() || r.FieldAt(c.labelIDs).Filled()
	for _, custom := range c.custom {
		w.fields = w.fields || r.FieldAt(custom.column).Filled()
	}
}

func (w *references) compact() {
	for _, list := range []*[]string{&w.companies, &w.emails, &w.ids, &w.externals, &w.projects, &w.desks} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// kept is a contact's whole state in scratch.
type keptContact struct {
	Person  records.Record   `json:"person"`
	Company id.ID            `json:"company"`
	Labels  []id.ID          `json:"labels,omitempty"`
	Values  map[id.ID]string `json:"values,omitempty"`
}

// keep is what a dry run does in place of writing.
func (p *snapshot) keep(ctx context.Context, tx *database.Tx, run *kind.Run) error {
	kept := make([]kind.Scratch, len(p.touched))
	for i, t := range p.touched {
		state := keptContact{Person: t.now, Company: t.now.Company, Values: t.values}
		for label := range t.labels {
			state.Labels = append(state.Labels, label)
		}
		kept[i] = kind.Scratch{ID: t.now.ID, EmailKey: t.now.EmailKey, ExternalID: kind.OrNull(t.now.ExternalID), State: state}
	}
	return kind.KeepScratch(ctx, tx, run.ID, kept)
}

// readScratch puts what earlier rows of a dry run have left over the records.
func (p *snapshot) readScratch(ctx context.Context, tx *database.Tx, run *kind.Run, want *references) error {
	ids := slices.Clone(want.ids)
	for _, b := range p.byID {
		for of := range b.contacts {
			ids = append(ids, of.String())
		}
	}
	return kind.ReadScratch(ctx, tx, run.ID, ids, want.emails, want.externals, func(of id.ID, raw []byte) error {
		var state keptContact
		if err := json.Unmarshal(raw, &state); err != nil {
			return fmt.Errorf("reading scratch: %w", err)
		}
		b := p.byID[state.Company]
		if b == nil {
			return nil // of a company that no row here names
		}
		t := b.contacts[of]
		if t == nil {
			t = &record{tenant: b}
			b.contacts[of] = t
		}
		t.now = state.Person
		t.now.ID, t.now.Company, t.now.EmailKey = of, b.company, normalize.Email(t.now.Email)
		t.labels, t.values = map[id.ID]bool{}, state.Values
		for _, label := range state.Labels {
			t.labels[label] = true
		}
		if t.values == nil {
			t.values = map[id.ID]string{}
		}
		return nil
	})
}
