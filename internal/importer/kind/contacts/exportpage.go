package contacts

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/project"
	records "tenantry/internal/contacts"
	"tenantry/internal/database"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// labelBytes is about what a contact's label costs while its page is written.
const labelBytes = 400

// page is contacts of an export with what they refer to.
type page struct {
	people        []*records.Record
	labels        map[id.ID][]*ent.Label
	values        map[id.ID]map[id.ID]string // by contact and custom field
	project, desk func(id.ID) string         // what a cell says of one
}

// fit cuts the page to as much as its labels and values may be read of at once, one contact at
// least. Nothing but their lengths is read for it.
func (p *page) fit(ctx context.Context, client *ent.Client, most int) error {
	var held, written []struct {
		ContactID id.ID `json:"contact_id"`
		Bytes     int   `json:"bytes"`
	}
	ids := p.ids()
	err := client.ContactLabel.Query().Where(database.Among(contactlabel.FieldContactID, ids)).GroupBy(contactlabel.FieldContactID).
		Aggregate(func(*sql.Selector) string { return sql.As("COUNT(*)", "bytes") }).Scan(ctx, &held)
	if err != nil {
		return err
	}
	err = client.CustomFieldValue.Query().Where(database.Among(customfieldvalue.FieldContactID, ids)).GroupBy(customfieldvalue.FieldContactID).
		Aggregate(func(s *sql.Selector) string {
			return sql.As("SUM(OCTET_LENGTH("+s.C(customfieldvalue.FieldValue)+"))", "bytes")
		}).Scan(ctx, &written)
	if err != nil {
		return err
	}
	bytes := map[id.ID]int{}
	for _, h := range held {
		bytes[h.ContactID] = h.Bytes * labelBytes
	}
	for _, v := range written {
		bytes[v.ContactID] += v.Bytes
	}
	sum := 0
	for i, c := range p.people {
		if sum += bytes[c.ID]; i > 0 && sum > most {
			p.people = p.people[:i]
			return nil
		}
	}
	return nil
}

// readBelongings reads the labels and values of the page's contacts.
func (p *page) readBelongings(ctx context.Context, client *ent.Client) error {
	ids := p.ids()
	held, err := client.ContactLabel.Query().Where(database.Among(contactlabel.FieldContactID, ids)).WithLabel().All(ctx)
	if err != nil {
		return err
	}
	p.labels, p.values = map[id.ID][]*ent.Label{}, map[id.ID]map[id.ID]string{}
	for _, h := range held {
		if h.Edges.Label != nil { // else it was deleted
			p.labels[h.ContactID] = append(p.labels[h.ContactID], h.Edges.Label)
		}
	}
	written, err := client.CustomFieldValue.Query().Where(database.Among(customfieldvalue.FieldContactID, ids)).All(ctx)
	if err != nil {
		return err
	}
	for _, v := range written {
		if p.values[v.ContactID] == nil {
			p.values[v.ContactID] = map[id.ID]string{}
		}
		p.values[v.ContactID][v.CustomFieldID] = v.Value
	}
	return nil
}

// readAssignments finds out what cells say of the company's projects and desks.
func (p *page) readAssignments(ctx context.Context, client *ent.Client, company id.ID) error {
	projects, err := client.Project.Query().Where(project.CompanyID(company)).All(ctx)
	if err != nil {
		return err
	}
	desks, err := client.Desk.Query().Where(desk.CompanyID(company)).All(ctx)
	if err != nil {
		return err
	}
	p.project = cellsOf(projects, func(p *ent.Project) assignment {
		return assignment{p.ID, p.Name, kind.OrEmpty(p.ExternalID), p.IsDefault}
	})
	p.desk = cellsOf(desks, func(d *ent.Desk) assignment { return assignment{d.ID, d.Name, kind.OrEmpty(d.ExternalID), d.IsDefault} })
	return nil
}

func (p *page) ids() []id.ID {
	ids := make([]id.ID, len(p.people))
	for i, c := range p.people {
		ids[i] = c.ID
	}
	return ids
}
