// Package schema describes the entities: what is stored, what is unique, what
// refers to what. ent writes the code from it (make generate); ent/policy says who
// may see and change each.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"tenantry/ent/value"
	"tenantry/internal/id"
)

// Lengths in code points (rule K5).
const (
	nameLength       = 200
	emailLength      = 254
	externalIDLength = 100
	labelLength      = 100
	textLength       = 10_000
)

// identity gives an entity its id: a UUIDv7 that bears the entity's kind.
type identity struct {
	mixin.Schema
	kind id.Kind
}

func (m identity) Fields() []ent.Field {
	return []ent.Field{field.UUID("id", uuid.UUID{}).Default(id.Maker(m.kind)).Immutable()}
}

// timestamps says when a record was made and when it last changed (rule R4: an import
// row that changes nothing leaves updated_at).
type timestamps struct{ mixin.Schema }

func (timestamps) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("updated_at").Default(value.Now).UpdateDefault(value.Now),
	}
}

// tombstone lets a record be deleted before what refers to it is cleared: it is gone for
// everybody (ent/policy), and its row goes when nothing refers to it any more.
type tombstone struct{ mixin.Schema }

func (tombstone) Fields() []ent.Field {
	return []ent.Field{
		field.Time("deleted_at").Optional().Nillable().Annotations(writable()).
			Comment("gone for everybody since then; internal/contacts clears what refers to it"),
	}
}

func (tombstone) Indexes() []ent.Index {
	return []ent.Index{index.Fields("deleted_at").Annotations(entsql.IndexWhere("deleted_at IS NOT NULL"))}
}

// standing is the annotation of a unique index that tombstones are not in: what they were
// called is free again. Nor does their deletion wait for whoever is about to refer to them,
// as a change of what is unique for all rows would on PostgreSQL.
func standing() *entsql.IndexAnnotation { return entsql.IndexWhere("deleted_at IS NULL") }

// tenant binds an entity to the company it belongs to, for good: a record never moves
// to another tenant, and goes when its company goes.
//
// References between two rows of a company carry the company too, so that the database
// itself refuses one that leads to another tenant. ent cannot say that; what makes it so,
// and which references lead across by design and why, is in migrations/diff/references.go.
type tenant struct {
	mixin.Schema
	edge    string // the inverse edge's name on Company
	covered bool   // another index of the entity begins with the company
}

func (tenant) Fields() []ent.Field {
	return []ent.Field{field.UUID("company_id", uuid.UUID{}).Immutable()}
}

func (m tenant) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("company", Company.Type).Ref(m.edge).Field("company_id").Unique().Required().Immutable(),
	}
}

func (m tenant) Indexes() []ent.Index {
	if m.covered {
		return nil
	}
	return []ent.Index{index.Fields("company_id")}
}

// bytewise is the annotation of a column of text whose order is that of its bytes on both
// databases: prefixes are then ranges of its index, and comparing costs the least. (SQLite
// has no other order, and no name for it; migrations/diff leaves it out there.)
func bytewise() entsql.Annotation { return entsql.Annotation{Collation: "C"} }

// owned is the annotation of an edge whose far side goes with this side.
func owned() entsql.Annotation { return entsql.Annotation{OnDelete: entsql.Cascade} }

// released is the annotation of an edge whose far side outlives this side.
func released() entsql.Annotation { return entsql.Annotation{OnDelete: entsql.SetNull} }

// many is an edge to the records that refer to this one, with what becomes of them when this one
// is deleted (owned, released). It is immutable: a record is made to refer to another by its own
// update, so ent needs no code to do it from here, which would be a third of all updates' code.
func many(name string, records any, annotations ...schema.Annotation) ent.Edge {
	return edge.To(name, records).Immutable().Annotations(annotations...)
}
