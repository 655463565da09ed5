package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/internal/id"
)

// CustomField is a field that a company has given its contacts (rule K3).
type CustomField struct{ entity }

// Mixin of the CustomField.
func (CustomField) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.CustomField}, tenant{edge: "custom_fields", covered: true}, timestamps{}, tombstone{}}
}

// Fields of the CustomField.
func (CustomField) Fields() []ent.Field {
	return []ent.Field{
		field.String("variable_name").Immutable().Annotations(text(nameLength)).Comment("its CSV column, as it was typed"),
		field.String("variable_key").Immutable().Annotations(notEmpty()).Comment("folded as column names are (rule F5), unique in the company"),
		field.String("name").Annotations(text(nameLength), writable()).Comment("for people"),
		field.Enum("type").GoType(enum.CustomFieldType("")).Immutable(),
	}
}

// Edges of the CustomField.
func (CustomField) Edges() []ent.Edge {
	return []ent.Edge{many("values", CustomFieldValue.Type, owned())}
}

// Indexes of the CustomField.
func (CustomField) Indexes() []ent.Index {
	return []ent.Index{index.Fields("company_id", "variable_key").Unique().Annotations(standing()), index.Fields("company_id", "id").Unique()}
}

// CustomFieldValue is what a contact has in a custom field.
type CustomFieldValue struct{ entity }

// Fields of the CustomFieldValue.
func (CustomFieldValue) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("company_id", uuid.UUID{}).Immutable().Comment("that of both, which the references hold"),
		field.UUID("contact_id", uuid.UUID{}).Immutable(),
		field.UUID("custom_field_id", uuid.UUID{}).Immutable(),
		field.String("value").Annotations(text(textLength), writable()).Comment("as its type writes it"),
	}
}

// Edges of the CustomFieldValue.
func (CustomFieldValue) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("contact", Contact.Type).Ref("values").Field("contact_id").Unique().Required().Immutable(),
		edge.From("custom_field", CustomField.Type).Ref("values").Field("custom_field_id").Unique().Required().Immutable(),
	}
}

// Indexes of the CustomFieldValue.
func (CustomFieldValue) Indexes() []ent.Index {
	return []ent.Index{index.Fields("contact_id", "custom_field_id").Unique(), index.Fields("custom_field_id")}
}
