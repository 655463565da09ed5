package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/internal/id"
)

// Company is a tenant; a partner if an operator made it one, a customer if it has a
// partner (rules C1–C4).
type Company struct{ entity }

// Mixin of the Company.
func (Company) Mixin() []ent.Mixin { return []ent.Mixin{identity{kind: id.Company}, timestamps{}} }

// Fields of the Company.
func (Company) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(text(nameLength), writable()).Comment("as it was typed, trimmed"),
		field.String("slug").Unique().Immutable().Annotations(notEmpty()).Comment("stays when the company is renamed"),
		field.String("name_slug").Annotations(writable()).Comment("the slug of the name as it is now (rule I6)"),
		field.String("name_key").Annotations(writable()).Comment("the name ignoring case, for order and search"),
		field.String("contact_email").Optional().Nillable().Annotations(optionalText(emailLength), writable()),
		field.String("external_id").Optional().Nillable().Annotations(optionalText(externalIDLength), writable()).
			Comment("its id in its partner's systems, exact; gone with the partnership (rule C1)"),
		field.Bool("is_partner").Default(false),
		field.Bool("is_platform").Default(false).Immutable().Comment("the operators' own company"),
		field.UUID("partner_id", uuid.UUID{}).Optional().Nillable(),
		field.UUID("created_by_partner_id", uuid.UUID{}).Optional().Nillable().
			Comment("the partner that added or imported it and so may delete it (rule C8); gone with that partnership"),
		field.Bool("require_two_factor").Default(false).Annotations(writable()).
			Comment("of its own users (rule U9)"),
		field.Bool("require_two_factor_for_customers").Default(false).Annotations(writable()).
			Comment("a partner's: of its users, to work inside its customers (rule U9)"),
		field.Time("deleted_at").Optional().Nillable().
			Comment("gone for everybody; what it had is purged behind (rule C8)"),
	}
}

// Edges of the Company.
func (Company) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("customers", Company.Type).From("partner").Unique().Field("partner_id"),
		many("projects", Project.Type, owned()),
		many("desks", Desk.Type, owned()),
		many("labels", Label.Type, owned()),
		many("custom_fields", CustomField.Type, owned()),
		many("contacts", Contact.Type),
		many("search_blocks", SearchBlock.Type, owned()),
		many("contact_edits", ContactEdit.Type, owned()),
		many("users", User.Type, owned()),
		many("api_keys", APIKey.Type, owned()),
		many("partner_admins", PartnerAdmin.Type, owned()),
		many("import_runs", ImportRun.Type, owned()),
		many("import_turns", ImportTurn.Type, owned()),
		many("column_memories", ColumnMemory.Type, owned()),
		many("transfer_tokens", TransferToken.Type, owned()),
		many("received_tokens", TransferToken.Type, released()),
		many("audit_events", AuditEvent.Type, owned()),
	}
}

// Indexes of the Company.
func (Company) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name_slug"),
		index.Fields("partner_id", "name_key", "id"),
		index.Fields("partner_id", "external_id").Unique().Annotations(entsql.IndexWhere("external_id IS NOT NULL")),
		index.Fields("deleted_at").Annotations(entsql.IndexWhere("deleted_at IS NOT NULL")),
	}
}
