package contacts

import (
	"context"

	"tenantry/internal/database"
	"tenantry/internal/id"
)

// clearLabels takes all labels from the contacts.
func clearLabels(ctx context.Context, tx *database.Tx, contacts []*written) error {
	if len(contacts) == 0 {
		return nil
	}
	d := tx.Dialect()
	companies, ids := make([]string, len(contacts)), make([]string, len(contacts))
	for i, c := range contacts {
		companies[i], ids[i] = c.Company.String(), c.ID.String()
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM contact_labels WHERE company_id`+d.AmongIDTexts("$1")+` AND contact_id`+d.AmongIDTexts("$2"),
		database.Texts(companies), database.Texts(ids))
	return err
}

// clearValues takes these values away, by one statement for each of the fields.
func clearValues(ctx context.Context, tx *database.Tx, values []fieldValue) error {
	d := tx.Dialect()
	type ofField struct{ company, field id.ID }
	contacts := map[ofField][]string{}
	for _, v := range values {
		of := ofField{v.company, v.field}
		contacts[of] = append(contacts[of], v.contact.String())
	}
	for of, ids := range contacts {
		_, err := tx.ExecContext(ctx, `DELETE FROM custom_field_values WHERE company_id = $1 AND custom_field_id = $2 AND contact_id`+d.AmongIDTexts("$3"),
			of.company, of.field, database.Texts(ids))
		if err != nil {
			return err
		}
	}
	return nil
}
