package contacts

import (
	"tenantry/ent/enum"
	records "tenantry/internal/contacts"
	"tenantry/internal/id"
	"tenantry/internal/importer/kind"
)

// fieldValue is a custom field's; empty: the contact is to have none.
type fieldValue struct {
	field id.ID
	value string
}

// planValues finds the values of custom fields that the row sets (rule I12).
func (j *rowPlan) planValues() {
	for _, c := range j.columns.custom {
		f := j.row.FieldAt(c.column)
		if !f.Filled() && !f.Cleared() {
			continue
		}
		field, ok := j.tenant.fields[c.key]
		has := j.known != nil && j.known.values[field.id] != ""
		if f.Cleared() {
			if ok && has && !kind.FillsBlanks(j.row) {
				j.values = append(j.values, fieldValue{field: field.id})
			}
			continue
		}
		if !ok {
			if f.Sound() {
				f.Reject(enum.UnknownField, "the company has no custom field %s", c.name)
			}
			continue
		}
		value, problem := records.FileValue(field.of, f.Value, j.columns.forms)
		if j.known != nil && problem == nil && j.known.values[field.id] == value {
			f.Matches(f.Value)
		}
		if problem != nil && f.Sound() {
			kind.Reject(f, problem)
		}
		if !has || !kind.FillsBlanks(j.row) {
			j.values = append(j.values, fieldValue{field.id, value})
		}
	}
}

// setValues gives the contact these values; an empty one takes away what it has.
func (t *record) setValues(values []fieldValue) {
	for _, v := range values {
		was := t.values[v.field]
		if was == v.value {
			continue
		}
		if t.values == nil {
			t.values = map[id.ID]string{}
		}
		if t.changedValues == nil {
			t.changedValues = map[id.ID]string{}
		}
		if _, again := t.changedValues[v.field]; !again {
			t.changedValues[v.field] = was
		}
		if v.value == "" {
			delete(t.values, v.field)
		} else {
			t.values[v.field] = v.value
		}
	}
}
