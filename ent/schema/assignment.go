package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"tenantry/internal/id"
)

// Project is one of those to which contacts are assigned. Every company has exactly one default.
type Project struct{ entity }

// Mixin of the Project.
func (Project) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.Project}, tenant{edge: "projects"}, timestamps{}, tombstone{}}
}

// Fields of the Project.
func (Project) Fields() []ent.Field { return assignmentFields() }

// Edges of the Project.
func (Project) Edges() []ent.Edge { return []ent.Edge{many("contacts", Contact.Type)} }

// Indexes of the Project.
func (Project) Indexes() []ent.Index { return assignmentIndexes() }

// Desk is one of those to which contacts are assigned. Every company has exactly one default.
type Desk struct{ entity }

// Mixin of the Desk.
func (Desk) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.Desk}, tenant{edge: "desks"}, timestamps{}, tombstone{}}
}

// Fields of the Desk.
func (Desk) Fields() []ent.Field { return assignmentFields() }

// Edges of the Desk.
func (Desk) Edges() []ent.Edge { return []ent.Edge{many("contacts", Contact.Type)} }

// Indexes of the Desk.
func (Desk) Indexes() []ent.Index { return assignmentIndexes() }

// assignmentFields are what projects and desks have alike (rules C1, K4).
func assignmentFields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(text(nameLength), writable()),
		field.String("external_id").Optional().Nillable().Annotations(optionalText(externalIDLength), writable()),
		field.Bool("is_default").Default(false).Annotations(writable()),
	}
}

func assignmentIndexes() []ent.Index {
	return []ent.Index{
		index.Fields("company_id", "external_id").Unique().Annotations(standing()),
		index.Fields("company_id", "id").Unique(), // for references
		index.Fields("company_id", "is_default").Unique().Annotations(entsql.IndexWhere("is_default")),
	}
}
