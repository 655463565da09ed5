package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tenantry/ent/generated/ent/importkey"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/journal"
	"tenantry/internal/importer/kind"
	"tenantry/internal/importer/sheet"
	"tenantry/internal/normalize"
)

// What an undo keeps in scratch for its next batches: which contacts are decided, and in a dry run how they would be.

// decidedKey and a contact's id are the key of one that is decided, in the undo's scratch.
const decidedKey = "undone:"

// loadDecided finds out which contacts batches before this one have decided.
func (p *undoPlan) loadDecided(ctx context.Context, tx *database.Tx, contacts []id.ID) error {
	some := false
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM import_keys WHERE import_run_id = $1)`, p.run.ID).Scan(&some)
	if err != nil {
		return fmt.Errorf("looking for contacts that are decided: %w", err)
	}
	if !some { // most imports are about each contact once
		return nil
	}
	keys := make([]string, len(contacts))
	for i, of := range contacts {
		keys[i] = decidedKey + of.String()
	}
	var ahead []string
	err = tx.Each(ctx, "contacts that are decided", func(rows *sql.Rows) error {
		var key string
		var row int
		if err := rows.Scan(&key, &row); err != nil {
			return err
		}
		key = strings.TrimPrefix(key, decidedKey)
		if row == decidedAhead {
			ahead = append(ahead, key)
		}
		of, err := id.Parse(key, id.Contact)
		p.decided[of] = true
		return err
	}, `SELECT key, row FROM import_keys WHERE import_run_id = $1 AND key`+tx.Dialect().AmongTexts("$2"), p.run.ID, database.Texts(keys))
	if err != nil || len(ahead) == 0 {
		return err
	}
	return kind.ReadScratch(ctx, tx, p.run.ID, ahead, nil, nil, func(of id.ID, raw []byte) error {
		var kept scratchContact
		if err := json.Unmarshal(raw, &kept); err != nil || kept.Ahead == nil {
			return err
		}
		var err error
		p.ahead[of], err = kept.Ahead.decision()
		return err
	})
}

// decidedAhead stands in the place of a row's number with a contact that was decided before the undo came to its row.
const decidedAhead = 1

// decidedRow is one on its way into scratch.
type decidedRow struct {
	run, of id.ID
	row     int
}

var decidedColumns = []database.Column[decidedRow]{
	{Name: importkey.FieldImportRunID, Of: func(d decidedRow) any { return d.run }},
	{Name: importkey.FieldKey, Of: func(d decidedRow) any { return decidedKey + d.of.String() }},
	{Name: importkey.FieldRow, Of: func(d decidedRow) any { return d.row }},
}

// keepDecided remembers contacts for the batches that were written before this one.
func (p *undoPlan) keepDecided(ctx context.Context, tx *database.Tx) error {
	rows := make([]decidedRow, len(p.keep))
	for i, of := range p.keep {
		rows[i] = decidedRow{run: p.run.ID, of: of}
	}
	for _, of := range sortedIDs(p.ahead) {
		rows = append(rows, decidedRow{p.run.ID, of, decidedAhead})
	}
	return database.Insert(ctx, tx, importkey.Table, decidedColumns, rows)
}

// aheadDecision is a decision on its way to the batch that says it.
type aheadDecision struct {
	Result    journal.Result `json:"result"`
	Label     string         `json:"label,omitempty"`
	Issues    []sheet.Issue  `json:"issues,omitempty"`
	Image     []byte         `json:"image,omitempty"`
	WrittenAt time.Time      `json:"writtenAt"` // updated_at of the contact since
}

// kept is the decision as it is kept.
func (d *decision) kept(at time.Time) (*aheadDecision, error) {
	kept, w := &aheadDecision{Result: d.result, Label: d.label, Issues: d.issues, WrittenAt: at}, &journal.ImageWriter{}
	var err error
	if d.image != nil {
		d.image(w, 0)
		kept.Image, err = w.Encode()
	}
	return kept, err
}

func (k *aheadDecision) decision() (*decision, error) {
	d := &decision{result: k.Result, label: k.Label, issues: k.Issues, stored: true, writtenAt: k.WrittenAt}
	if len(k.Image) == 0 {
		return d, nil
	}
	images, _, err := journal.DecodeImages(k.Image, 1)
	if err != nil || len(images) == 0 {
		return nil, fmt.Errorf("reading a decision: %w", err)
	}
	d.image = func(w *journal.ImageWriter, row int) {
		images[0].Row = row
		w.Image(&images[0])
	}
	return d, nil
}

// keepAhead remembers the contacts that were decided before the undo came to their rows, and those that it has come to.
func (p *undoPlan) keepAhead(ctx context.Context, tx *database.Tx) error {
	var kept []kind.Scratch
	for _, of := range sortedIDs(p.ahead) {
		d, err := p.ahead[of].kept(p.outcome.WrittenAt)
		if err != nil {
			return err
		}
		c := p.known[of]
		kept = append(kept, kind.Scratch{ID: of, EmailKey: c.EmailKey, ExternalID: kind.OrNull(c.ExternalID), State: p.scratchOf(c, d)})
	}
	for _, of := range p.reached {
		c := p.known[of]
		if c == nil { // it was deleted
			c = &undoContact{gone: true}
		}
		kept = append(kept, kind.Scratch{ID: of, EmailKey: c.EmailKey, ExternalID: kind.OrNull(c.ExternalID), State: p.scratchOf(c, nil)})
	}
	return kind.KeepScratch(ctx, tx, p.run.ID, kept)
}

// scratchOf is what scratch has of a contact.
func (p *undoPlan) scratchOf(c *undoContact, ahead *aheadDecision) scratchContact {
	kept := scratchContact{Company: c.Company, Gone: c.gone, Ahead: ahead}
	if p.run.DryRun && !c.gone {
		kept.Person, kept.Labels, kept.Values = &c.Record, slices.Collect(maps.Keys(c.labels)), c.values
	}
	return kept
}

// scratchContact is a contact as the batches before have left it, in a dry run, and what was decided of it.
type scratchContact struct {
	Ahead   *aheadDecision   `json:"ahead,omitempty"`
	Company id.ID            `json:"company"`
	Gone    bool             `json:"gone,omitempty"`
	Person  *records.Record  `json:"person,omitempty"`
	Labels  []id.ID          `json:"labels,omitempty"`
	Values  map[id.ID]string `json:"values,omitempty"`
}

// keepScratch is what a dry run does in place of writing.
func (p *undoPlan) keepScratch(ctx context.Context, tx *database.Tx) error {
	var kept []kind.Scratch
	for _, c := range append(p.deleted, p.written...) {
		kept = append(kept, kind.Scratch{ID: c.ID, EmailKey: c.EmailKey, ExternalID: kind.OrNull(c.ExternalID), State: p.scratchOf(c, nil)})
	}
	for _, r := range p.remade {
		kept = append(kept, keepCreated(r))
	}
	if err := kind.KeepScratch(ctx, tx, p.run.ID, kept); err != nil {
		return err
	}
	if err := p.keepAhead(ctx, tx); err != nil {
		return err
	}
	return p.keepDecided(ctx, tx)
}

// readScratch puts what the batches before would have left over what was found.
func (p *undoPlan) readScratch(ctx context.Context, tx *database.Tx, names records.Names) error {
	// Whoever was found by an email may not have it any more, by scratch.
	ids, emails := slices.Clone(names.IDs), slices.Clone(names.EmailKeys)
	for of := range p.known {
		ids = append(ids, of.String())
	}
	slices.Sort(ids)
	for of := range p.companies {
		emails = append(emails, scratchKey(of.String()))
	}
	return kind.ReadScratch(ctx, tx, p.run.ID, slices.Compact(ids), emails, names.ExternalIDs, func(of id.ID, raw []byte) error {
		if id.KindOf(of) != id.Contact {
			var made keptReference
			err := json.Unmarshal(raw, &made)
			if in := p.companies[made.Company]; err == nil && in != nil {
				in.names(id.KindOf(of))[of] = strings.Clone(made.Name)
			}
			return err
		}
		var kept scratchContact
		if err := json.Unmarshal(raw, &kept); err != nil {
			return fmt.Errorf("reading scratch: %w", err)
		}
		c := p.known[of]
		if c == nil {
			c = &undoContact{}
			p.known[of] = c
		} else {
			p.unindex(c)
		}
		if kept.Gone {
			c.gone = true
			return nil
		}
		person := *kept.Person
		person.ID, person.Company, person.EmailKey = of, kept.Company, normalize.Email(person.Email)
		c.become(state{Record: person, values: kept.Values})
		for _, label := range kept.Labels {
			c.setLabel(label, true)
		}
		p.index(c)
		return nil
	})
}
