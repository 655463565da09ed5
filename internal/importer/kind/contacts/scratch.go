package contacts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
	"tenantry/internal/normalize"
)

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
	for _, r := range p.created {
		kept = append(kept, keepCreated(r))
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
	emails := append(p.createdKeys(run), want.emails...)
	return kind.ReadScratch(ctx, tx, run.ID, ids, emails, want.externals, func(of id.ID, raw []byte) error {
		if id.KindOf(of) != id.Contact {
			return p.readCreated(of, raw)
		}
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
			t = p.newRecord(b)
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
