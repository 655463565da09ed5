package policy

import (
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/predicate"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/viewer"
)

// Contact: read inside the company, changed by whoever administers it (rules U5, C6); its
// project and desk are of the same company, always.
func Contact(writable ...string) privacy.Policy {
	see, w := companyMembers(writable)
	see, w.update, w.remove = residual(see), residual(w.update), residual(w.remove)
	w.siblings = []sibling{
		{contact.EdgeProject, contact.FieldProjectID, project.Table},
		{contact.EdgeDesk, contact.FieldDeskID, desk.Table},
	}
	return privacy.Policy{Query: reads[*ent.ContactQuery, predicate.Contact](see), Mutation: w.policy()}
}

// residual turns a condition into one that filters rows and is not used to find them. A company may
// have a million contacts, and whoever looks for some says by what index they are found; a
// database that has no better number takes the viewer's company for the best index.
func residual(p visibility) visibility {
	return func(v viewer.Viewer, s *sql.Selector) *sql.Predicate {
		return sql.P(func(b *sql.Builder) { b.WriteString("COALESCE(").Join(p(v, s)).WriteString(", FALSE)") })
	}
}

// SearchBlock is internal/searchindex's own.
func SearchBlock() privacy.Policy {
	return privacy.Policy{
		Query: reads[*ent.SearchBlockQuery, predicate.SearchBlock](nil), Mutation: writes{}.policy(),
	}
}

// Label: as Project.
func Label(writable ...string) privacy.Policy {
	see, w := undeleted(companyMembers(writable))
	return privacy.Policy{Query: reads[*ent.LabelQuery, predicate.Label](see), Mutation: w.policy()}
}

// ContactLabel: of a contact and a label of one company; given and taken, never changed.
func ContactLabel() privacy.Policy {
	see, w := companyMembers(nil)
	w.update = nil
	w.siblings = []sibling{
		{contactlabel.EdgeContact, contactlabel.FieldContactID, contact.Table},
		{contactlabel.EdgeLabel, contactlabel.FieldLabelID, label.Table},
	}
	return privacy.Policy{Query: reads[*ent.ContactLabelQuery, predicate.ContactLabel](see), Mutation: w.policy()}
}

// CustomField: as Project; its variable name and its type stay.
func CustomField(writable ...string) privacy.Policy {
	see, w := undeleted(companyMembers(writable))
	return privacy.Policy{Query: reads[*ent.CustomFieldQuery, predicate.CustomField](see), Mutation: w.policy()}
}

// CustomFieldValue: of a contact and a field of one company.
func CustomFieldValue(writable ...string) privacy.Policy {
	see, w := companyMembers(writable)
	w.siblings = []sibling{
		{customfieldvalue.EdgeContact, customfieldvalue.FieldContactID, contact.Table},
		{customfieldvalue.EdgeCustomField, customfieldvalue.FieldCustomFieldID, customfield.Table},
	}
	return privacy.Policy{Query: reads[*ent.CustomFieldValueQuery, predicate.CustomFieldValue](see), Mutation: w.policy()}
}
