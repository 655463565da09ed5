package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/value"
	"tenantry/internal/id"
)

// AuditEvent is who did what, in the log of a company that it concerned. It is never
// changed, and keeps its words when the actor is gone.
type AuditEvent struct{ entity }

// Mixin of the AuditEvent.
func (AuditEvent) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.AuditEvent}, tenant{edge: "audit_events"}}
}

// Fields of the AuditEvent.
func (AuditEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Time("at").Default(value.Now).Immutable(),
		field.String("action").Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable().
			Comment("no reference: the event outlives the user"),
		field.String("actor_name").Immutable(),
		field.String("summary").Immutable(),
	}
}

// Indexes of the AuditEvent.
func (AuditEvent) Indexes() []ent.Index { return []ent.Index{index.Fields("company_id", "at", "id")} }
