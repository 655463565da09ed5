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

// User is someone who signs in, in one company's directory (rule U1).
type User struct{ entity }

// Mixin of the User.
func (User) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.User}, tenant{edge: "users"}, timestamps{}}
}

// Fields of the User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").Annotations(text(emailLength)).Comment("as it was typed, trimmed"),
		field.String("email_key").Unique().Annotations(notEmpty()).Comment("the email ignoring case (rule K5), unique on the platform"),
		field.String("first_name").Annotations(text(nameLength)),
		field.String("last_name").Annotations(text(nameLength)),
		field.String("first_name_key").Comment("ignoring case, for search (rule K6)"),
		field.String("last_name_key").Comment("ignoring case, for search (rule K6)"),
		field.String("password_hash").Sensitive().Comment("argon2id, in PHC form (rule U2)"),
		field.Bool("active").Default(true),
		field.Enum("role").GoType(enum.UserRole("")).Default(string(enum.Member)),
		field.Bool("two_factor").Default(false).
			Comment("has confirmed a second factor, which signing in takes from then on (rule U9)"),
	}
}

// Edges of the User.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		many("sessions", Session.Type, owned()),
		edge.To("second_factor", SecondFactor.Type).Unique().Immutable().Annotations(owned()),
		many("sign_in_challenges", SignInChallenge.Type, owned()),
		many("api_keys", APIKey.Type, owned()),
		many("partner_admin_of", PartnerAdmin.Type, owned()),
		many("notifications", Notification.Type, owned()),
		many("import_runs", ImportRun.Type, released()),
	}
}

// Indexes of the User.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("company_id", "email_key"),
		index.Fields("company_id", "id").Unique(), // what refers to a user of the same company names both
	}
}

// Session is a signed-in user's opaque token; only its SHA-256 is stored.
type Session struct{ entity }

// Mixin of the Session.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{identity{kind: id.Session}} }

// Fields of the Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Bytes("token_hash").Unique().Immutable().Sensitive(),
		field.Enum("kind").GoType(enum.SessionKind("")).Immutable(),
		field.String("address").Optional().Immutable().Comment("the client's, when it began"),
		field.String("user_agent").Optional().Immutable().Comment("the client's, when it began; cut to 200 code points"),
		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("last_used_at").Optional().Nillable().Comment("written at most once a minute; null: not since a version that did not write it"),
		field.Time("expires_at").Immutable().Comment("the absolute end, by the database's clock"),
	}
}

// Edges of the Session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("sessions").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("expires_at")}
}

// PartnerAdmin gives a user of the partner administrator rights in one customer, which
// is the company_id here (rule C6).
type PartnerAdmin struct{ entity }

// Mixin of the PartnerAdmin.
func (PartnerAdmin) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.PartnerAdmin}, tenant{edge: "partner_admins"}}
}

// Fields of the PartnerAdmin.
func (PartnerAdmin) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Time("created_at").Default(value.Now).Immutable(),
	}
}

// Edges of the PartnerAdmin.
func (PartnerAdmin) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("partner_admin_of").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the PartnerAdmin.
func (PartnerAdmin) Indexes() []ent.Index {
	return []ent.Index{index.Fields("company_id", "user_id").Unique(), index.Fields("user_id")}
}
