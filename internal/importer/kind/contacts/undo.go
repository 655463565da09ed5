package contacts

import (
	"context"
	"errors"

	"tenantry/ent/viewer"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
)

// An undo takes the rows of a batch back one after another, the last first, against a snapshot of the
// contacts that they are about. A contact about which several rows of the import are is decided at the
// last of them, for the import as a whole: what they did together is taken back at once, wherever its
// batches end. So the result does not depend on those.

// undoBatch is a batch that is taken back.
type undoBatch struct {
	kind *Kind
	run  *kind.Run
	of   kind.Undone
	keys *kind.Keys // nil: it is worked on alone
	hold bool       // contacts that are found stay as they are until the commit
}

// Undo is kind.Undoer's.
func (k *Kind) Undo(run *kind.Run, of kind.Undone) kind.Batch {
	return &undoBatch{kind: k, run: run, of: of}
}

// AuthoriseUndo is kind.Undoer's: whoever may import contacts may delete and change them.
func (*Kind) AuthoriseUndo(viewer.Viewer) error { return nil }

// Cut is kind.Batch's.
func (b *undoBatch) Cut(rows int) (head, rest kind.Batch) {
	h, r := *b, *b
	h.of, r.of = b.of.Cut(rows)
	return &h, &r
}

// undoPlan is what becomes of the contacts of a batch that is taken back.
type undoPlan struct {
	*undoBatch
	companies  map[id.ID]*undoCompany
	about      map[id.ID]bool         // whom the rows are about
	contacts   map[id.ID]*undoContact // those of them that are there
	known      map[id.ID]*undoContact // and others whose emails or external ids were looked for
	byEmail    map[companyKey]*undoContact
	byExternal map[companyKey]*undoContact
	decided    map[id.ID]bool // by an earlier batch, or by a later row
	states     *records.States

	traced        map[id.ID]*history       // what the import has done to contacts
	deletedImages map[id.ID]*journal.Image // of contacts that the import, an undo, has deleted
	ahead         map[id.ID]*decision      // of contacts that were decided before their row
	reached       []id.ID                  // contacts that an earlier batch has decided, and whose row is reached

	deleted, written []*undoContact
	remade, unmade   []records.NewReference // labels, projects and desks
	consumed         map[id.ID]bool         // contacts that are made again, of which the images say no more what to make
	outcome          *kind.Outcome
	images           []func(w *journal.ImageWriter, row int) // by row; nil: nothing was replaced
	value            []byte                                  // room for a field's value in an image
	keep             []id.ID                                 // contacts of which earlier batches know more
}

// companyKey is an email's key, or an external id, in a company.
type companyKey struct {
	company id.ID
	key     string
}

// undoContact is a contact as the rows so far leave it.
type undoContact struct {
	state
	found  *state // as it was found, which is its own state until it becomes another; nil: it is not there
	gone   bool   // a row has deleted it
	others bool   // the importer may not change it any more
}

// become gives the contact another state.
func (c *undoContact) become(next state) {
	if c.found == &c.state {
		c.found = new(c.state)
	}
	c.state = next
}

// Plan is kind.Batch's.
func (b *undoBatch) Plan(ctx context.Context, tx *database.Tx, _ []sheet.Row) (*kind.Outcome, kind.Write, error) {
	rows := len(b.of.Rows)
	p := &undoPlan{
		undoBatch: b, companies: map[id.ID]*undoCompany{}, about: make(map[id.ID]bool, rows), contacts: make(map[id.ID]*undoContact, rows),
		known: make(map[id.ID]*undoContact, rows), byEmail: make(map[companyKey]*undoContact, rows), consumed: map[id.ID]bool{},
		traced: make(map[id.ID]*history, rows), deletedImages: map[id.ID]*journal.Image{}, ahead: map[id.ID]*decision{},
		byExternal: map[companyKey]*undoContact{}, decided: make(map[id.ID]bool, rows), states: b.kind.bulk.States(),
		outcome: kind.NewOutcome(rows), images: make([]func(*journal.ImageWriter, int), rows),
	}
	if err := p.holdCompanies(ctx, tx); err != nil {
		return nil, nil, err
	}
	if err := p.load(ctx, tx); err != nil {
		return nil, nil, err
	}
	if err := p.histories(ctx, tx); err != nil {
		return nil, nil, err
	}
	if err := p.loadHolders(ctx, tx); err != nil {
		return nil, nil, err
	}
	p.addFound()
	for i := range b.of.Rows {
		r := &b.of.Rows[i]
		switch d := p.ahead[r.Record]; {
		case d != nil:
			p.arrive(r.Record, d)
			p.tell(i, d)
		case p.decided[r.Record]:
			p.add(i, journal.Unchanged, "")
		default:
			p.tell(i, p.decide(r))
		}
	}
	return p.outcome, func() error {
		if b.run.DryRun {
			return p.keepScratch(ctx, tx)
		}
		err := p.write(ctx, tx)
		if b.hold || !errors.Is(err, records.ErrChanged) {
			return err
		}
		return &kind.Postponed{Do: func(context.Context) error {
			b.hold = true
			return nil
		}}
	}, nil
}

// add says what came of the row of that index, and what its contact is called.
func (p *undoPlan) add(i int, result journal.Result, label string) {
	r := kind.Row{Result: result, Record: p.of.Rows[i].Record, Label: sheet.Cut(label, sheet.MaxLabel)}
	if p.run.DryRun && result == journal.Created {
		r.Record = id.ID{}
	}
	p.outcome.Rows = append(p.outcome.Rows, r)
}

// hash is that of the state.
func (p *undoPlan) hash(s *state) uint64 {
	return p.states.Hash(&s.Record, sortedIDs(s.labels), s.values)
}
