package customers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tenantry/ent/enum"
	"tenantry/ent/viewer"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/tenancy"
)

// slugState is what the slug of a deleted customer is called in the journal; the other fields have their names in
// files.
const slugState = "slug"

// undoBatch is a batch that is taken back: customers that nobody has used or changed since are deleted (rule J14), and
// such as an undo has deleted are made again.
type undoBatch struct {
	kind *Kind
	run  *kind.Run
	of   kind.Undone
}

// Undo is kind.Undoer's.
func (k *Kind) Undo(run *kind.Run, of kind.Undone) kind.Batch { return &undoBatch{k, run, of} }

// AuthoriseUndo is kind.Undoer's. An undo deletes customers, and so ends partnerships, which no API key does
// (rule U7).
func (*Kind) AuthoriseUndo(v viewer.Viewer) error {
	if v.ByKey() {
		return fault.New(fault.Forbidden, "no API key may undo an import of customers, since that deletes customers: sign in to do it")
	}
	return nil
}

// Keys is kind.Batch's.
func (*undoBatch) Keys([]sheet.Row) *kind.Keys { return nil }

// Cut is kind.Batch's.
func (b *undoBatch) Cut(rows int) (head, rest kind.Batch) {
	h, r := *b, *b
	h.of, r.of = b.of.Cut(rows)
	return &h, &r
}

// undoPlan is what becomes of the customers of a batch.
type undoPlan struct {
	*undoBatch
	found   map[id.ID]*tenancy.MadeCustomer
	outcome *kind.Outcome
	deleted map[int]*tenancy.MadeCustomer // by row
	remade  map[int]*tenancy.NewCompany   // by row

	slugs     map[string][]tenancy.Namesake
	externals map[string]tenancy.Numbered
	users     map[id.ID]tenancy.Colleague
}

// Plan is kind.Batch's.
func (b *undoBatch) Plan(ctx context.Context, tx *database.Tx, _ []sheet.Row) (*kind.Outcome, kind.Write, error) {
	p := &undoPlan{undoBatch: b, outcome: kind.NewOutcome(len(b.of.Rows)), deleted: map[int]*tenancy.MadeCustomer{}, remade: map[int]*tenancy.NewCompany{}}
	if err := p.load(ctx, tx); err != nil {
		return nil, nil, err
	}
	for i := range b.of.Rows {
		switch r := &b.of.Rows[i]; r.Result {
		case journal.Created:
			p.unmake(i, r)
		case journal.Deleted:
			p.remake(i, r)
		default: // customers are not updated by imports
			p.add(i, journal.Unchanged, "")
		}
	}
	return p.outcome, func() error {
		if b.run.DryRun {
			return nil
		}
		return p.write(ctx, tx)
	}, nil
}

// load reads what there is of the customers, and of what such as are made again would share with others.
func (p *undoPlan) load(ctx context.Context, tx *database.Tx) (err error) {
	ids, slugs, externals, admins := make([]id.ID, len(p.of.Rows)), []string(nil), []string(nil), []id.ID(nil)
	for i := range p.of.Rows {
		r := &p.of.Rows[i]
		ids[i] = r.Record
		switch c := p.company(r); {
		case c == nil:
		case r.Result == journal.Deleted:
			slugs, externals, admins = append(slugs, c.Slug), append(externals, c.ExternalID), append(admins, c.Admin)
		default:
			admins = append(admins, c.Admin)
		}
	}
	if !p.run.DryRun {
		if err := tenancy.HoldExternalIDs(ctx, tx, p.run.Company); err != nil {
			return err
		}
	}
	if p.found, err = p.kind.partners.MadeCustomers(ctx, tx, p.kind.bulk, p.run.Company, ids, !p.run.DryRun); err != nil {
		return err
	}
	for _, c := range p.found {
		admins = append(admins, c.Admins...)
	}
	if p.users, err = tenancy.Colleagues(ctx, tx, p.run.Company, admins); err != nil || len(slugs) == 0 {
		return err
	}
	if p.slugs, err = tenancy.Namesakes(ctx, tx, p.run.Company, slugs); err != nil {
		return err
	}
	externals = slices.DeleteFunc(externals, func(e string) bool { return e == "" })
	p.externals, err = tenancy.ByExternalID(ctx, tx, p.run.Company, externals)
	return err
}

// company is the one that was made or deleted in the row, as it was left or had been; nil where it is not known any more.
func (p *undoPlan) company(r *kind.UndoneRow) *tenancy.NewCompany {
	if r.Image == nil || len(r.Image.Fields) == 0 {
		return nil
	}
	c := &tenancy.NewCompany{CompanyRecord: tenancy.CompanyRecord{ID: r.Record}, Partner: p.run.Company}
	for _, change := range r.Image.Fields {
		state := change.Before
		if r.Image.What == journal.Created {
			state = change.After
		}
		switch change.Field {
		case slugState:
			c.Slug = state
		case adminEmail:
			c.Admin, _ = id.Parse(state, id.User)
		default:
			if f := field.Named(p.kind.fields, change.Field); f != nil && f.Column != "" {
				if err := f.SetState(&c.CompanyRecord, state); err != nil {
					panic(err) // what was kept can be read again
				}
			}
		}
	}
	return c
}

// unmake deletes the customer that the row has made, unless it is used or changed.
func (p *undoPlan) unmake(i int, r *kind.UndoneRow) {
	c, left := p.found[r.Record], p.company(r)
	kept := len(p.outcome.Issues)
	keep := func(why string, args ...any) { p.issue(i, "", "", enum.EditedSince, fmt.Sprintf(why, args...)) }
	switch {
	case c == nil:
		p.add(i, journal.Unchanged, "")
		return
	case !c.Theirs:
		keep("the company has left your company since, or has become a partner, and is kept")
	case left == nil:
		keep("it is not known any more what the import left of the customer, so that it is kept")
	default:
		if len(c.Used) > 0 {
			keep("%s were made in the customer after the import, so that it is kept; deleteCustomer deletes it with all of them", strings.Join(c.Used, ", "))
		}
		for n := range p.kind.fields {
			if f := &p.kind.fields[n]; f.Column != "" && !f.Same(&left.CompanyRecord, &c.CompanyRecord) {
				p.edited(i, f.Name, f.Format(&left.CompanyRecord), f.Format(&c.CompanyRecord))
			}
		}
		if was, there := p.users[left.Admin]; there && !slices.Contains(c.Admins, left.Admin) { // who is deleted has no customers any more
			now := ""
			if len(c.Admins) > 0 {
				now = p.users[c.Admins[0]].Email
			}
			p.edited(i, adminEmail, was.Email, now)
		}
	}
	if len(p.outcome.Issues) > kept {
		p.add(i, journal.Skipped, c.Name)
		return
	}
	p.add(i, journal.Deleted, c.Name)
	p.deleted[i] = c
}

// edited says that a value is kept, since it is not what the import left.
func (p *undoPlan) edited(i int, column, left, now string) {
	p.issue(i, column, now, enum.EditedSince, sheet.Edited(left, now))
}

// remake makes a customer again that the import, an undo, has deleted.
func (p *undoPlan) remake(i int, r *kind.UndoneRow) {
	c := p.company(r)
	skip := func(column, value string, code enum.IssueCode, why string) {
		p.add(i, journal.Skipped, c.Name)
		p.issue(i, column, value, code, why)
	}
	switch {
	case p.found[r.Record] != nil:
		p.add(i, journal.Unchanged, "")
		return
	case c == nil:
		p.add(i, journal.Skipped, "")
		p.issue(i, "", "", enum.EditedSince, "the customer was deleted once more since, and is not made again")
		return
	case slices.ContainsFunc(p.slugs[c.Slug], func(n tenancy.Namesake) bool { return n.BySlug }):
		skip(name, c.Name, enum.AlreadyExists, fmt.Sprintf("another company has the slug %q by now, so that the deleted customer is not made again", sheet.Cut(c.Slug, 100)))
		return
	case c.ExternalID != "" && p.externals[c.ExternalID].ID != (id.ID{}):
		skip(externalID, c.ExternalID, enum.AlreadyExists, fmt.Sprintf("another customer has the external id %q by now, so that the deleted one is not made again", c.ExternalID))
		return
	}
	if c.Admin != (id.ID{}) && !p.users[c.Admin].Active {
		c.Admin = p.run.CreatedBy
	}
	p.add(i, journal.Created, c.Name)
	p.remade[i] = c
}

// write deletes and makes what was planned.
func (p *undoPlan) write(ctx context.Context, tx *database.Tx) error {
	var deleted []*tenancy.MadeCustomer
	var made []tenancy.NewCompany
	for i := range p.of.Rows {
		if c := p.deleted[i]; c != nil {
			deleted = append(deleted, c)
		}
		if c := p.remade[i]; c != nil {
			made = append(made, *c)
		}
	}
	if err := p.kind.partners.RemoveCustomers(ctx, tx, p.run.By, p.run.Company, deleted); err != nil {
		return err
	}
	if len(made) > 0 {
		done, at, err := p.kind.partners.ImportCustomers(ctx, tx, p.kind.bulk, p.run.By, made)
		if err != nil {
			return err
		}
		if slices.Contains(done, false) {
			return fmt.Errorf("a slug was taken meanwhile: %w", database.ErrTenantDeleted) // it is planned once more
		}
		p.outcome.WrittenAt = at
	}
	again := map[id.ID]bool{}
	for i := range p.remade {
		again[p.of.Rows[i].Record] = true
	}
	if err := kind.ForgetImages(ctx, tx, p.of.Import, p.of.First, again); err != nil {
		return err
	}
	return p.keepImages()
}

// keepImages says what an undo of this one needs.
func (p *undoPlan) keepImages() (err error) {
	w, last := &journal.ImageWriter{}, len(p.of.Rows)-1
	for row := range p.of.Rows {
		i := row
		if p.of.Backwards {
			i = last - row
		}
		switch deleted, remade := p.deleted[i], p.remade[i]; {
		case deleted != nil:
			w.Deleted(row, p.of.WrittenAt)
			for n := range p.kind.fields {
				if f := &p.kind.fields[n]; f.Column != "" {
					w.Field(f.Name, f.AppendState(nil, &deleted.CompanyRecord), nil)
				}
			}
			w.Field(slugState, []byte(deleted.Slug), nil)
			if len(deleted.Admins) > 0 {
				w.Field(adminEmail, []byte(deleted.Admins[0].String()), nil)
			}
		case remade != nil:
			p.kind.created(w, row, remade)
		}
	}
	p.outcome.Images, err = w.Encode()
	return err
}

// add says what came of the row of that index, and what its customer is called.
func (p *undoPlan) add(i int, result journal.Result, label string) {
	r := kind.Row{Result: result, Record: p.of.Rows[i].Record, Label: sheet.Cut(label, sheet.MaxLabel)}
	if p.run.DryRun && result == journal.Created {
		r.Record = id.ID{}
	}
	p.outcome.Rows = append(p.outcome.Rows, r)
}

// issue notes one of the row, at the column as the file spells it; empty: at the row as a whole.
func (p *undoPlan) issue(i int, column, value string, code enum.IssueCode, message string) {
	r := p.of.Rows[i]
	issue := sheet.Issue{Row: r.Number, Line: r.Line, Code: code, Message: message}
	if column != "" {
		if at := p.run.Layout.Column(column); at >= 0 {
			column = sheet.Cut(p.run.Layout.File.Header[at], sheet.MaxIssueValue)
		}
		issue.Column = &column
	}
	if value = sheet.Cut(value, sheet.MaxIssueValue); value != "" && column != "" {
		issue.Value = &value
	}
	p.outcome.Issues = append(p.outcome.Issues, issue)
}
