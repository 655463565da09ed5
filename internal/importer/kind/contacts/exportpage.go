package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/internal/database"
	"tenantry/internal/id"
)

// labelBytes is about what a contact's label costs while its page is written.
const labelBytes = 400

// fitting is as much of the page as its labels and values may be read of at once, one contact
// at least. Nothing but their lengths is read for it.
func (t *table) fitting(ctx context.Context, page []*ent.Contact) ([]*ent.Contact, error) {
	var held, written []struct {
		ContactID id.ID `json:"contact_id"`
		Bytes     int   `json:"bytes"`
	}
	ids := idsOf(page)
	err := t.ent.ContactLabel.Query().Where(database.Among(contactlabel.FieldContactID, ids)).GroupBy(contactlabel.FieldContactID).
		Aggregate(func(*sql.Selector) string { return sql.As("COUNT(*)", "bytes") }).Scan(ctx, &held)
	if err != nil {
		return nil, err
	}
	err = t.ent.CustomFieldValue.Query().Where(database.Among(customfieldvalue.FieldContactID, ids)).GroupBy(customfieldvalue.FieldContactID).
		Aggregate(func(s *sql.Selector) string {
			return sql.As("SUM(OCTET_LENGTH("+s.C(customfieldvalue.FieldValue)+"))", "bytes")
		}).Scan(ctx, &written)
	if err != nil {
		return nil, err
	}
	bytes := map[id.ID]int{}
	for _, h := range held {
		bytes[h.ContactID] = h.Bytes * labelBytes
	}
	for _, v := range written {
		bytes[v.ContactID] += v.Bytes
	}
	sum := 0
	for i, c := range page {
		if sum += bytes[c.ID]; i > 0 && sum > t.bytes {
			return page[:i], nil
		}
	}
	return page, nil
}

// belongings reads the labels and values of the page's contacts into their edges.
func (t *table) belongings(ctx context.Context, page []*ent.Contact) error {
	ids, of := idsOf(page), map[id.ID]*ent.Contact{}
	for _, c := range page {
		of[c.ID] = c
	}
	held, err := t.ent.ContactLabel.Query().Where(database.Among(contactlabel.FieldContactID, ids)).WithLabel().All(ctx)
	if err != nil {
		return err
	}
	for _, h := range held {
		edges := &of[h.ContactID].Edges
		edges.ContactLabels = append(edges.ContactLabels, h)
	}
	written, err := t.ent.CustomFieldValue.Query().Where(database.Among(customfieldvalue.FieldContactID, ids)).All(ctx)
	if err != nil {
		return err
	}
	for _, v := range written {
		edges := &of[v.ContactID].Edges
		edges.Values = append(edges.Values, v)
	}
	return nil
}

func idsOf(page []*ent.Contact) []id.ID {
	ids := make([]id.ID, len(page))
	for i, c := range page {
		ids[i] = c.ID
	}
	return ids
}
