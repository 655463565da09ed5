package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenantry/ent/generated/ent/importkey"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/normalize"
)

// What an undo keeps in scratch for its next batches: which contacts are decided, and in a dry run how they would be.

// decidedKey and a contact's id are the key of one that is decided, in the undo's scratch.
const decidedKey = "undone:"

// loadDecided finds out which contacts batches before this one have decided.
func (p *undoPlan) loadDecided(ctx context.Context, tx *database.Tx) error {
	keys := make([]string, len(p.of.Rows))
	for i, r := range p.of.Rows {
		keys[i] = decidedKey + r.Record.String()
	}
	return tx.Each(ctx, "contacts that are decided", func(rows *sql.Rows) error {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		of, err := id.Parse(strings.TrimPrefix(key, decidedKey), id.Contact)
		p.decided[of] = true
		return err
	}, `SELECT key FROM import_keys WHERE import_run_id = $1 AND key`+tx.Dialect().AmongTexts("$2"), p.run.ID, database.Texts(keys))
}

// decidedRow is one on its way into scratch.
type decidedRow struct{ run, of id.ID }

var decidedColumns = []database.Column[decidedRow]{
	{Name: importkey.FieldImportRunID, Of: func(d decidedRow) any { return d.run }},
	{Name: importkey.FieldKey, Of: func(d decidedRow) any { return decidedKey + d.of.String() }},
	{Name: importkey.FieldRow, Of: func(decidedRow) any { return 0 }},
}

// keepDecided remembers contacts for the batches that were written before this one.
func (p *undoPlan) keepDecided(ctx context.Context, tx *database.Tx) error {
	rows := make([]decidedRow, len(p.keep))
	for i, of := range p.keep {
		rows[i] = decidedRow{p.run.ID, of}
	}
	return database.Insert(ctx, tx, importkey.Table, decidedColumns, rows)
}

// scratchContact is a contact as the batches before have left it, in a dry run.
type scratchContact struct {
	Company id.ID            `json:"company"`
	Gone    bool             `json:"gone,omitempty"`
	Person  *records.Record  `json:"person,omitempty"`
	Labels  []id.ID          `json:"labels,omitempty"`
	Values  map[id.ID]string `json:"values,omitempty"`
}

// keepScratch is what a dry run does in place of writing.
func (p *undoPlan) keepScratch(ctx context.Context, tx *database.Tx) error {
	var kept []kind.Scratch
	for _, c := range p.deleted {
		kept = append(kept, kind.Scratch{ID: c.ID, EmailKey: c.EmailKey, ExternalID: kind.OrNull(c.ExternalID), State: scratchContact{Company: c.Company, Gone: true}})
	}
	for _, c := range p.written {
		kept = append(kept, kind.Scratch{ID: c.ID, EmailKey: c.EmailKey, ExternalID: kind.OrNull(c.ExternalID), State: scratchContact{
			Company: c.Company, Person: &c.Record, Labels: slices.Collect(maps.Keys(c.labels)), Values: c.values,
		}})
	}
	for _, r := range p.remade {
		kept = append(kept, keepCreated(r))
	}
	if err := kind.KeepScratch(ctx, tx, p.run.ID, kept); err != nil {
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
		c.state = state{Record: person, values: kept.Values}
		for _, label := range kept.Labels {
			c.setLabel(label, true)
		}
		p.index(c)
		return nil
	})
}
