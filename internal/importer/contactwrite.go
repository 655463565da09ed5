package importer

import (
	"context"
	"time"

	"tenantry/internal/contacts"
	"tenantry/internal/database"
)

// describedColumns are those of a contact that an import may change, in the order of described.
var describedColumns = []string{
	"email", "email_key", "first_name", "middle_name", "last_name", "username", "username_key", "first_name_key", "last_name_key",
	"in_block", "external_id", "project_id", "desk_id", "active", "type", "updated_at",
}

// keys are what it is found by.
func (t *contactRecord) keys() contacts.SearchKeys {
	return contacts.KeysOf(t.emailKey, t.now.Username, t.now.FirstName, t.now.LastName)
}

// described appends a contact's values of them.
func (t *contactRecord) described(row []any, keys contacts.SearchKeys, inBlock bool, at time.Time) []any {
	n := &t.now
	return append(row, n.Email, t.emailKey, n.FirstName, orNull(n.MiddleName), orNull(n.LastName), n.Username, keys.Username, keys.FirstName, keys.LastName,
		inBlock, orNull(n.ExternalID), n.Project, n.Desk, n.Active, string(n.Type), at)
}

// write makes the records what the picture has become: what is changed first, so that the
// new ones can take emails which others have given up.
func (p *books) write(ctx context.Context, tx *database.Tx) error {
	if len(p.touched) == 0 {
		return nil
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	var blocks contacts.Blocks
	keys := make([]contacts.SearchKeys, len(p.touched))
	for i, t := range p.touched {
		keys[i] = t.keys()
		blocks.Add(t.book.company, t.id, keys[i])
	}
	var parked, changed, made, tagged, filled, refilled [][]any
	for i, t := range p.touched {
		of := t.book.company
		if t.keyWas == "" {
			created := t.created
			if created.IsZero() {
				created = at
			}
			row := make([]any, 0, len(describedColumns)+3)
			made = append(made, t.described(append(row, t.id, of, created), keys[i], blocks.Take(of), at))
		} else {
			row := make([]any, 0, len(describedColumns)+2)
			changed = append(changed, t.described(append(row, t.id, of), keys[i], blocks.Take(of), at))
			if t.keyWas != t.emailKey {
				// A key that no email has, for as long as keys pass from one to another.
				parked = append(parked, []any{t.id, of, "\x01" + t.id.String()})
			}
		}
		for _, label := range t.tagged {
			tagged = append(tagged, []any{of, t.id, label})
		}
		for field, had := range t.noted {
			row := []any{of, t.id, field, t.values[field]}
			if had {
				refilled = append(refilled, row)
			} else {
				filled = append(filled, row)
			}
		}
	}
	tenant := []string{"id", "company_id"}
	value := []string{"company_id", "contact_id", "custom_field_id", "value"}
	for _, c := range []database.Change{
		{Table: "contacts", Keys: tenant, Columns: []string{"email_key"}, Rows: parked},
		{Table: "contacts", Keys: tenant, Columns: describedColumns, Rows: changed},
		{Table: "custom_field_values", Keys: value[:3], Columns: value[3:], Rows: refilled},
	} {
		if _, err := database.Update(ctx, tx, c); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"contacts", append([]string{"id", "company_id", "created_at"}, describedColumns...), made},
		{"contact_labels", []string{"company_id", "contact_id", "label_id"}, tagged},
		{"custom_field_values", value, filled},
	} {
		if err := insertAll(ctx, tx, t.table, t.columns, t.rows); err != nil {
			return err
		}
	}
	return blocks.Write(ctx, tx)
}
