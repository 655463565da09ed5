package contacts

import (
	"context"
	"slices"
	"time"

	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// Deletion is a contact that is to be deleted.
type Deletion struct {
	*Record             // as it was found
	Labels, Values bool // whether it has any
}

// Delete deletes contacts with their labels and values. Where one is no longer as it was found the error is
// [ErrChanged]. Their edits, and what journals have of them, stay: it is how the deletion can be undone.
func (b *Bulk) Delete(ctx context.Context, tx *database.Tx, contacts []Deletion) error {
	type version struct {
		company id.ID
		at      int64 // updated_at, in microseconds
	}
	found := map[version][]string{}
	var companies, labelled, filled []string
	for i, c := range contacts {
		of := c.ID.String()
		if i == 0 || c.Company != contacts[i-1].Company { // few, and most often one
			if company := c.Company.String(); !slices.Contains(companies, company) {
				companies = append(companies, company)
			}
		}
		v := version{c.Company, c.Updated.UnixMicro()}
		found[v] = append(found[v], of)
		if c.Labels {
			labelled = append(labelled, of)
		}
		if c.Values {
			filled = append(filled, of)
		}
	}
	// The references delete both, too, contact by contact.
	for table, of := range map[string][]string{contactlabel.Table: labelled, customfieldvalue.Table: filled} {
		if err := deleteOf(ctx, tx, table, companies, of); err != nil {
			return err
		}
	}
	d := tx.Dialect()
	for v, ids := range found {
		slices.Sort(ids)
		res, err := tx.ExecContext(ctx, `DELETE FROM contacts WHERE company_id = $1 AND id`+d.AmongIDTexts("$2")+` AND updated_at = $3`,
			v.company, database.Texts(ids), time.UnixMicro(v.at).UTC())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if int(n) < len(ids) {
			return ErrChanged
		}
	}
	return nil
}

func deleteOf(ctx context.Context, tx *database.Tx, table string, companies, contacts []string) error {
	if len(contacts) == 0 {
		return nil
	}
	d := tx.Dialect()
	_, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE company_id`+d.AmongIDTexts("$1")+` AND contact_id`+d.AmongIDTexts("$2"),
		database.Texts(companies), database.Texts(contacts))
	return err
}
