package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/value"
	"tenantry/internal/id"
)

// TransferToken lets a partner take an existing company as its customer, once (rule C9).
// Only the SHA-256 of its secret is stored.
type TransferToken struct{ entity }

// Mixin of the TransferToken.
func (TransferToken) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.TransferToken}, tenant{edge: "transfer_tokens"}}
}

// Fields of the TransferToken.
func (TransferToken) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("secret_hash").Unique().Immutable().Sensitive(),
		field.UUID("sent_to_id", uuid.UUID{}).Optional().Nillable().Comment("the one partner that may redeem it"),
		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("expires_at").Immutable().Comment("by the database's clock"),
		field.Time("used_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Edges of the TransferToken.
func (TransferToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("sent_to", Company.Type).Ref("received_tokens").Field("sent_to_id").Unique(),
		many("notifications", Notification.Type, released()),
	}
}

// Indexes of the TransferToken.
func (TransferToken) Indexes() []ent.Index {
	return []ent.Index{
		// One is outstanding at a time: generating another revokes the one before.
		index.Fields("company_id").Unique().StorageKey("transfer_tokens_one_outstanding").
			Annotations(entsql.IndexWhere("used_at IS NULL AND revoked_at IS NULL")),
		index.Fields("sent_to_id"),
	}
}
