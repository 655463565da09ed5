package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/enum"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/policy"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/sheet"
)

// books is the picture that a batch of contacts is judged against: what its rows refer to,
// as the rows so far leave it.
type books struct {
	contactRows
	own     *book
	others  map[string]*book // by the text of a company_id cell; nil: not the importer's to manage
	byID    map[id.ID]*book
	touched []*contactRecord
	rows    []sheet.Row
	most    int64 // bytes of labels and values that may be read at once
}

// book is one company's part of it.
type book struct {
	company    id.ID
	project    id.ID // the default
	desk       id.ID
	projects   shelf
	desks      shelf
	labels     map[string]id.ID
	labelIDs   map[id.ID]bool
	fields     map[string]customField // by the key of the variable name
	contacts   map[id.ID]*contactRecord
	byEmail    map[string]*contactRecord
	byExternal map[string]*contactRecord
}

// shelf is the projects or the desks that a company's rows name.
type shelf struct {
	ids        map[id.ID]bool
	byExternal map[string]id.ID
	byName     map[string][]id.ID
	deleted    map[id.ID]bool // their contacts are in the default one
}

// find resolves a cell: default, our id, an external id, or a name that just one has (rule I14).
func (s *shelf) find(cell string, k id.Kind, standard id.ID) (of id.ID, ok bool) {
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

// contactRecord is one as the rows so far leave it.
type contactRecord struct {
	id       id.ID
	book     *book
	emailKey string
	now      person
	keyWas   string // the key that stands in the record; empty: there is no record yet
	created  time.Time
	labels   map[id.ID]bool
	values   map[id.ID]string
	tagged   []id.ID        // labels that are new to it
	noted    map[id.ID]bool // fields whose value has changed: true where it had one
	touched  bool
}

// person is what an import reads and writes of a contact. Empty text is none.
type person struct {
	Email      string           `json:"email"`
	FirstName  string           `json:"firstName"`
	MiddleName string           `json:"middleName,omitempty"`
	LastName   string           `json:"lastName,omitempty"`
	Username   string           `json:"username"`
	ExternalID string           `json:"externalId,omitempty"`
	Project    id.ID            `json:"project"`
	Desk       id.ID            `json:"desk"`
	Active     bool             `json:"active"`
	Type       enum.ContactType `json:"type"`
}

// of is the row's book; nil where its company is not the importer's to manage (rule I13).
func (p *books) of(r *sheet.Row) *book {
	f := r.FieldAt(p.columns.company)
	if !f.Filled() {
		return p.own
	}
	return p.others[f.Value]
}

// look fetches all that the rows refer to, in a few queries.
func (k contactKind) look(ctx context.Context, tx *database.Tx, b *batch) (*books, error) {
	p := &books{contactRows: b.cells.(contactRows), rows: b.rows, most: k.e.o.BatchStored, others: map[string]*book{}, byID: map[id.ID]*book{}}
	want := &references{}
	for i := range b.rows {
		want.add(p.columns, &b.rows[i], &p.cells[i])
	}
	if c := p.columns; b.run.dryRun { // what is kept in scratch is whole, as far as the file goes
		want.labels, want.fields = c.labels >= 0 || c.labelIDs >= 0, len(c.custom) > 0
	}
	want.compact()
	p.own = p.open(b.run.company)
	if err := p.openOthers(ctx, tx, b.run, want.companies); err != nil {
		return nil, err
	}
	for _, look := range []func(context.Context, *database.Tx, *references) error{p.lookForShelves, p.lookForLabels, p.lookForFields} {
		if err := look(ctx, tx, want); err != nil {
			return nil, err
		}
	}
	if err := p.lookForContacts(ctx, tx, b.run, want); err != nil {
		return nil, err
	}
	return p, nil
}

// open begins a company's book.
func (p *books) open(company id.ID) *book {
	if known := p.byID[company]; known != nil {
		return known
	}
	shelves := func() shelf {
		return shelf{ids: map[id.ID]bool{}, byExternal: map[string]id.ID{}, byName: map[string][]id.ID{}, deleted: map[id.ID]bool{}}
	}
	b := &book{
		company: company, projects: shelves(), desks: shelves(), labels: map[string]id.ID{}, labelIDs: map[id.ID]bool{},
		fields: map[string]customField{}, contacts: map[id.ID]*contactRecord{}, byEmail: map[string]*contactRecord{}, byExternal: map[string]*contactRecord{},
	}
	p.byID[company] = b
	return b
}

// openOthers opens the books of the companies that company_id cells name, as far as the
// importer may manage them now (rule I13).
func (p *books) openOthers(ctx context.Context, tx *database.Tx, c *claim, cells []string) error {
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
		s.Where(policy.MayAdminister(c.by, s.C(company.FieldID)))
	}).IDs(viewer.NewContext(ctx, c.by))
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

// companies are the ids of the open books.
func (p *books) companies() string {
	ids := make([]string, 0, len(p.byID))
	for of := range p.byID {
		ids = append(ids, of.String())
	}
	slices.Sort(ids)
	return database.Texts(ids)
}

// references are what a batch's rows refer to, each once.
type references struct {
	companies, emails, ids, externals, projects, desks []string
	labels, fields                                     bool // whether there are any
}

func (w *references) add(c *contactColumns, r *sheet.Row, cells *contactCells) {
	note := func(to *[]string, column int) {
		if f := r.FieldAt(column); f.Filled() {
			if n := len(*to); n == 0 || (*to)[n-1] != f.Value { // the same all the way down, as a rule
				*to = append(*to, f.Value)
			}
		}
	}
	if cells.emailKey != "" {
		w.emails = append(w.emails, cells.emailKey)
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
	Person  person           `json:"person"`
	Company id.ID            `json:"company"`
	Labels  []id.ID          `json:"labels,omitempty"`
	Values  map[id.ID]string `json:"values,omitempty"`
}

// keep is what a dry run does in place of writing.
func (p *books) keep(ctx context.Context, tx *database.Tx, c *claim) error {
	records := make([]scratchRecord, len(p.touched))
	for i, t := range p.touched {
		state := keptContact{Person: t.now, Company: t.book.company, Values: t.values}
		for label := range t.labels {
			state.Labels = append(state.Labels, label)
		}
		records[i] = scratchRecord{id: t.id, emailKey: t.emailKey, externalID: orNull(t.now.ExternalID), state: state}
	}
	return keepScratch(ctx, tx, c.id, records)
}

// readScratch puts what earlier rows of a dry run have left over the records.
func (p *books) readScratch(ctx context.Context, tx *database.Tx, c *claim, want *references, emailKey func(string) string) error {
	ids := slices.Clone(want.ids)
	for _, b := range p.byID {
		for of := range b.contacts {
			ids = append(ids, of.String())
		}
	}
	return scratchOf(ctx, tx, c.id, ids, want.emails, want.externals, func(record id.ID, raw []byte) error {
		var state keptContact
		if err := json.Unmarshal(raw, &state); err != nil {
			return fmt.Errorf("reading scratch: %w", err)
		}
		b := p.byID[state.Company]
		if b == nil {
			return nil // of a company that no row here names
		}
		t := b.contacts[record]
		if t == nil {
			t = &contactRecord{id: record, book: b}
			b.contacts[record] = t
		}
		t.now, t.emailKey = state.Person, emailKey(state.Person.Email)
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

// orNull is the text, or NULL where it is empty.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
