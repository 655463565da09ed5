package contacts

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/contactedit"
	"tenantry/internal/database"
	"tenantry/internal/field"
	"tenantry/internal/id"
	"tenantry/internal/tenancy"
)

// A change by hand leaves an edit, which says what it replaced in the contact: so the undo of an
// import can say what the import had left there (rule J14). The edits of a contact are a chain:
// each says when the contact was written before, by another edit or by an import. Imports keep what
// they replace themselves.

// Edit is what a change by hand replaced in a contact.
type Edit struct {
	Contact    id.ID
	WrittenAt  time.Time // updated_at of the contact since the change
	PreviousAt time.Time // updated_at before it
	Replaced
}

// Replaced is what a change has replaced in a contact.
type Replaced struct {
	Fields map[string]string `json:"fields,omitempty"` // by name in files, as [field.Value.AppendState] writes it
	Given  []id.ID           `json:"given,omitempty"`  // labels that the contact did not have
	Taken  []id.ID           `json:"taken,omitempty"`  // labels that it had
	Values map[id.ID]string  `json:"values,omitempty"` // by custom field; empty: the contact had none
}

// fields notes which of them differ, and how they were.
func (r *Replaced) fields(fields []field.Field[Record], before, after *Record) {
	for i := range fields {
		if f := &fields[i]; !f.Same(before, after) {
			if r.Fields == nil {
				r.Fields = map[string]string{}
			}
			r.Fields[f.Name] = string(f.AppendState(nil, before))
		}
	}
}

// belongings notes in which labels and values the contact is to differ from what it has now. labels
// reports whether its labels are replaced.
func (r *Replaced) belongings(ctx context.Context, tx *database.Tx, company, of id.ID, labels bool, after belongings) error {
	had := Belongings{Companies: []string{company.String()}, Contacts: []string{of.String()}, Labels: labels}
	for _, f := range after.fields {
		had.Fields = append(had.Fields, f.String())
	}
	var were []id.ID
	if err := had.EachLabel(ctx, tx, func(_, label id.ID) { were = append(were, label) }); err != nil {
		return err
	}
	if labels {
		r.Given, r.Taken = without(after.labels, were), without(were, after.labels)
	}
	values := make(map[id.ID]string, len(after.fields))
	if err := had.EachValue(ctx, tx, func(_, field id.ID, value string) { values[field] = value }); err != nil {
		return err
	}
	for _, f := range after.fields {
		if was := values[f]; was != after.values[f] {
			if r.Values == nil {
				r.Values = map[id.ID]string{}
			}
			r.Values[f] = was
		}
	}
	return nil
}

// without are the ids that are not among the others, in their order.
func without(ids, others []id.ID) []id.ID {
	var left []id.ID
	for _, of := range ids {
		if !slices.Contains(others, of) {
			left = append(left, of)
		}
	}
	slices.SortFunc(left, func(x, y id.ID) int { return bytes.Compare(x[:], y[:]) })
	return left
}

// changedAt is the updated_at of a change that is made now: later than the one before, also where that was
// made by a clock ahead of this one, so that each says which change it was.
func changedAt(before time.Time) time.Time {
	at := now()
	if !at.After(before) {
		at = before.Add(time.Microsecond)
	}
	return at
}

// storedEdit is an edit on its way into the database.
type storedEdit struct {
	Edit
	company  id.ID
	replaced json.RawMessage
}

var editColumns = []database.Column[*storedEdit]{
	{Name: contactedit.FieldCompanyID, Put: func(to *database.Values, e *storedEdit) { to.ID(e.company) }},
	{Name: contactedit.FieldContactID, Put: func(to *database.Values, e *storedEdit) { to.ID(e.Contact) }},
	{Name: contactedit.FieldWrittenAt, Put: func(to *database.Values, e *storedEdit) { to.Time(e.WrittenAt) }},
	{Name: contactedit.FieldPreviousAt, Put: func(to *database.Values, e *storedEdit) { to.Time(e.PreviousAt) }},
	{Name: contactedit.FieldReplaced, Put: func(to *database.Values, e *storedEdit) { to.Text(string(e.replaced)) }},
}

// keepEdits keeps the edits of one company's contacts.
func keepEdits(ctx context.Context, tx *database.Tx, company id.ID, edits ...Edit) error {
	stored := make([]*storedEdit, len(edits))
	for i, e := range edits {
		raw, err := json.Marshal(e.Replaced)
		if err != nil {
			return fmt.Errorf("keeping what a change replaced: %w", err)
		}
		stored[i] = &storedEdit{e, company, raw}
	}
	return database.Insert(ctx, tx, contactedit.Table, editColumns, stored)
}

// EachEdit calls each for the edits of the companies' contacts; all are texts of ids.
func EachEdit(ctx context.Context, tx *database.Tx, companies, contacts []string, each func(Edit) error) error {
	d := tx.Dialect()
	return tx.Each(ctx, "edits of contacts", func(rows *sql.Rows) error {
		var e Edit
		var written, previous database.Time
		var replaced []byte
		if err := rows.Scan(&e.Contact, &written, &previous, &replaced); err != nil {
			return err
		}
		if err := json.Unmarshal(replaced, &e.Replaced); err != nil {
			return fmt.Errorf("reading what a change replaced: %w", err)
		}
		e.WrittenAt, e.PreviousAt = written.Time, previous.Time
		return each(e)
	}, `SELECT contact_id, written_at, previous_at, replaced FROM contact_edits
		WHERE company_id`+d.AmongIDTexts("$1")+` AND contact_id`+d.AmongIDTexts("$2"), database.Texts(companies), database.Texts(contacts))
}

// Journals keep what imports have replaced in records.
type Journals interface {
	// ForgetRecord removes what they keep of a record that is deleted, in the transaction that deletes it. It
	// was written last at updatedAt. edits are the changes of it that are not theirs: when the
	// record was written before, by when each was made.
	ForgetRecord(ctx context.Context, tx *database.Tx, record id.ID, updatedAt time.Time, edits map[time.Time]time.Time) error
}

// forget removes what is kept of a contact that is about to be deleted: its edits, and what journals have of it.
func (s *Service) forget(ctx context.Context, a unitOfWork, company, of id.ID) error {
	if err := a.holdRow(ctx, contact.Table, of); err != nil {
		return err
	}
	r, err := s.bulk.record(ctx, a.Tx, company, of)
	if err != nil {
		return err
	}
	companies, contacts, edits := []string{company.String()}, []string{of.String()}, map[time.Time]time.Time{}
	err = EachEdit(ctx, a.Tx, companies, contacts, func(e Edit) error {
		edits[e.WrittenAt] = e.PreviousAt
		return nil
	})
	if err != nil {
		return err
	}
	if s.journals != nil {
		if err := s.journals.ForgetRecord(ctx, a.Tx, of, r.Updated, edits); err != nil {
			return fmt.Errorf("removing a deleted contact from journals: %w", err)
		}
	}
	return deleteEdits(ctx, a.Tx, companies, contacts)
}

// deleteEdits deletes the edits of the companies' contacts; all are texts of ids.
func deleteEdits(ctx context.Context, tx *database.Tx, companies, contacts []string) error {
	d := tx.Dialect()
	_, err := tx.ExecContext(ctx, `DELETE FROM contact_edits WHERE company_id`+d.AmongIDTexts("$1")+` AND contact_id`+d.AmongIDTexts("$2"),
		database.Texts(companies), database.Texts(contacts))
	if err != nil {
		return fmt.Errorf("deleting the edits of contacts: %w", err)
	}
	return nil
}

// Forget deletes the edits that are older than imports can be undone. Several processes may do so at once.
func (s *Service) Forget(ctx context.Context) error {
	d := s.db.Dialect()
	for {
		res, err := s.db.SQL().ExecContext(ctx, `DELETE FROM contact_edits WHERE id IN (SELECT id FROM contact_edits WHERE written_at < `+
			d.NowPlus("$1")+` LIMIT $2)`, -s.editsKept.Seconds(), forgottenAtOnce)
		if err != nil {
			return fmt.Errorf("deleting old edits of contacts: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n < forgottenAtOnce {
			return err
		}
	}
}

// forgottenAtOnce is how many edits one statement deletes.
const forgottenAtOnce = 5_000

// purgeEdits deletes a deleted company's.
func purgeEdits(ctx context.Context, db *database.DB, company id.ID) error {
	return tenancy.PurgeInPieces(ctx, db, company, `DELETE FROM contact_edits WHERE id IN (SELECT id FROM contact_edits WHERE company_id = $1 LIMIT $2)`)
}
