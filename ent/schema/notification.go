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

// Notification informs one user of an event (rule J7).
type Notification struct{ entity }

// Mixin of the Notification.
func (Notification) Mixin() []ent.Mixin { return []ent.Mixin{identity{kind: id.Notification}} }

// Fields of the Notification.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").GoType(enum.NotificationKind("")).Immutable(),
		field.String("title").Immutable(),
		field.String("body").Immutable(),
		field.UUID("import_run_id", uuid.UUID{}).Optional().Nillable(),
		field.UUID("company_id", uuid.UUID{}).Optional().Nillable().Comment("the company it is about"),
		field.UUID("transfer_token_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("read_at").Optional().Nillable().Annotations(writable()),
	}
}

// Edges of the Notification.
func (Notification) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("notifications").Field("user_id").Unique().Required().Immutable(),
		edge.From("import_run", ImportRun.Type).Ref("notifications").Field("import_run_id").Unique(),
		edge.From("transfer_token", TransferToken.Type).Ref("notifications").Field("transfer_token_id").Unique(),
		edge.To("company", Company.Type).Field("company_id").Unique().Annotations(released()),
	}
}

// Indexes of the Notification.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "created_at", "id"),
		index.Fields("import_run_id"),
		index.Fields("company_id"),
		index.Fields("transfer_token_id"),
	}
}

// Setting is a value that the platform keeps for itself, such as the key that signs
// addresses where SECRET_KEY is not set.
type Setting struct{ entity }

// Fields of the Setting.
func (Setting) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable().Annotations(notEmpty()),
		field.String("value").Sensitive(),
	}
}
