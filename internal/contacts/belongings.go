package contacts

import (
	"context"
	"slices"
	"strconv"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/contactlabel"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/customfieldvalue"
	"tenantry/ent/generated/ent/label"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
	"tenantry/internal/input"
	"tenantry/internal/normalize"
)

// belongings are the labels and values that a contact is to have, all of its company.
type belongings struct {
	labels []id.ID
	fields []id.ID          // of which something is said
	values map[id.ID]string // by field; those that are to have one
}

// belongings finds the labels and fields in the company, and checks the values.
func (a unitOfWork) belongings(ctx context.Context, companyID id.ID, labelIDs []id.ID, given []FieldValue) (belongings, error) {
	b := belongings{values: map[id.ID]string{}}
	if err := b.findLabels(ctx, a, companyID, labelIDs); err != nil {
		return b, err
	}
	if len(given) > MaxCustomFields {
		return b, fault.New(fault.LimitExceeded, "customFields has %d entries; a company has at most %d custom fields", len(given), MaxCustomFields).
			At("input", "customFields").With("limit", MaxCustomFields)
	}
	if len(given) == 0 {
		return b, nil
	}
	all, err := a.Ent().CustomField.Query().Where(customfield.CompanyID(companyID)).All(ctx)
	if err != nil {
		return b, err
	}
	byKey := make(map[string]*ent.CustomField, len(all))
	for _, f := range all {
		byKey[f.VariableKey] = f
	}
	for i, v := range given {
		at := func(field string) []string { return []string{"input", "customFields", strconv.Itoa(i), field} }
		f := byKey[normalize.Column(v.VariableName)]
		switch {
		case f == nil:
			return b, fault.New(fault.NotFound, "the company has no custom field with the variable name %q", input.Cut(v.VariableName)).At(at("variableName")...)
		case slices.Contains(b.fields, f.ID):
			return b, fault.New(fault.Invalid, "%q is given twice", input.Cut(v.VariableName)).At(at("variableName")...)
		}
		b.fields = append(b.fields, f.ID)
		if v.Value == nil {
			continue
		}
		value, problem := Value(f.Type, *v.Value)
		if problem != nil {
			refused := fault.New(fault.Invalid, "%s: %s", f.Name, problem.Message).At(at("value")...)
			if problem.Limit > 0 {
				refused = refused.With("limit", problem.Limit)
			}
			return b, refused
		}
		if value != "" {
			b.values[f.ID] = value
		}
	}
	return b, nil
}

func (b *belongings) findLabels(ctx context.Context, a unitOfWork, companyID id.ID, labelIDs []id.ID) error {
	b.labels = slices.Clone(labelIDs)
	slices.SortFunc(b.labels, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
	b.labels = slices.Compact(b.labels)
	if len(b.labels) > MaxLabels {
		return fault.New(fault.LimitExceeded, "labelIds has %d entries; a company has at most %d labels", len(b.labels), MaxLabels).
			At("input", "labelIds").With("limit", MaxLabels)
	}
	if len(b.labels) == 0 {
		return nil
	}
	n, err := a.Ent().Label.Query().Where(label.CompanyID(companyID), database.Among(label.FieldID, b.labels)).Count(ctx)
	if err == nil && n < len(b.labels) {
		err = fault.New(fault.NotFound, "not every one of labelIds is a label of the company").At("input", "labelIds")
	}
	return err
}

// take takes away what give is to replace: the values of the fields of which something is
// said, and the labels if they are replaced.
func (b belongings) take(ctx context.Context, a unitOfWork, c *ent.Contact, labels bool) error {
	if labels {
		if _, err := a.Ent().ContactLabel.Delete().Where(contactlabel.ContactID(c.ID)).Exec(ctx); err != nil {
			return err
		}
	}
	if len(b.fields) == 0 {
		return nil
	}
	_, err := a.Ent().CustomFieldValue.Delete().
		Where(customfieldvalue.ContactID(c.ID), database.Among(customfieldvalue.FieldCustomFieldID, b.fields)).Exec(ctx)
	return err
}

// give gives the contact its labels and values, each in one statement: the policies would
// look at every row, and the references hold that all are of the contact's company.
func (b belongings) give(ctx context.Context, a unitOfWork, c *ent.Contact) error {
	labels := make([]contactLabel, len(b.labels))
	for i, l := range b.labels {
		labels[i] = contactLabel{c.CompanyID, c.ID, l}
	}
	var values []fieldValue
	for _, f := range b.fields {
		if value, ok := b.values[f]; ok {
			values = append(values, fieldValue{c.CompanyID, c.ID, f, value})
		}
	}
	if err := database.Insert(ctx, a.Tx, contactlabel.Table, labelColumns, labels); err != nil {
		return err
	}
	return database.Insert(ctx, a.Tx, customfieldvalue.Table, slices.Concat(ofField, valueOfField), values)
}
