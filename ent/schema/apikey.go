package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/ent/value"
	"tenantry/internal/id"
)

// APIKey lets a program act with its creator's rights (rule U7); only the SHA-256 of its secret is
// stored. A revoked key is deleted: the audit log keeps what is to be known of it.
type APIKey struct{ entity }

// Mixin of the APIKey.
func (APIKey) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.APIKey}, tenant{edge: "api_keys", covered: true}}
}

// Fields of the APIKey.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("created_by_id", uuid.UUID{}).Immutable(),
		field.String("name").Immutable().Annotations(text(nameLength)),
		field.String("prefix").Immutable().Comment("the first characters of the secret, to tell keys apart"),
		field.Bytes("secret_hash").Unique().Immutable().Sensitive(),
		field.Enum("access").GoType(enum.APIKeyAccess("")).Immutable(),
		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("last_used_at").Optional().Nillable().Comment("written at most once a minute"),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("by the database's clock; null: it does not expire"),
	}
}

// Edges of the APIKey.
func (APIKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("created_by", User.Type).Ref("api_keys").Field("created_by_id").Unique().Required().Immutable(),
	}
}

// Indexes of the APIKey.
func (APIKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("company_id", "created_at", "id"),
		index.Fields("company_id", "created_by_id"),
	}
}
